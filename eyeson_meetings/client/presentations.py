"""Slides shown in a meeting (API reference 14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calls import Call, Credential, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport


class Presentations:
    """Show slides. Every method raises EyesonError. Who presents is told by `rooms.get`.

    eyeson's documents have not named slides since 2019: they may be gone.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, *, access_key: Secret | str, slide: Secret | str) -> Answer[None]:
        """Show a slide, a PNG by its address (14.1).

        Raises ConflictError when someone else presents, InvalidRequestError, NotFoundError,
        MeetingEndedError.
        """
        return self._transport.tell(presentation("POST", access_key, {"slide": secret(slide)}))

    def show(self, *, access_key: Secret | str, slide: Secret | str) -> Answer[None]:
        """Show another slide; only who started may (14.2).

        Raises NotFoundError when nobody presents, ConflictError or ForbiddenError when someone else does,
        MeetingEndedError.
        """
        return self._transport.tell(presentation("PUT", access_key, {"slide": secret(slide)}))

    def stop(self, *, access_key: Secret | str) -> Answer[None]:
        """End the presentation; anyone may (14.3). Raises NotFoundError, MeetingEndedError."""
        return self._transport.tell(presentation("DELETE", access_key))


def presentation(
    method: str, access_key: Secret | str, form: Mapping[str, Any] | None = None
) -> Call:
    """A call to the endpoint that slides and screens share."""
    return Call(
        method=method,
        path="/rooms/:access_key/presentation",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key)},
        form=form or {},
    )
