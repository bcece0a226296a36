"""Kinds of sites: each takes a folder without a project and makes a site that has the package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.outside import run

from .site import Site, documented

Kind = Callable[[Site], None]
#: Tried before a change lands, by their names.
EVERYDAY: dict[str, Kind] = {}


def everyday(make: Kind) -> Kind:
    """List a kind of site among those that every change is tried with."""
    EVERYDAY[make.__name__] = make
    return make


@everyday
def wagtail(site: Site) -> None:
    """By `wagtail start`: settings in three files, its own admin, a URL pattern that takes all other pages."""
    site.start(program("wagtail"), "start", "mysite")
    site.settings, site.settings_module = "mysite/settings/base.py", "mysite.settings.dev"
    site.follow_the_readme()


def program(name: str) -> str:
    """Return the path of a command that a package has installed."""
    return str(Path(sys.executable).with_name(name))


@everyday
def django_cms(site: Site) -> None:
    """By `djangocms .`, which adds django CMS to a project; its template for new ones is on GitHub alone."""
    site.start()
    # Yes, change the settings and URLs; no, do not install anything.
    run(program("djangocms"), ".", "--use-bundled-install-rules", cwd=site.folder, answers="y\nn\n")
    assert "cms.urls" in site.read(site.urls)
    site.follow_the_readme()


@everyday
def unfold(site: Site) -> None:
    """Another admin, whose ModelAdmin and change form are its own."""
    site.start()
    site.follow_the_readme()
    site.add_settings(documented("admin.md", "mysite/settings.py: Unfold"))
    site.add_app("office", admin=documented("admin.md", "office/admin.py"))


@everyday
def jazzmin(site: Site) -> None:
    """Another admin, by templates alone; its tools stand inside of the form of the page."""
    site.start()
    site.follow_the_readme()
    site.add_settings(documented("admin.md", "mysite/settings.py: Jazzmin"))


@everyday
def i18n_patterns(site: Site) -> None:
    """All other pages have their language in the path."""
    site.start()
    site.add(
        site.urls,
        "from django.conf.urls.i18n import i18n_patterns\n"
        "urlpatterns = i18n_patterns(path('admin/', admin.site.urls))\n",
    )
    site.add_settings(
        "MIDDLEWARE.insert(2, 'django.middleware.locale.LocaleMiddleware')\nLANGUAGE_CODE = 'de'\n"
    )
    site.follow_the_readme()


@everyday
def below_a_path(site: Site) -> None:
    """The web server gives it what is below /site."""
    site.start()
    site.follow_the_readme()
    site.add_settings(documented("add-to-your-site.md", "mysite/settings.py\nFORCE_SCRIPT_NAME"))


@everyday
def catch_all(site: Site) -> None:
    """A single-page app answers every address that nothing else takes."""
    site.start()
    site.add(
        site.urls,
        "from django.http import HttpResponse\nfrom django.urls import re_path\n"
        "urlpatterns += [re_path(r'^.*$', lambda request: HttpResponse('the app'))]\n",
    )
    site.follow_the_readme()


@everyday
def split_settings(site: Site) -> None:
    """settings/base.py for all, dev.py with the sandbox, prod.py with an account."""
    site.start()
    base = site.read("mysite/settings.py").replace(".parent.parent", ".parent.parent.parent")
    (site.folder / "mysite/settings.py").unlink()
    site.write("mysite/settings/__init__.py", "")
    site.write("mysite/settings/base.py", base)
    site.settings = "mysite/settings/base.py"
    site.follow_the_readme()
    # In the README's order, but the sandbox is for dev.py alone.
    site.write(
        "mysite/settings/base.py", site.read(site.settings).replace(site.sandbox_lines(), "")
    )
    site.write("mysite/settings/dev.py", f"from .base import *\n\n{site.sandbox_lines()}")
    production = "DEBUG = False\nALLOWED_HOSTS = ['www.example.org']\n"
    site.write("mysite/settings/prod.py", f"from .base import *\n\n{production}")
    site.walk("--only-check", settings_module="mysite.settings.prod")
    site.settings_module = "mysite.settings.dev"


@everyday
def replica(site: Site) -> None:
    """A router reads from a replica, which is a connection that cannot write."""
    site.start()
    site.follow_the_readme()
    site.write("mysite/routers.py", REPLICA_ROUTER)
    site.add_settings(
        "DATABASES['replica'] = {**DATABASES['default'], "
        "'NAME': f'file:{BASE_DIR / \"db.sqlite3\"}?mode=ro', "
        "'OPTIONS': {'uri': True, 'transaction_mode': 'IMMEDIATE'}}\n"
        "DATABASE_ROUTERS = ['mysite.routers.Router']\n"
    )


REPLICA_ROUTER = """
class Router:
    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, first, second, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"
"""


@everyday
def another_alias(site: Site) -> None:
    """All tables are in the database `main`; there is none called `default`."""
    site.start()
    site.follow_the_readme()
    site.write(
        "mysite/routers.py",
        REPLICA_ROUTER.replace('"replica"', '"main"').replace('"default"', '"main"'),
    )
    site.add_settings(
        "DATABASES = {'default': {}, 'main': DATABASES['default']}\n"
        "DATABASE_ROUTERS = ['mysite.routers.Router']\n"
    )
    site.walk_arguments = ["--database", "main"]


S3_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
S3_BUCKET = "mysite-recordings"


def on_s3(site: Site, endpoint: str) -> None:
    """Recordings lie in a bucket, by the storage of the documentation."""
    site.start()
    site.follow_the_readme()
    lines = documented("storage-s3.md", "mysite/settings.py")
    options = (
        ('# For all but Amazon\'s: "endpoint_url": "https://s3.storage.example.org"',
         f'"endpoint_url": "{endpoint}"'),
        ('"/var/lib/mysite/spool"', 'str(BASE_DIR / "spool")'),
    )  # fmt: skip
    for documented_line, here in options:
        assert documented_line in lines
        lines = lines.replace(documented_line, here)
    site.add_settings(lines)
    site.write("mysite/storages.py", documented("storage-s3.md", "mysite/storages.py"))
    (site.folder / "spool").mkdir(mode=0o700)
    site.environment = S3_ENVIRONMENT
