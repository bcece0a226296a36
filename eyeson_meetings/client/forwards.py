"""Single streams sent on to a WHIP server (API reference 16.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .calls import Call, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport


class Forwards:
    """Send single streams elsewhere. Every method raises EyesonError.

    `forward_id` is our own name for it, one each. `types` are `audio`, `video` or both. `url` is the WHIP
    address. A forward ends by itself when its source leaves.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def source(
        self,
        *,
        room_id: str,
        forward_id: str,
        user_id: str,
        types: str | Iterable[str],
        url: Secret | str,
    ) -> Answer[None]:
        """Send on what this user sends (16.2). Raises InvalidRequestError, NotFoundError."""
        return self._start(
            "source", room_id, forward_id=forward_id, user_id=user_id, types=types, url=url
        )

    def mcu(
        self, *, room_id: str, forward_id: str, types: str | Iterable[str], url: Secret | str
    ) -> Answer[None]:
        """Send on the mixed picture and sound (16.2). Raises InvalidRequestError, NotFoundError."""
        return self._start("mcu", room_id, forward_id=forward_id, types=types, url=url)

    def playback(
        self,
        *,
        room_id: str,
        forward_id: str,
        play_id: str,
        types: str | Iterable[str],
        url: Secret | str,
    ) -> Answer[None]:
        """Send on what is played (16.2). Raises InvalidRequestError, NotFoundError."""
        return self._start(
            "playback", room_id, forward_id=forward_id, play_id=play_id, types=types, url=url
        )

    def stop(self, *, room_id: str, forward_id: str) -> Answer[None]:
        """Send it on no longer (16.2). Raises NotFoundError."""
        call = Call(
            method="DELETE",
            path="/rooms/:room_id/forward/:forward_id",
            segments={"room_id": room_id, "forward_id": forward_id},
        )
        return self._transport.tell(call)

    def _start(
        self,
        kind: str,
        room_id: str,
        *,
        types: str | Iterable[str],
        url: Secret | str,
        **form: Any,
    ) -> Answer[None]:
        # One text, as eyeson's own programs send it.
        form["type"] = types if isinstance(types, str) else ",".join(types)
        call = Call(
            method="POST",
            path=f"/rooms/:room_id/forward/{kind}",
            segments={"room_id": room_id},
            form={**form, "url": secret(url)},
        )
        return self._transport.tell(call)
