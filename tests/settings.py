"""Settings of the site under test: the README's, on SQLite or on the server of DATABASE_URL."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import dj_database_url

import tests.celery  # noqa: F401  (sets the default Celery app, as a site's own settings package does)

#: One folder a test run. pytest-xdist's workers and subprocesses find it in the environment.
if "EYESON_TEST_DIR" not in os.environ:
    os.environ["EYESON_TEST_DIR"] = tempfile.mkdtemp(prefix="eyeson-tests-")
RUN_DIR = Path(os.environ["EYESON_TEST_DIR"])
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

SECRET_KEY = "tests-only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "Europe/Vienna"
ROOT_URLCONF = "tests.urls"
LOGIN_URL = "login"
STATIC_URL = "static/"
# Fast and good enough for passwords that everybody may know.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "eyeson_meetings",
    "example_project.appointments",
    # For a recipe of the permissions cookbook.
    "guardian",
]

ANONYMOUS_USER_NAME = None
# guardian's backend is there only while the recipe is tried.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

# Django 6.1 wants it said; older ones do not look.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

# Read once, when DRF's views are first imported: a test cannot change it.
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

if os.environ.get("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
    # Bounds against hanging: a database that is gone must fail a test and not hold it.
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 60}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(RUN_DIR / "site.sqlite3"),
            "OPTIONS": {
                "timeout": 120,
                "transaction_mode": "IMMEDIATE",
                # What is in there is gone afterwards: nothing needs to survive a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
            },
            # A file, because threads and the worker process of the flow tests share it.
            "TEST": {"NAME": RUN_DIR / "test.sqlite3"},
        }
    }

# A process that a flow test starts works on the test's own database.
if "EYESON_TEST_DATABASE" in os.environ:
    DATABASES["default"]["NAME"] = os.environ["EYESON_TEST_DATABASE"]

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": RUN_DIR / f"uploads-{WORKER}"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "eyeson": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": os.environ.get("EYESON_TEST_MEDIA_DIR", RUN_DIR / f"media-{WORKER}")
        },
    },
}

#: Port 9 is "discard": nobody answers there. Tests that talk to eyeson take the `sandbox_account` fixture.
EYESON = {
    "ACCOUNTS": {
        "default": {
            "API_KEY": "sandbox-api-key",
            "BASE_URL": os.environ.get("EYESON_TEST_BASE_URL", "http://127.0.0.1:9"),
            "SANDBOX": True,
        }
    },
    "PUBLIC_URL": "http://testserver",
    "PROCESSING": "worker",
}
