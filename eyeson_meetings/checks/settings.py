"""What can be wrong in `EYESON` itself: keys, accounts, addresses, values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, register

from eyeson_meetings import conf

from .messages import error, split_url, unknown_keys, warning

#: No key of eyeson's is known to be shorter.
SHORTEST_API_KEY = 20
#: Below this, a claim could expire between two signs of life.
SHORTEST_LEASE_SECONDS = 15
LONGEST_ALIAS = 64
QUEUE_KINDS = ("deliveries", "media", "sync")
FETCH_KINDS = ("recordings", "snapshots", "files")
PLACEHOLDER = re.compile(
    r"change.?me|your.?(api.?)?key|example|placeholder|secret|^todo|^x{4,}|<.*>|\.\.\.|^(api.?)?key$",
    re.IGNORECASE,
)


@register
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Everything that can be wrong in `EYESON`."""
    written = getattr(settings, "EYESON", {})
    if not isinstance(written, Mapping):
        return [
            error(
                1,
                f"EYESON must be a dictionary, not {type(written).__name__}.",
                'Write EYESON = {"API_KEY": "the API key of your eyeson team"}.',
            )
        ]
    return [
        *unknown_keys(written, conf.DEFAULTS, number=2, where="EYESON"),
        *_check_accounts(written),
        *_check_public_url(written.get("PUBLIC_URL")),
        *_check_values(written),
    ]


# Accounts


def _check_accounts(written: Mapping[str, Any]) -> Iterator[CheckMessage]:
    accounts = written.get("ACCOUNTS", {})
    api_key = written.get("API_KEY")
    if not isinstance(accounts, Mapping):
        yield error(
            8,
            f'EYESON["ACCOUNTS"] must be a dictionary, not {type(accounts).__name__}.',
            'Write "ACCOUNTS": {"default": {"API_KEY": ...}}, or just "API_KEY": ....',
        )
        return
    if accounts and api_key is not None:
        yield error(
            6,
            'EYESON has both "API_KEY" and "ACCOUNTS".',
            'API_KEY is short for ACCOUNTS["default"]["API_KEY"]: move the key there.',
        )
    elif not accounts and "API_KEY" not in written:
        yield error(
            3,
            "EYESON names no eyeson account.",
            'Add "API_KEY": with the API key of your eyeson team. To try it without one, use the '
            "sandbox: manage.py eyeson_sandbox.",
        )
    if api_key is not None or ("API_KEY" in written and not accounts):
        yield from _check_api_key(api_key, 'EYESON["API_KEY"]')
    for alias, entry in accounts.items():
        yield from _check_account(alias, entry)
    yield from _check_keys_are_apart(accounts)


def _check_account(alias: Any, entry: Any) -> Iterator[CheckMessage]:
    where = f'EYESON["ACCOUNTS"]["{alias}"]'
    if not isinstance(alias, str) or not 0 < len(alias) <= LONGEST_ALIAS:
        yield error(
            8,
            f"An account of EYESON has an alias that is not text of 1 to {LONGEST_ALIAS} characters.",
            'Name accounts as DATABASES are named, for example "default".',
        )
        return
    if not isinstance(entry, Mapping):
        yield error(
            8,
            f"{where} must be a dictionary, not {type(entry).__name__}.",
            f'Write "{alias}": {{"API_KEY": ...}}.',
        )
        return
    yield from unknown_keys(entry, conf.ACCOUNT_KEYS, number=7, where=where)
    sandbox = entry.get("SANDBOX", False)
    if not isinstance(sandbox, bool):
        yield error(
            8, f'{where}["SANDBOX"] must be True or False.', "Remove it for a real account."
        )
    yield from _check_ca_file(entry.get("CA_FILE") or "", f'{where}["CA_FILE"]')
    retired = entry.get("RETIRED_API_KEYS") or ()
    if not _is_list_of_text(retired):
        yield error(
            8,
            f'{where}["RETIRED_API_KEYS"] must be a list of keys.',
            'Write "RETIRED_API_KEYS": ["the old key"], or remove it.',
        )
    elif len({*retired, str(entry.get("API_KEY"))}) <= len(retired):
        yield error(
            8,
            f"{where} names one key twice.",
            "RETIRED_API_KEYS are old keys only, each of them once.",
        )
    yield from _check_api_key(entry.get("API_KEY"), f'{where}["API_KEY"]', sandbox=sandbox is True)
    yield from _check_base_url(
        entry.get("BASE_URL"), f'{where}["BASE_URL"]', sandbox=sandbox is True
    )
    if sandbox is True and not settings.DEBUG:
        yield warning(
            7,
            f"{where} is the sandbox although DEBUG is False.",
            "Nobody can meet there. Remove SANDBOX and BASE_URL and set the API key of your team.",
        )


