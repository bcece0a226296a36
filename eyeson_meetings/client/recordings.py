"""Recordings (API reference 7)."""

from __future__ import annotations

import builtins
from datetime import datetime

from .calls import Call, Credential, secret
from .records import Answer, Recording
from .secrets import Secret
from .transport import Transport


class Recordings:
    """Start, stop, find and delete recordings. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, *, access_key: Secret | str) -> Answer[None]:
        """Begin to record. The id is told elsewhere: `rooms.get`, webhooks, `list` (7.1).

        Raises FeatureDisabledError, NotPossibleNowError (not ready, or recording already),
        MeetingEndedError, NotFoundError.
        """
        return self._transport.tell(_of_meeting("POST", access_key))

    def stop(self, *, access_key: Secret | str) -> Answer[None]:
        """Stop recording; the file is ready later (7.2).

        Raises NotFoundError when none runs, MeetingEndedError.
        """
        return self._transport.tell(_of_meeting("DELETE", access_key))

    def get(self, *, recording_id: str) -> Answer[Recording]:
        """One recording, with a download link that works for an hour (7.3). Raises NotFoundError."""
        return self._transport.ask(_one("GET", recording_id), Recording.from_json)

    def list(
        self,
        *,
        room_id: str,
        started_at: datetime | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer[builtins.list[Recording]]:
        """All recordings of a room; `started_at` keeps those of one meeting (7.4)."""
        call = Call(
            method="GET",
            path="/rooms/:room_id/recordings",
            segments={"room_id": room_id},
            query={"started_at": started_at, "since": since, "until": until},
        )
        return self._transport.ask_all(
            call, Recording.from_json, key=lambda recording: recording.id
        )

    def delete(self, *, recording_id: str) -> Answer[None]:
        """Delete it at eyeson, with its file (7.5). Raises NotFoundError."""
        return self._transport.tell(_one("DELETE", recording_id))


def _of_meeting(method: str, access_key: Secret | str) -> Call:
    return Call(
        method=method,
        path="/rooms/:access_key/recording",
        credential=Credential.ACCESS_KEY,
        segments={"access_key": secret(access_key)},
    )


def _one(method: str, recording_id: str) -> Call:
    return Call(
        method=method,
        path="/recordings/:recording_id",
        segments={"recording_id": recording_id},
    )
