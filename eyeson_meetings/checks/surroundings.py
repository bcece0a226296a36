"""What `EYESON` needs from its neighbours: policy, storage, database, URLs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, register
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.module_loading import import_string

from eyeson_meetings import conf
from eyeson_meetings.databases import database_alias
from eyeson_meetings.policies import DefaultPolicy

from .messages import error, warning

#: Pages whose addresses are tried, by name: they differ in what a pattern may match.
PAGES: dict[str, dict[str, Any]] = {
    "webhook": {},
    "join": {"uuid": UUID(int=0)},
    "guest": {"token": "a:b:c"},
}

STORAGE_LINES = """Add these lines to the settings:
{copy}STORAGES["{alias}"] = {{
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {{"location": BASE_DIR / "eyeson_media"}},
}}"""
#: For settings without STORAGES, which have Django's own.
COPY_LINES = """from django.conf import global_settings
STORAGES = {**global_settings.STORAGES}
"""


@register
def check_neighbours(**kwargs: Any) -> list[CheckMessage]:
    """Whether policy, storage and spool folder are what they should be."""
    if not isinstance(getattr(settings, "EYESON", {}), Mapping):
        return []
    return [*_check_policy(), *_check_storage(), *_check_times()]


@register
def check_urls(**kwargs: Any) -> list[CheckMessage]:
    """Report URLs that the site has not included, and URLs that another pattern of the site takes."""
    try:
        paths = [reverse(f"eyeson:{name}", kwargs=kwargs) for name, kwargs in PAGES.items()]
    except NoReverseMatch:
        return [
            warning(
                8,
                "The URLs of eyeson_meetings are not included: there are no pages, and webhooks have no address.",
                'Add path("meetings/", include("eyeson_meetings.urls")) to the URLs of the site.',
            )
        ]
    for path in paths:
        if not _is_ours(path):
            return [
                warning(
                    16,
                    f"{path} leads to another view of the site: another URL pattern takes the addresses of "
                    "eyeson_meetings.",
                    'Move path("meetings/", include("eyeson_meetings.urls")) to the top of urlpatterns, above '
                    "the pattern for all other pages.",
                )
            ]
    return []


def _is_ours(path: str) -> bool:
    """Return whether a request for `path`, as `reverse` gives it, reaches a view of the package."""
    prefix = get_script_prefix().rstrip("/")
    try:
        return "eyeson" in resolve(path.removeprefix(prefix)).app_names
    except Resolver404:
        return False


@register
def check_database(**kwargs: Any) -> list[CheckMessage]:
    """Whether the database can hold what the mirror promises."""
    connection = connections[database_alias()]
    if connection.vendor == "sqlite":
        options = connection.settings_dict.get("OPTIONS") or {}
        if str(options.get("transaction_mode", "")).upper() in ("IMMEDIATE", "EXCLUSIVE"):
            return []
        return [
            warning(
                5,
                "SQLite opens its transactions late, so two webhooks at once can fail as "
                '"database is locked".',
                f'Add "OPTIONS": {{"transaction_mode": "IMMEDIATE"}} to DATABASES["{connection.alias}"].',
            )
        ]
    if connection.vendor != "postgresql":
        return [
            warning(
                6,
                f"eyeson_meetings is not tested on {connection.display_name}.",
                "Use PostgreSQL, or SQLite for a small site.",
            )
        ]
    return list(_check_postgresql(connection))


@register
def check_user_database(**kwargs: Any) -> list[CheckMessage]:
    """Report tables of the package that are not in the database of the users, to whom rows refer."""
    users = get_user_model()
    users_alias = router.db_for_write(users)
    for model in apps.get_app_config("eyeson_meetings").get_models():
        alias = router.db_for_write(model)
        if alias != users_alias:
            return [
                error(
                    25,
                    f'{model._meta.label} is in the database "{alias}", and {users._meta.label} in '
                    f'"{users_alias}": rows of the one refer to rows of the other.',
                    "Let your DATABASE_ROUTERS name one database for both in db_for_write; a replica to read "
                    "from may be another.",
                )
            ]
    return []


def _check_postgresql(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    options = connection.settings_dict.get("OPTIONS") or {}
    if "connect_timeout" not in options and "PGCONNECT_TIMEOUT" not in os.environ:
        yield warning(
            9,
            "A PostgreSQL that does not answer holds a webhook for more than two minutes.",
            f'Add "OPTIONS": {{"connect_timeout": 3}} to DATABASES["{connection.alias}"].',
        )


def _check_times() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield error(
            24,
            "USE_TZ is False: what eyeson says in UTC cannot be compared with local times.",
            "Set USE_TZ = True, which is Django's default. TIME_ZONE still says what people see.",
        )


def _check_policy() -> Iterator[CheckMessage]:
    path = conf.setting("POLICY")
    hint = f'Use the dotted path of a class, such as "{conf.DEFAULTS["POLICY"]}".'
    try:
        chosen = import_string(path) if isinstance(path, str) else None
    except ImportError as cause:
        yield error(11, f'EYESON["POLICY"] cannot be imported: {cause}', hint)
        return
    if not (isinstance(chosen, type) and issubclass(chosen, DefaultPolicy)):
        yield error(
            11,
            'EYESON["POLICY"] is no subclass of eyeson_meetings.policies.DefaultPolicy.',
            hint,
        )


def _check_storage() -> Iterator[CheckMessage]:
    alias = conf.setting("STORAGE")
    if not isinstance(alias, str) or alias not in settings.STORAGES:
        yield error(
            13,
            f'EYESON["STORAGE"] is {alias!r}, which STORAGES does not have.',
            STORAGE_LINES.format(
                alias=alias if isinstance(alias, str) else "eyeson",
                copy="" if _has_own_storages() else COPY_LINES,
            ),
        )
        return
    try:
        storage = storages[alias]
    except (InvalidStorageError, TypeError) as cause:
        yield error(
            13, f'STORAGES["{alias}"] cannot be made: {cause}', "Mend its BACKEND or OPTIONS."
        )
        return
    spool = conf.setting("SPOOL_DIR")
    if isinstance(spool, Path) or (isinstance(spool, str) and spool.strip()):
        yield from _check_spool(Path(spool), storage)
    if not isinstance(storage, FileSystemStorage):
        return
    if served_from := _served_root(Path(storage.location)):
        yield warning(
            4,
            f'The files of STORAGES["{alias}"] lie in {served_from}, where the web server gives them to '
            "anybody who knows their address.",
            f"Give it a location of its own. {STORAGE_LINES.format(alias=alias, copy='')}",
        )


def _has_own_storages() -> bool:
    """Return whether the settings of the site name STORAGES."""
    return bool(settings.is_overridden("STORAGES"))  # type: ignore[misc]  # the stubs lack it


def _check_spool(spool: Path, storage: Storage) -> Iterator[CheckMessage]:
    where = 'EYESON["SPOOL_DIR"]'
    if served_from := _served_root(spool):
        yield warning(
            10,
            f"{where} lies in {served_from}, where the web server gives unfinished downloads to anybody.",
            "Use a folder that is not served, or None.",
        )
    if spool.is_dir() and spool.stat().st_mode & stat.S_IWOTH:
        yield warning(
            11,
            f"Everybody on this machine may write into {where}.",
            "Take that right away (chmod o-w), or use a folder of the site's own.",
        )
    if isinstance(storage, FileSystemStorage) and _device(spool) != _device(Path(storage.location)):
        yield warning(
            12,
            f"{where} is on another file system than the storage, so each file is copied once more.",
            "Use a folder on the same file system, or None for one beside the files.",
        )


def _device(path: Path) -> int:
    """The file system of `path`, or of the nearest folder above that exists."""
    path = path.resolve()
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return existing.stat().st_dev


def _served_root(path: Path) -> str | None:
    """The setting that names the served folder in which `path` lies."""
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        root = getattr(settings, name, None)
        if root and path.resolve().is_relative_to(Path(root).resolve()):
            return name
    return None
