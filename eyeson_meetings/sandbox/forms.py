"""Parameters of a request, in each way the service takes them (API reference 1.3)."""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.requests import Request

from .refusals import RefusedError

_BRACKETS = re.compile(r"\[([^\]]*)\]")
_TRUE = ("1", "t", "true", "on", "yes")
_FALSE = ("0", "f", "false", "off", "no")
_BOOLEANS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)


async def read_parameters(request: Request) -> dict[str, Any]:
    """Query, form with brackets, multipart or nested JSON, as one nested dict."""
    found = nest(request.query_params.multi_items())
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        return found | nest(_read_json(await request.body()).items())
    async with request.form() as form:
        # Files are no parameters: `take_upload` has them.
        pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        return found | nest(pairs)


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body) if body else {}
        # Half characters and numbers that are none: answers could not be written with them.
        json.dumps(sent, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise RefusedError(400, "Body is not JSON") from None
    if not isinstance(sent, dict):
        raise RefusedError(400, "Body is not an object")
    return sent


async def take_upload(request: Request, name: str) -> UploadFile | None:
    """The file sent under this name, None when there is none. Who takes it closes it."""
    taken = None
    for sent_as, value in (await request.form()).multi_items():
        if not isinstance(value, UploadFile):
            continue
        if taken is None and sent_as == name and value.filename:
            taken = value
        else:
            await value.close()
    return taken


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """`a[b]=c` becomes {"a": {"b": "c"}}, `a[]=b` a list."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        head = name.partition("[")[0]
        path = [head, *_BRACKETS.findall(name[len(head) :])]
        _place(result, path, value)
    return result


def _place(target: dict[str, Any], path: list[str], value: Any) -> None:
    for position, part in enumerate(path[:-1]):
        if path[position + 1] == "":
            existing = target.setdefault(part, [])
            if isinstance(existing, list):
                existing.append(value)
            return
        inner = target.get(part)
        if not isinstance(inner, dict):
            inner = target[part] = {}
        target = inner
    target[path[-1]] = value


def text(parameters: dict[str, Any], name: str) -> str | None:
    """A text, None when missing or empty. Refuses other shapes with 400."""
    value = parameters.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise RefusedError(400, f"{name} is invalid")
    return value


def required_text(parameters: dict[str, Any], name: str, *, shown_as: str | None = None) -> str:
    """A text that must be there."""
    value = text(parameters, name)
    if value is None:
        raise RefusedError(400, f"{shown_as or name} is required")
    return value


def web_address(parameters: dict[str, Any], name: str) -> str | None:
    """An http or https address, None when missing or empty. Refuses others with 400."""
    value = text(parameters, name)
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_valid = False
    if not is_valid:
        raise RefusedError(400, f"{name} is invalid")
    return value


def whole_number(parameters: dict[str, Any], name: str, *, default: int) -> int:
    """A whole number from JSON or as a text. Refuses others with 400."""
    value = parameters.get(name)
    if value is None or value == "":
        return default
    if type(value) is int and abs(value) < 10**9:
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    raise RefusedError(400, f"{name} is invalid")


def boolean(value: Any) -> bool:
    """Return a boolean, 1 or 0 from JSON, or one of the usual texts in any case, as a boolean.

    Refuses others with 400 (API reference 1.3).
    """
    found = _BOOLEANS.get(str(value).lower())
    if found is None:
        raise RefusedError(400, "true or false expected")
    return found
