"""Settings of the example site, all from the environment.

Without any variable it is a site to try things with: SQLite, files in `example_project/data`, no worker,
and the sandbox in the place of eyeson. With EYESON_API_KEY it uses eyeson, and then wants a SECRET_KEY.

| Variable | Means |
|---|---|
| `EYESON_API_KEY`, `EYESON_BASE_URL`, `EYESON_SANDBOX` | the account; sandbox: 1 when no API key is given |
| `PUBLIC_URL` | where people and eyeson reach this site |
| `DATABASE_URL` | a PostgreSQL; without: SQLite |
| `REDIS_URL`, `REDIS_PREFIX` | broker and channel layer; without: no worker, work is done in the request |
| `EXAMPLE_DATA_DIR` | SQLite, recordings and snapshots |
| `SECRET_KEY`, `ALLOWED_HOSTS`, `DEBUG`, `BEHIND_PROXY` | as Django calls them; behind a proxy: trust its X-Forwarded-Proto |
| `SERVE_STATIC` | 0: a web server delivers static files, with hashes in their names, from what `collectstatic` has put together |
| `EMAIL_HOST`, `DEFAULT_FROM_EMAIL` | a mail server, and who writes; without: mails go to the log |
| `LANGUAGE_CODE`, `TIME_ZONE` | as Django calls them: of mails, and of browsers that want neither English nor German |
| `SYNC_SECONDS` | seconds between two questions to eyeson about everything |
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
import django
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.beat import beat_schedule

from . import celery  # noqa: F401  (sets the Celery app, or `shared_task` calls a broker of its own choosing)
from .environment import flag, seconds, text, words

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = Path(text("EXAMPLE_DATA_DIR", str(BASE_DIR / "data"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

EYESON_API_KEY = text("EYESON_API_KEY")
IS_SANDBOX = flag("EYESON_SANDBOX", default=not EYESON_API_KEY)
PUBLIC_URL = text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
REDIS_URL = text("REDIS_URL")

DEBUG = flag("DEBUG")
SECRET_KEY = text("SECRET_KEY", "everybody knows this key" if IS_SANDBOX else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY: this site uses a real eyeson account.")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https:")
if flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "daphne",  # first: it brings its own runserver
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "eyeson_meetings",
    "example_project.appointments",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "example_project.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "example_project.urls"
ASGI_APPLICATION = "example_project.asgi.application"
WSGI_APPLICATION = "example_project.wsgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "appointments:list"
LOGOUT_REDIRECT_URL = "login"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, Any]
if text("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(text("DATABASE_URL"))}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "site.sqlite3",
            "OPTIONS": {
                # Web and worker write to one file: readers are not held up, writers queue.
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SERVE_STATIC = flag("SERVE_STATIC", default=True)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "uploads"},
    },
    # A name that changes with the file lets browsers keep it for ever.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage."
        + ("StaticFilesStorage" if SERVE_STATIC else "ManifestStaticFilesStorage")
    },
    # Recordings and snapshots. No URL leads here: who may watch is asked on every request.
    "eyeson": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media"},
    },
}
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"

EYESON = {
    "ACCOUNTS": {
        "default": {
            "API_KEY": EYESON_API_KEY or "sandbox-api-key",
            "BASE_URL": text(
                "EYESON_BASE_URL",
                "http://127.0.0.1:8900" if IS_SANDBOX else "https://api.eyeson.team",
            ),
            "SANDBOX": IS_SANDBOX,
        }
    },
    "PUBLIC_URL": PUBLIC_URL,
    "POLICY": "example_project.appointments.policies.AppointmentPolicy",
    # Without a broker there is no worker: webhooks are mirrored where they arrive.
    "PROCESSING": "worker" if REDIS_URL else "inline",
}

if IS_SANDBOX:
    # No https and no real account: that is what the sandbox is for.
    SILENCED_SYSTEM_CHECKS = ["eyeson_meetings.W002", "eyeson_meetings.W007"]

REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Consulting hours",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Several sites may share one Redis.
REDIS_PREFIX = text("REDIS_PREFIX", "consulting-hours:")
CHANNEL_LAYERS: dict[str, Any]
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            # Not channels_redis.core: it drops messages to slow readers, and idle connections.
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}live"},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": REDIS_PREFIX} if REDIS_URL else {}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE = beat_schedule(sync=seconds("SYNC_SECONDS", 120))

MAIL_HOST = text("EMAIL_HOST")
MAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_HOST else 'console'}.EmailBackend"
# A worker waits for the server, and not for ever.
MAIL_TIMEOUT = 10
if django.VERSION >= (6, 1):
    MAIL_OPTIONS = {"host": MAIL_HOST, "timeout": MAIL_TIMEOUT} if MAIL_HOST else {}
    MAILERS = {"default": {"BACKEND": MAIL_BACKEND, "OPTIONS": MAIL_OPTIONS}}
else:
    EMAIL_BACKEND, EMAIL_HOST, EMAIL_TIMEOUT = MAIL_BACKEND, MAIL_HOST, MAIL_TIMEOUT
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "consulting-hours@example.org")

LANGUAGE_CODE = text("LANGUAGE_CODE", "en")
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "example_project.formats"
TIME_ZONE = text("TIME_ZONE", "Europe/Vienna")
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
