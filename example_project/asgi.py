"""The site under ASGI, as daphne serves it."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.urls import re_path

from .sockets import NoSuchSocket

# First: it loads the apps, which what follows needs.
http = get_asgi_application()

from eyeson_meetings.live.routing import websocket_urlpatterns  # noqa: E402

if getattr(settings, "SERVE_STATIC", False):
    http = ASGIStaticFilesHandler(http)

sockets = URLRouter([*websocket_urlpatterns, re_path("", NoSuchSocket.as_asgi())])
application = ProtocolTypeRouter(
    {
        "http": http,
        # Browsers send cookies along from any site: who asks must be a page of ours.
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets)),
    }
)
