"""Whether the site's own address leads here, and whether its storage keeps what it is given."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from eyeson_meetings import conf
from eyeson_meetings.checks import check_urls
from eyeson_meetings.client.sessions import BareSession
from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.services import webhooks

from .findings import Finding, TimeLimitError, ok, problem, shown_host, warning, within

TIMEOUTS_SECONDS = (3.0, 5.0)
PUBLIC_URL_SECONDS = 10.0
STORAGE_SECONDS = 15.0
#: So many of the oldest and so many of the newest files of a kind are opened.
FILES_TRIED = 25
CONTENT = b"Written by manage.py eyeson_doctor, and to be deleted at once.\n"
#: What the webhook view answers to a GET.
ANSWER_OF_OURS = 405

Row = Recording | Snapshot | RoomFile


def check_public_url(aliases: list[str]) -> Iterator[Finding]:
    """Whether `PUBLIC_URL` leads to this site's webhook view, as far as that can be seen from here."""
    try:
        address = webhooks.webhook_url()
    except ConfigurationError as error:
        yield warning("public_url", str(error), _("Without webhooks, sync finds it later."))
        return
    host = shown_host(address)
    if _is_private(host) and not all(_is_sandbox(alias) for alias in aliases):
        message = _("PUBLIC_URL leads to %(host)s, which eyeson cannot reach.") % {"host": host}
        yield problem("public_url", message, _("Set it to the address on the internet."))
        return
    yield _look_at(address, host)


def _look_at(address: str, host: str) -> Finding:
    try:
        status = within(PUBLIC_URL_SECONDS, lambda: _status_at(address))
    except requests.exceptions.SSLError:
        message = _("%(host)s has no valid certificate.") % {"host": host}
        return problem(
            "public_url", message, _("eyeson sends to valid certificates only: renew it.")
        )
    except (TimeLimitError, requests.RequestException, HTTPError, OSError, ValueError) as error:
        message = _("%(host)s could not be reached from this machine (%(error)s).") % {
            "host": host,
            "error": type(error).__name__,
        }
        hint = _(
            "Is the site running? Some networks hide a site from itself: try it from elsewhere."
        )
        return warning("public_url", message, hint)
    if status == ANSWER_OF_OURS:
        return ok("public_url", _("The webhook view answers at %(host)s.") % {"host": host})
    message = _("%(host)s answers %(status)d where the webhook view would say %(expected)d.") % {
        "host": host,
        "status": status,
        "expected": ANSWER_OF_OURS,
    }
    if 300 <= status < 400:
        hint = _("eyeson follows no redirect: set PUBLIC_URL to the final address.")
    else:
        hint = urls_hint() or _(
            "See that PUBLIC_URL leads to this site, and that no proxy or login is in between."
        )
        if settings.FORCE_SCRIPT_NAME is None:
            below = _("If the web server has this site below a path, set FORCE_SCRIPT_NAME to it.")
            hint = f"{hint} {below}"
    return problem("public_url", message, hint)


def urls_hint() -> str:
    """Return what mends the URLs of this site; empty when its webhook view can be reached."""
    return next((str(message.hint) for message in check_urls()), "")


def _status_at(address: str) -> int:
    session = BareSession(HTTPAdapter(max_retries=0), accept="*/*")
    with (
        session,
        session.get(
            address, timeout=TIMEOUTS_SECONDS, allow_redirects=False, stream=True
        ) as response,
    ):
        return response.status_code


