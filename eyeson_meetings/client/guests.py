"""Guests (API reference 5.4)."""

from __future__ import annotations

from .calls import Call, Credential, secret
from .records import Answer, RoomResponse
from .secrets import Secret
from .transport import Transport


class Guests:
    """Let guests in. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def join(
        self,
        *,
        guest_token: Secret | str,
        name: str,
        guest_id: str | None = None,
        avatar: str | None = None,
        locale: str | None = None,
    ) -> Answer[RoomResponse]:
        """Let a guest into the running meeting of this token. The API key is not sent.

        Raises NotFoundError for an unknown token, MeetingEndedError, MeetingLockedError.
        """
        call = Call(
            method="POST",
            path="/guests/:guest_token",
            is_entry=True,
            credential=Credential.GUEST_TOKEN,
            segments={"guest_token": secret(guest_token)},
            form={
                "name": name,
                "id": guest_id,
                "avatar": avatar,
                "custom_fields": {"locale": locale},
            },
        )
        return self._transport.ask(call, RoomResponse.from_json)
