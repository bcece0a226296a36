"""The site under ASGI, as daphne serves it."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

http = get_asgi_application()
if getattr(settings, "SERVE_STATIC", False):
    http = ASGIStaticFilesHandler(http)

application = ProtocolTypeRouter({"http": http})