def _check_ca_file(path: Any, where: str) -> Iterator[CheckMessage]:
    if not isinstance(path, str | Path) or (path and not Path(path).is_file()):
        yield error(
            8,
            f"{where} must name a file of certificates.",
            "Remove it for a real account: eyeson's own certificate is one that everybody trusts.",
        )


def _check_keys_are_apart(accounts: Mapping[Any, Any]) -> Iterator[CheckMessage]:
    """eyeson keeps one webhook a key, and the key tells whose a webhook is."""
    keys = Counter(
        key for entry in accounts.values() if isinstance(entry, Mapping) for key in _keys_of(entry)
    )
    if any(count > 1 for count in keys.values()):
        yield error(
            10,
            'Two accounts of EYESON["ACCOUNTS"] have the same API key.',
            "Give each eyeson team one alias: a webhook belongs to the key that signed it.",
        )


def _keys_of(entry: Mapping[Any, Any]) -> set[str]:
    retired = entry.get("RETIRED_API_KEYS")
    keys = [entry.get("API_KEY"), *(retired if isinstance(retired, list | tuple) else ())]
    return {key.strip() for key in keys if isinstance(key, str) and key.strip()}


def _check_api_key(key: Any, where: str, *, sandbox: bool = False) -> Iterator[CheckMessage]:
    hint = "Set it to the API key of your eyeson team, for example from an environment variable."
    if not isinstance(key, str) or not key.strip():
        yield error(4, f"{where} is missing or empty.", hint)
    elif re.search(r"\s", key.strip()) or not key.isascii() or not key.isprintable():
        yield error(5, f"{where} is no API key: it has spaces or letters that no key has.", hint)
    elif sandbox:
        return  # The sandbox takes any key.
    elif PLACEHOLDER.search(key):
        yield error(5, f"{where} looks like a placeholder.", hint)
    elif len(key.strip()) < SHORTEST_API_KEY:
        yield warning(
            3,
            f"{where} is shorter than {SHORTEST_API_KEY} characters.",
            "See that it was copied whole. It also is the secret that webhooks are signed with.",
        )


def _check_base_url(url: Any, where: str, *, sandbox: bool) -> Iterator[CheckMessage]:
    if url is None:
        return
    parts = split_url(url)
    hint = f'Remove it to use "{conf.DEFAULT_BASE_URL}".'
    if parts is None or parts.path not in ("", "/"):
        yield error(9, f"{where} must be a scheme and a host and nothing else.", hint)
    elif parts.scheme != "https" and not (sandbox and parts.scheme == "http"):
        yield error(
            9,
            f"{where} must begin with https://.",
            f'{hint} Only an account with "SANDBOX": True may use http.',
        )


def _check_public_url(url: Any) -> Iterator[CheckMessage]:
    example = 'Set EYESON["PUBLIC_URL"] to scheme and host of this site: "https://www.example.org".'
    if url is None:
        yield warning(
            1,
            "PUBLIC_URL is missing: webhooks cannot be registered, and guest links are paths only.",
            example,
        )
        return
    parts = split_url(url)
    if parts is not None and parts.path not in ("", "/"):
        yield warning(
            2,
            "PUBLIC_URL must be a scheme and a host and nothing else.",
            f'Write "{parts.scheme}://{parts.netloc}". If the whole site is below that path, also set '
            f'FORCE_SCRIPT_NAME = "{parts.path.rstrip("/")}".',
        )
    elif parts is None:
        yield warning(2, "PUBLIC_URL must be a scheme and a host and nothing else.", example)
    elif parts.scheme != "https" and not settings.DEBUG:
        yield warning(2, "PUBLIC_URL does not begin with https://.", example)


