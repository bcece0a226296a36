"""People in a meeting (API reference 5.1 to 5.3)."""

from __future__ import annotations

import builtins
from dataclasses import replace

from eyeson_meetings.exceptions import FeatureDisabledError

from .calls import Call, Credential, secret
from .records import Answer, Participant, User
from .secrets import Secret
from .transport import Transport


class Users:
    """Who is in a meeting. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, room_id: str, online: bool | None = None
    ) -> Answer[builtins.list[Participant]]:
        """Those who joined the running meeting; with `online`, only who is, or is not, online (5.1).

        Raises NotFoundError when no meeting runs.
        """
        call = Call(
            method="GET",
            path="/rooms/:room_id/users",
            segments={"room_id": room_id},
            query={"online": online},
        )
        return self._transport.ask_list(call, Participant.from_json)

    def get(self, *, access_key: Secret | str, user_id: str) -> Answer[User]:
        """One of them, by user id or client id (5.2). Raises NotFoundError, MeetingEndedError."""
        return self._transport.ask(_one("GET", access_key, user_id), User.from_json)

    def kick(self, *, access_key: Secret | str, user_id: str) -> Answer[None]:
        """Throw someone out; they may join again (5.3).

        Raises FeatureDisabledError when the room's options forbid it, NotFoundError, MeetingEndedError.
        """
        call = replace(_one("DELETE", access_key, user_id), on_forbidden=FeatureDisabledError)
        return self._transport.tell(call)


def _one(method: str, access_key: Secret | str, user_id: str) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key/users/:user_id",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key), "user_id": user_id},
    )
