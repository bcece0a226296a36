"""A site without a database of the name `default`."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

DATABASES = {
    "default": {},
    "other": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        "ATOMIC_REQUESTS": True,
    },
}
DATABASE_ROUTERS = ["tests.databases.routers.OtherRouter"]
# Tables as the models are today: that is faster.
MIGRATION_MODULES = {app.rpartition(".")[2]: None for app in INSTALLED_APPS}
