"""Drawing on a presentation, as of 2019 (API reference 14.5)."""

from __future__ import annotations

from .calls import Call, Credential, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport


class Annotations:
    """Begin and end to draw. Every method raises EyesonError.

    Never documented: known from eyeson's own program for browsers of 2019 alone, and perhaps gone.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, *, access_key: Secret | str) -> Answer[None]:
        """Begin to draw (14.5). Raises NotFoundError, MeetingEndedError."""
        return self._transport.tell(_of_meeting("POST", access_key))

    def stop(self, *, access_key: Secret | str) -> Answer[None]:
        """End it (14.5). Raises NotFoundError, MeetingEndedError."""
        return self._transport.tell(_of_meeting("DELETE", access_key))


def _of_meeting(method: str, access_key: Secret | str) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key/annotation",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key)},
    )
