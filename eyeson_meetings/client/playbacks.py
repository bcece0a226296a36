"""Videos and sounds played into a meeting (API reference 13)."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from .calls import Call, Credential, secret
from .reading import UnreadableRecordError, object_in
from .records import Answer, Playback
from .secrets import Secret
from .transport import Transport


class Playbacks:
    """Play videos and sounds. Every method raises EyesonError. What plays is told by `rooms.get`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        *,
        access_key: Secret | str,
        url: Secret | str,
        play_id: str | None = None,
        replacement_id: str | None = None,
        name: str | None = None,
        audio: bool | None = None,
        loop_count: int | None = None,
    ) -> Answer[None]:
        """Play an MP4, WebM or MP3 (13.1).

        `play_id` is needed to stop it, or to give it a place in the layout; eyeson makes one when there is
        none. `replacement_id` is the user in whose place it is seen. Without `audio` it is silent.
        `loop_count`: 0 plays once, N N+1 times, -1 without an end. Raises InvalidRequestError,
        ConflictError (perhaps: the id is in use), NotFoundError, MeetingEndedError.
        """
        form = {
            "url": secret(url),
            "play_id": play_id,
            "replacement_id": replacement_id,
            "name": name,
            "audio": audio,
            "loop_count": loop_count,
        }
        return self._transport.tell(_all("POST", access_key, form))

    def stop(self, *, access_key: Secret | str, play_id: str) -> Answer[None]:
        """Stop it (13.2). Raises NotFoundError when it is over, MeetingEndedError."""
        call = Call(
            method="DELETE",
            path="/rooms/:access_key/playbacks/:play_id",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key), "play_id": play_id},
        )
        return self._transport.tell(call)

    def list(self, *, access_key: Secret | str) -> Answer[builtins.list[Playback]]:
        """What plays now, by an endpoint of 2019 (13.3). Raises NotFoundError, MeetingEndedError.

        `rooms.get` tells it today.
        """
        return self._transport.ask_list(
            _all("GET", access_key), Playback.from_json, entries=_entries
        )


def _all(method: str, access_key: Secret | str, form: Mapping[str, Any] | None = None) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key/playbacks",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key)},
        form=form or {},
    )


def _entries(value: object) -> builtins.list[object]:
    """The list alone, or under a name that events give it: no source shows the answer."""
    answer = object_in(value)
    for found in (value, answer.get("playbacks"), answer.get("playing")):
        if isinstance(found, list):
            return found
    raise UnreadableRecordError("a list of playbacks was expected")
