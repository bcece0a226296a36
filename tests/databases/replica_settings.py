"""A site that reads from a replica, whose replication has stopped."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        "ATOMIC_REQUESTS": True,
    }
    for alias in ("default", "replica")
}
DATABASE_ROUTERS = ["tests.databases.routers.PrimaryReplicaRouter"]
# Sessions are not in the database: the site reads them from the replica, too.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
# Tables as the models are today: that is faster.
MIGRATION_MODULES = {app.rpartition(".")[2]: None for app in INSTALLED_APPS}
