"""Kinds of sites that `tox run -e sites-all` tries beside the everyday ones."""

from __future__ import annotations

import os
import sys
from urllib.parse import unquote, urlsplit

import psycopg

from tests.outside import run

from .kinds import Kind
from .site import Site

#: Kinds by their names.
FURTHER: dict[str, Kind] = {}


def further(make: Kind) -> Kind:
    """List a kind of site among these."""
    FURTHER[make.__name__] = make
    return make


PEOPLE = """
import uuid
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models

class Person(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    username = None
    email = models.EmailField(unique=True)
    objects = BaseUserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
"""


@further
def users_by_email(site: Site) -> None:
    """The site's own user model: people sign in by their address, and their ids are UUIDs."""
    site.start()
    site.add_app("people", models=PEOPLE)
    site.add_settings("AUTH_USER_MODEL = 'people.Person'\n")
    site.follow_the_readme()
    settings = {"DJANGO_SETTINGS_MODULE": site.settings_module, "PYTHONPATH": "."}
    run(sys.executable, "-m", "django", "makemigrations", "people", cwd=site.folder, **settings)


@further
def grappelli(site: Site) -> None:
    """Another admin, by templates."""
    site.start()
    site.follow_the_readme()
    site.add_settings("INSTALLED_APPS = ['grappelli', *INSTALLED_APPS]\n")
    site.add(site.urls, "urlpatterns += [path('grappelli/', include('grappelli.urls'))]\n")


@further
def slashes_as_typed(site: Site) -> None:
    """APPEND_SLASH is off."""
    site.start()
    site.follow_the_readme()
    site.add_settings("APPEND_SLASH = False\n")


@further
def time_zone(site: Site) -> None:
    """Half an hour off everybody else."""
    site.start()
    site.follow_the_readme()
    site.add_settings("TIME_ZONE = 'America/St_Johns'\n")


@further
def language_around_meetings(site: Site) -> None:
    """Include the URLs inside of `i18n_patterns`, which the documentation advises against."""
    site.start()
    site.follow_the_readme()
    site.add(
        site.urls,
        "from django.conf.urls.i18n import i18n_patterns\n"
        "urlpatterns = i18n_patterns(*urlpatterns)\n",
    )
    site.add_settings(
        "MIDDLEWARE.insert(2, 'django.middleware.locale.LocaleMiddleware')\nLANGUAGE_CODE = 'de'\n"
    )


@further
def login_required(site: Site) -> None:
    """Django's middleware that lets nobody in who has not signed in."""
    site.start()
    site.follow_the_readme()
    site.add_settings("MIDDLEWARE += ['django.contrib.auth.middleware.LoginRequiredMiddleware']\n")


@further
def whitenoise(site: Site) -> None:
    """DEBUG is off; static files have hashes in their names and come from the site itself."""
    site.start()
    site.follow_the_readme()
    site.add_settings(
        "DEBUG = False\nALLOWED_HOSTS = ['127.0.0.1']\n"
        "MIDDLEWARE.insert(1, 'whitenoise.middleware.WhiteNoiseMiddleware')\n"
        "STATIC_ROOT = BASE_DIR / 'staticfiles'\n"
        "STORAGES['staticfiles'] = "
        "{'BACKEND': 'whitenoise.storage.CompressedManifestStaticFilesStorage'}\n"
    )
    settings = {"DJANGO_SETTINGS_MODULE": site.settings_module, "PYTHONPATH": "."}
    collect = ("collectstatic", "--noinput", "--verbosity", "0")
    run(sys.executable, "-m", "django", *collect, cwd=site.folder, **settings)
    # The sandbox and http, although DEBUG is off.
    site.walk_arguments = ["--styles", "--expect", "W002", "W007"]


@further
def guardian(site: Site) -> None:
    """Permissions for single objects, by another backend."""
    site.start()
    site.follow_the_readme()
    site.add_settings(
        "INSTALLED_APPS += ['guardian']\n"
        "AUTHENTICATION_BACKENDS = ['django.contrib.auth.backends.ModelBackend',"
        " 'guardian.backends.ObjectPermissionBackend']\n"
    )


@further
def postgresql(site: Site) -> None:
    """A database that serves many at once."""
    site.start()
    use_postgresql(site, "postgresql")
    site.follow_the_readme_on_postgresql()


@further
def atomic_requests(site: Site) -> None:
    """Django wraps every view that does not refuse it in a transaction."""
    site.start()
    use_postgresql(site, "atomic")
    site.follow_the_readme_on_postgresql()
    site.add_settings("DATABASES['default']['ATOMIC_REQUESTS'] = True\n")


@further
def tenants(site: Site) -> None:
    """A schema for each tenant; the package is among the apps that all share."""
    site.start()
    use_postgresql(site, "tenants", engine="django_tenants.postgresql_backend")
    site.follow_the_readme_on_postgresql()
    site.add_app("customers", models=CUSTOMERS)
    site.add_settings(TENANT_SETTINGS)
    settings = {"DJANGO_SETTINGS_MODULE": site.settings_module, "PYTHONPATH": "."}
    run(sys.executable, "-m", "django", "makemigrations", "customers", cwd=site.folder, **settings)
    site.walk_arguments = [
        "--migrate",
        "migrate_schemas",
        "--before",
        "from customers.models import Client, Domain\n"
        "public = Client.objects.create(schema_name='public')\n"
        "Domain.objects.create(domain='127.0.0.1', tenant=public)\n",
    ]


CUSTOMERS = """
from django_tenants.models import DomainMixin, TenantMixin

class Client(TenantMixin):
    pass

class Domain(DomainMixin):
    pass
"""
TENANT_SETTINGS = """
SHARED_APPS = ["django_tenants", *INSTALLED_APPS]
TENANT_APPS = ["django.contrib.contenttypes"]
INSTALLED_APPS = SHARED_APPS
TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Client", "customers.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
MIDDLEWARE.insert(0, "django_tenants.middleware.main.TenantMainMiddleware")
"""


def use_postgresql(site: Site, name: str, *, engine: str = "django.db.backends.postgresql") -> None:
    """Give the site a database of its own on the server that DATABASE_URL names."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "site_{name}"')
    server = urlsplit(address)
    database = {
        "ENGINE": engine,
        "NAME": f"site_{name}",
        "USER": server.username,
        "HOST": unquote(server.netloc.rpartition("@")[2]),
        "OPTIONS": {"connect_timeout": 3},
    }
    site.add_settings(f"DATABASES = {{'default': {database!r}}}\n")