def _is_private(host: str) -> bool:
    """Whether a host is of this machine or this network by its very name."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _is_sandbox(alias: str) -> bool:
    try:
        account = conf.account(alias)
    except ConfigurationError:
        return False
    # A sandbox on this machine; one elsewhere reaches this machine no better than eyeson.
    return account.sandbox and _is_private(urlsplit(account.base_url).hostname or "")


def check_storage() -> Iterator[Finding]:
    """Whether a file can be written, read back and deleted. Leaves nothing behind."""
    alias = conf.setting("STORAGE")
    steps = ["open"]
    try:
        content = within(STORAGE_SECONDS, lambda: _write_read_delete(alias, steps))
    except TimeLimitError:
        message = _("The storage does not answer within %(seconds)d s.")
        message %= {"seconds": STORAGE_SECONDS}
    except Exception as error:  # noqa: BLE001 - a storage may fail in any way
        # Not its text: that may hold an address with a signature.
        message = _words_for(steps[-1]) % {"error": type(error).__name__}
    else:
        if content == CONTENT:
            yield ok("storage", _("A file was written to the storage, read back and deleted."))
            return
        message = _("The storage gave back something else than was written.")
    hint = _('See BACKEND and OPTIONS of STORAGES["%(alias)s"], its rights and its free space.')
    yield problem("storage", message, hint % {"alias": alias})


def _words_for(step: str) -> str:
    return {
        "open": _("The storage cannot be made (%(error)s)."),
        "write": _("No file can be written to the storage (%(error)s)."),
        "read": _("A file in the storage cannot be read back (%(error)s)."),
        "delete": _("A file in the storage cannot be deleted (%(error)s)."),
    }[step]


def _write_read_delete(alias: str, steps: list[str]) -> bytes:
    """What was read. The last of `steps` is what was being done when it failed."""
    storage = storages[alias]
    steps.append("write")
    name = storage.save(f"eyeson-doctor-{uuid.uuid4()}.txt", ContentFile(CONTENT))
    try:
        steps.append("read")
        with storage.open(name) as file:
            content: bytes = file.read()
    except Exception:
        storage.delete(name)
        raise
    steps.append("delete")
    storage.delete(name)
    return content


def check_stored_files() -> Iterator[Finding]:
    """Whether the files that count as stored can be opened: the oldest and the newest of each kind."""
    rows = _stored_rows()
    try:
        readable, unreadable = within(STORAGE_SECONDS, lambda: _open_files(rows))
    except TimeLimitError:
        message = _("The storage does not answer within %(seconds)d s.")
        hint = _('See BACKEND and OPTIONS of STORAGES["%(alias)s"], its rights and its free space.')
        hint %= {"alias": conf.setting("STORAGE")}
        yield problem("files", message % {"seconds": STORAGE_SECONDS}, hint)
        return
    if unreadable:
        message = ngettext(
            "%(count)d stored file cannot be opened: %(example)s.",
            "%(count)d stored files cannot be opened, for example %(example)s.",
            len(unreadable),
        ) % {"count": len(unreadable), "example": unreadable[0]}
        hint = _(
            "Put the file back from a backup, or let this process read it. If eyeson still has it, fetch it "
            "again in the admin."
        )
        yield problem("files", message, hint)
    elif readable:
        message = ngettext(
            "%(count)d stored file was opened.", "%(count)d stored files were opened.", readable
        )
        yield ok("files", message % {"count": readable})


def _stored_rows() -> list[Row]:
    rows: list[Any] = []
    for model in (Recording, Snapshot, RoomFile):
        stored = model.objects.filter(store_state=model.StoreState.STORED).exclude(file="")
        tried = chain(stored.order_by("pk")[:FILES_TRIED], stored.order_by("-pk")[:FILES_TRIED])
        rows += {row.pk: row for row in tried}.values()
    return rows


def _open_files(rows: list[Row]) -> tuple[int, list[str]]:
    """Return how many files can be opened, and those that cannot, each with the kind of error."""
    readable, unreadable = 0, []
    for row in rows:
        try:
            with row.file.storage.open(str(row.file.name), "rb") as file:
                file.read(1)
        except Exception as error:  # noqa: BLE001 - a storage may fail in any way
            unreadable.append(f"{row._meta.model_name} {row.uuid} ({type(error).__name__})")
        else:
            readable += 1
    return readable, unreadable
