"""Messages to everybody in a meeting (API reference 10)."""

from __future__ import annotations

from .calls import Call, Credential, secret
from .records import Answer
from .secrets import Secret
from .transport import Transport


class Messages:
    """Say something in a meeting. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(
        self,
        *,
        access_key: Secret | str,
        content: str,
        type: str = "chat",  # noqa: A002 - eyeson's name for it
    ) -> Answer[None]:
        """Send a text to all who are there now: `chat` is shown, `custom` is for programs (10).

        It is not stored, and sent again only when it certainly did not reach eyeson. Raises
        InvalidRequestError, NotFoundError, MeetingEndedError.
        """
        call = Call(
            method="POST",
            path="/rooms/:access_key/messages",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key)},
            form={"type": type, "content": content},
        )
        return self._transport.tell(call)
