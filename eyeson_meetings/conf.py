"""The one setting, `EYESON = {...}`: every key, its default and its meaning.

Nothing is read at import; `setting()` and `account()` look when they are called, so tests and hosts may
override settings at any time. What can be wrong is said by the system checks (`checks.py`); the functions
here raise `ConfigurationError` or `UnknownAccountError` when a wrong value is really needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from eyeson_meetings.exceptions import ConfigurationError, UnknownAccountError

DEFAULT_ACCOUNT = "default"
DEFAULT_BASE_URL = "https://api.eyeson.team"

#: Key → default. The comments are the table of docs/settings.md.
DEFAULTS: dict[str, Any] = {
    # Several eyeson teams, by alias; see below.
    "ACCOUNTS": {},
    # The API key of your eyeson team; short for `ACCOUNTS["default"]["API_KEY"]`.
    "API_KEY": None,
    # Scheme and host under which people and eyeson reach this site, such as `"https://example.org"`.
    "PUBLIC_URL": None,
    # Dotted path of the class that says who may do what.
    "POLICY": "eyeson_meetings.policies.DefaultPolicy",
    # Who mirrors deliveries: Celery, or `"inline"`: the webhook request, after it has stored them.
    "PROCESSING": "worker",
    # Celery queues by kind of work: `deliveries`, `media`, `sync`; absent: the site's default queue.
    "QUEUES": {},
    # Alias in `STORAGES` for recordings, snapshots and files. There is no fallback to the default storage.
    "STORAGE": "eyeson",
    # What is brought home as soon as it is available.
    "FETCH": ("recordings", "snapshots", "files"),
    # Where unfinished downloads lie; `None`: beside the files of a file-system storage, else the temporary folder.
    "SPOOL_DIR": None,
    # A download or upload longer than this is refused (bytes).
    "MAX_FILE_BYTES": 50 * 1024**3,
    # How long a claim on a download or delivery holds without a sign of life (seconds).
    "LEASE_SECONDS": 90,
    # Timeouts of API calls: to connect; and for the headers, then again for the body, of an answer (seconds).
    "TIMEOUT_SECONDS": (5.0, 30.0),
    # Hosts from which recordings, snapshots and files may be downloaded.
    "LINK_HOSTS": ("fs.eyeson.com", "s3.eyeson.com"),
    # Hosts to which a join may redirect.
    "MEETING_HOSTS": ("app.eyeson.team",),
    # How long rows and files are kept (days), by kind of them; `None`: for ever.
    "RETENTION_DAYS": {
        "deliveries": 30,
        "dead_deliveries": 90,
        "recordings": None,
        "snapshots": None,
        "files": None,
    },
    # Fernet keys for secrets at rest, newest first; `None`: derived from `SECRET_KEY`.
    "ENCRYPTION_KEYS": None,
    # eyeson options of new rooms that are made without any (API reference 3.4); `{}`: eyeson's own.
    "ROOM_OPTIONS": {},
    # How many may come in: new people in any 60 s by room, new people by meeting, one person in any 60 s; `None`: all.
    "ENTRY_LIMITS": {"room": 120, "meeting": 300, "person": 20},
    # Name of the participant through whom the site itself acts in a meeting.
    "SERVICE_NAME": "Meeting service",
}

#: Keys of one entry of ACCOUNTS.
ACCOUNT_KEYS = ("API_KEY", "BASE_URL", "CA_FILE", "RETIRED_API_KEYS", "SANDBOX")


@dataclass(frozen=True, kw_only=True)
class Account:
    """One eyeson API key and where to use it. The keys never show in a `repr`."""

    alias: str
    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    retired_api_keys: tuple[str, ...] = field(default=(), repr=False)
    #: True allows http and loopback for this account's API, links and join target.
    sandbox: bool = False
    #: The file (PEM) of the certificates to trust, and no others; "": those that everybody trusts.
    ca_file: str = ""

    @property
    def webhook_keys(self) -> tuple[str, ...]:
        """The keys that a webhook of this account may be signed with, the current one first."""
        return (self.api_key, *self.retired_api_keys)


def user_settings() -> Mapping[str, Any]:
    """`settings.EYESON` as written by the site, `{}` when it is missing.

    Raises ConfigurationError when it is no dictionary.
    """
    value = getattr(settings, "EYESON", {})
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"EYESON must be a dictionary, not {type(value).__name__}.")
    return value


def setting(name: str) -> Any:
    """The value of one key of `EYESON`, or its default. Dictionaries are merged over their default."""
    default = DEFAULTS[name]
    value = user_settings().get(name, default)
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        return {**default, **value}
    return value


def account_aliases() -> list[str]:
    """The aliases of all accounts that the site has named."""
    return list(_account_entries())


def account(alias: str = DEFAULT_ACCOUNT) -> Account:
    """The account of that alias.

    Raises UnknownAccountError when settings name none, ConfigurationError when it has no API key.
    """
    entries = _account_entries()
    if alias not in entries:
        raise UnknownAccountError(
            f'There is no eyeson account "{alias}". EYESON["ACCOUNTS"] names: '
            f"{', '.join(sorted(entries)) or 'none'}."
        )
    entry = entries[alias]
    api_key = entry.get("API_KEY")
    if not isinstance(api_key, str) or not api_key.strip():
        raise ConfigurationError(
            f'EYESON["ACCOUNTS"]["{alias}"]["API_KEY"] is missing. Set it to the API key of your eyeson team.'
        )
    return Account(
        alias=alias,
        api_key=api_key.strip(),
        base_url=str(entry.get("BASE_URL") or DEFAULT_BASE_URL).rstrip("/"),
        retired_api_keys=_retired_keys(entry.get("RETIRED_API_KEYS")),
        sandbox=entry.get("SANDBOX") is True,
        ca_file=str(entry.get("CA_FILE") or ""),
    )


def timeouts_seconds() -> tuple[float, float]:
    """Seconds to wait for a connection, and for the next byte."""
    value = setting("TIMEOUT_SECONDS")
    if isinstance(value, int | float):
        return float(value), float(value)
    connect, read = value
    return float(connect), float(read)


def queue(kind: str) -> str | None:
    """The Celery queue for `deliveries`, `media` or `sync`; None means the host's default queue."""
    name: str | None = setting("QUEUES").get(kind)
    return name


def fetches(kind: str) -> bool:
    """Whether `recordings`, `snapshots` or `files` are brought home without being asked for."""
    kinds: Sequence[str] = setting("FETCH")
    return kind in kinds


def _retired_keys(value: object) -> tuple[str, ...]:
    # One key for a list of them must not become its letters, nor an empty variable a key: anybody
    # could sign a webhook with those.
    keys = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    return tuple(key.strip() for key in keys if isinstance(key, str) and key.strip())


def _account_entries() -> dict[str, Mapping[str, Any]]:
    entries: dict[str, Mapping[str, Any]] = dict(setting("ACCOUNTS"))
    api_key = setting("API_KEY")
    if api_key is not None and DEFAULT_ACCOUNT not in entries:
        entries[DEFAULT_ACCOUNT] = {"API_KEY": api_key}
    return entries