# Values


def _check_values(written: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name, (number, is_right, hint) in VALUE_CHECKS.items():
        if name in written and not is_right(written[name]):
            yield error(number, f'EYESON["{name}"] is wrong.', hint)
    for name in ("LINK_HOSTS", "MEETING_HOSTS"):
        if name in written and not _are_hosts(written[name]):
            yield error(
                16,
                f'EYESON["{name}"] must be a list of host names, none of them a pattern.',
                f"Remove it to use {', '.join(conf.DEFAULTS[name])}.",
            )


def _is_one_of(*allowed: Any) -> Callable[[Any], bool]:
    return lambda value: value in allowed


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_is_text(entry) for entry in value)


def _is_number(value: Any, least: float = 0) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least < value < 10**15


def _are_seconds(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) == 2 and all(_is_number(seconds) for seconds in value)
    return _is_number(value)


def _are_fernet_keys(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, list | tuple) or not value:
        return False
    try:
        for key in value:
            Fernet(key)
    except (TypeError, ValueError, AttributeError):
        return False
    return True


def _are_hosts(value: Any) -> bool:
    return (
        _is_list_of_text(value)
        and bool(value)
        and all(re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", host) for host in value)
    )


def _are_queues(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        kind in QUEUE_KINDS and (name is None or _is_text(name)) for kind, name in value.items()
    )


def _are_retention_days(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        kind in conf.DEFAULTS["RETENTION_DAYS"] and (days is None or _is_number(days))
        for kind, days in value.items()
    )


def _are_entry_limits(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        kind in conf.DEFAULTS["ENTRY_LIMITS"]
        and (limit is None or (isinstance(limit, int) and _is_number(limit)))
        for kind, limit in value.items()
    )


def _are_fetch_kinds(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(
        kind in FETCH_KINDS for kind in value
    )


#: Key → number of its error, what is right, and how to mend it.
VALUE_CHECKS: dict[str, tuple[int, Callable[[Any], bool], str]] = {
    "PROCESSING": (
        12,
        _is_one_of("worker", "inline"),
        'Use "worker" (Celery) or "inline" (in the webhook request).',
    ),
    "ENCRYPTION_KEYS": (
        14,
        _are_fernet_keys,
        "Use a list of keys made by cryptography.fernet.Fernet.generate_key(), newest first, or None.",
    ),
    "FETCH": (15, _are_fetch_kinds, f"Use a list of {', '.join(FETCH_KINDS)}, or an empty one."),
    "RETENTION_DAYS": (
        17,
        _are_retention_days,
        f"Use days above 0, or None for ever, by {', '.join(conf.DEFAULTS['RETENTION_DAYS'])}.",
    ),
    "TIMEOUT_SECONDS": (
        18,
        _are_seconds,
        "Use seconds above 0: one number, or two (to connect, between two bytes).",
    ),
    "LEASE_SECONDS": (
        19,
        lambda value: _is_number(value, SHORTEST_LEASE_SECONDS - 1),
        f"Use {SHORTEST_LEASE_SECONDS} seconds or more.",
    ),
    "MAX_FILE_BYTES": (20, _is_number, "Use a number of bytes above 0."),
    "QUEUES": (21, _are_queues, f"Use names of Celery queues by {', '.join(QUEUE_KINDS)}."),
    "ENTRY_LIMITS": (
        27,
        _are_entry_limits,
        f"Use whole numbers above 0, or None for no limit, by {', '.join(conf.DEFAULTS['ENTRY_LIMITS'])}.",
    ),
    "SPOOL_DIR": (
        22,
        lambda value: value is None or isinstance(value, Path) or _is_text(value),
        "Use the path of a folder, or None.",
    ),
    "SERVICE_NAME": (
        23,
        lambda value: _is_text(value) and len(value) <= 255,
        "Use a name of 1 to 255 characters, which people in the meeting may see.",
    ),
}
