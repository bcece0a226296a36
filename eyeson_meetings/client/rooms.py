"""Rooms and the meetings in them (API reference 4)."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from eyeson_meetings.exceptions import FeatureDisabledError

from .calls import Call, Credential, secret
from .records import Answer, Room, RoomResponse
from .secrets import Secret
from .transport import Transport


class Rooms:
    """Start, find and end meetings. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def join(
        self,
        *,
        user_name: str,
        room_id: str | None = None,
        room_name: str | None = None,
        user_id: str | None = None,
        avatar: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Answer[RoomResponse]:
        """Start a meeting, or add a user to the one that runs in `room_id` (4.1).

        Each call makes one more access key, and without `user_id` one more user. It is repeated only when
        it certainly did not reach eyeson. Raises KeyLockedError when the team's limits are exceeded.
        """
        form = {
            "id": room_id,
            "name": room_name,
            "user": {"name": user_name, "id": user_id, "avatar": avatar},
            "options": options or {},
        }
        call = Call(method="POST", path="/rooms", form=form, is_entry=True)
        return self._transport.ask(call, RoomResponse.from_json)

    def list(self) -> Answer[builtins.list[Room]]:
        """The running meetings of this API key (4.2)."""
        call = Call(method="GET", path="/rooms")
        return self._transport.ask_all(call, Room.from_json, key=lambda room: room.id)

    def get(self, *, access_key: Secret | str) -> Answer[RoomResponse]:
        """The meeting as the holder of the key sees it (4.3).

        Raises MeetingEndedError when it is over, NotFoundError when the key is unknown.
        """
        return self._transport.ask(_with_key("GET", access_key), RoomResponse.from_json)

    def end(self, *, room_id: str) -> Answer[None]:
        """End the meeting that runs in this room, for all (4.4). Raises NotFoundError when none does."""
        call = Call(method="DELETE", path="/rooms/:room_id", segments={"room_id": room_id})
        return self._transport.tell(call)

    def end_with_access_key(self, *, access_key: Secret | str) -> Answer[None]:
        """End the meeting of this key, and no later one, for all (4.4).

        Raises MeetingEndedError when it is over, NotFoundError when the key is unknown.
        """
        return self._transport.tell(_with_key("DELETE", access_key))

    def lock(self, *, access_key: Secret | str) -> Answer[None]:
        """Let no more guests in. This cannot be undone while the meeting runs (16.1).

        Raises FeatureDisabledError when the room's options do not allow it (the default), NotFoundError,
        MeetingEndedError.
        """
        call = Call(
            method="POST",
            path="/rooms/:access_key/lock",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key)},
            on_forbidden=FeatureDisabledError,
        )
        return self._transport.tell(call)


def _with_key(method: str, access_key: Secret | str) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key)},
    )
