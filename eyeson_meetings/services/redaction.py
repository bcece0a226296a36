"""Webhook bodies, made fit to be kept: without secrets, and without what a database would refuse.

A body comes from the network. It is signed, so it is from eyeson or from somebody who has the API key;
neither is a reason to trust its shape.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from django.utils.translation import gettext as _

#: Names of secrets, as `_plain` writes them. What stands under them is never kept, whatever it is.
SECRET_NAMES = frozenset(
    {
        "accesskey",
        "apikey",
        "authorization",
        "authtoken",
        "guesttoken",
        "password",
        "signaling",
        "sip",
        "usertoken",
    }
)
#: Parts of names, as `_plain` writes them. A text under such a name is not kept: eyeson may add secrets of new names.
SECRET_PARTS = ("token", "secret", "key", "credential", "password", "streamurl", "jwt")
#: Objects and lists within each other. Real bodies have four; SQLite takes a thousand.
MAX_DEPTH = 64
MAX_NAME_LENGTH = 255
MAX_TEXT_LENGTH = 4096
#: Longer whole numbers cost time that grows with the square of their length.
MAX_DIGITS = 100

# PostgreSQL stores neither NUL nor halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_URL_START = re.compile(r"[/\\]{2}|\b(?:https?|wss?|ftps?|rtmps?|sips?|stuns?|turns?):", re.I)
_QUERY = re.compile(r"[?#].*", re.DOTALL)
#: What follows these in the path of a link is an access key or token (API reference 1.2).
_KEY_IN_PATH = re.compile(r"(?<=[/\\])(rooms|guests?|permalinks?|users|rt)[/\\][^/\\\s]+", re.I)
_USER_INFO = re.compile(r"(?<=//)[^/@\s]*@")


class UnreadableBodyError(ValueError):
    """A body is no JSON object that we could keep. The message says why, in words of ours alone."""


def read_body(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is, with its secrets still in it. Raises UnreadableBodyError."""
    try:
        # Not `json.loads(body)`, which also reads UTF-16 and UTF-32.
        text = body.decode()
    except UnicodeDecodeError:
        raise UnreadableBodyError(_("The body is not UTF-8.")) from None
    if not text.strip():
        raise UnreadableBodyError(_("The body is empty."))
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_short
        )
    except UnreadableBodyError:
        raise
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # Not `from error`: its text quotes the body.
        raise UnreadableBodyError(_("The body is not JSON.")) from None
    if not isinstance(value, dict):
        raise UnreadableBodyError(_("The body is not a JSON object."))
    return value


def without_secrets(value: dict[str, Any]) -> dict[str, Any]:
    """A copy fit for any database, without secrets.

    Leaves out what has the name of a secret at any depth, texts whose name has a part of one (`SECRET_PARTS`), the
    query of any URL, and access keys in the path of URLs under `links`.

    What is left of a download link still says that there is a file. Raises UnreadableBodyError for an
    object that is nested more than 64 deep.
    """
    cleaned = _cleaned(value, 1)
    return cleaned if isinstance(cleaned, dict) else {}


def _cleaned(value: object, depth: int) -> object:
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        return {
            name: _cleaned_field(name, item, depth)
            for name, item in ((_text(key)[:MAX_NAME_LENGTH], item) for key, item in value.items())
            if not _is_secret(name, item)
        }
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    return _text(value)[:MAX_TEXT_LENGTH] if isinstance(value, str) else value


def _cleaned_field(name: str, value: object, depth: int) -> object:
    if _plain(name) == "links":
        value = _without_keys_in_paths(value, depth + 1)
    is_id = name == "id" or name.endswith("_id")
    if is_id and isinstance(value, str) and _UNSTORABLE.search(value):
        # Ids are never mended: two of them must not become one.
        return None
    return _cleaned(value, depth + 1)


def _is_secret(name: str, value: object) -> bool:
    plain = _plain(name)
    if plain in SECRET_NAMES:
        return True
    # Numbers and flags, such as a count of tokens, tell no secret; objects are looked into.
    holds_text = isinstance(value, str) or (
        isinstance(value, list) and any(isinstance(item, str) for item in value)
    )
    return holds_text and any(part in plain for part in SECRET_PARTS)


def _without_keys_in_paths(value: object, depth: int) -> object:
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        return {name: _without_keys_in_paths(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_keys_in_paths(item, depth + 1) for item in value]
    # Cleaned first: a character that is taken out later must not hide a key.
    return _KEY_IN_PATH.sub(r"\1/***", _text(value)) if isinstance(value, str) else value


def _text(text: str) -> str:
    storable = _UNSTORABLE.sub("", text)
    if "?" not in storable and "#" not in storable and "@" not in storable:
        return storable
    if _URL_START.match(storable.lstrip()):
        return _without_query(storable)
    return re.sub(r"\S+", lambda word: _without_query(word[0]), storable)


def _without_query(word: str) -> str:
    start = _URL_START.search(word)
    if start is None:
        return _without_assignments(word)
    # The path of a URL may say anything; what opens doors stands behind it, or before the host.
    return word[: start.start()] + _USER_INFO.sub("", _QUERY.sub("", word[start.start() :]))


def _without_assignments(word: str) -> str:
    # Half a URL: "fs.example/file?signature=..." has no scheme, and is signed all the same.
    path, mark, query = word.partition("?")
    return path if mark and "=" in query else word


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.casefold())


def _refuse_constant(_name: str) -> NoReturn:
    raise UnreadableBodyError(_("The body holds a number that JSON does not have."))


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnreadableBodyError(_("The body holds a number that is too large."))
    return number


def _short(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise UnreadableBodyError(_("The body holds a number that is too large."))
    return int(digits)


def _too_deep() -> UnreadableBodyError:
    return UnreadableBodyError(_("The body is nested too deeply."))
