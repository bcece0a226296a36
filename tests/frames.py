"""What an error reporter would see: the variables of each frame of the package that an error went through."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import eyeson_meetings
from eyeson_meetings.sandbox.server import SandboxServer

PACKAGE = Path(eyeson_meetings.__file__).parent
SANDBOX = PACKAGE / "sandbox"


def shown_secrets(error: BaseException, secrets: Iterable[str]) -> list[str]:
    """Return where the `repr` of a variable shows one of them, as "file:line variable"."""
    secrets = [secret for secret in secrets if secret]
    assert secrets
    return sorted(
        {
            f"{path}:{line} {name}"
            for path, line, name, value in _variables(error)
            if any(secret in _repr(value) for secret in secrets)
        }
    )


def secrets_of(sandbox: SandboxServer, *more: str) -> list[str]:
    """Return the API keys, access keys and tokens that the sandbox has given out, and `more`."""
    state, found = sandbox.state, []
    with state.locked():
        found += state.api_keys
        for meeting in state.meetings:
            found += [meeting.guest_token or "", *meeting.access_keys]
        for permalink in sandbox.service.permalinks.all():
            found += [host.user_token for host in permalink.hosts]
    return [*found, *more]


def _variables(error: BaseException) -> Iterator[tuple[str, int, str, Any]]:
    seen, waiting = set(), [error]
    while waiting:
        this = waiting.pop()
        if id(this) in seen:
            continue
        seen.add(id(this))
        waiting += [other for other in (this.__cause__, this.__context__) if other is not None]
        for frame, line in traceback.walk_tb(this.__traceback__):
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(PACKAGE) and not path.is_relative_to(SANDBOX):
                for name, value in frame.f_locals.items():
                    yield str(path.relative_to(PACKAGE)), line, name, value


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - half-made objects have none
        return ""
