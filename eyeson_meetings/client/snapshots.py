"""Snapshots (API reference 8)."""

from __future__ import annotations

import builtins
from datetime import datetime

from .calls import Call, Credential, secret
from .records import Answer, Snapshot
from .secrets import Secret
from .transport import Transport


class Snapshots:
    """Take, find and delete pictures of a meeting. Every method raises EyesonError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def take(self, *, access_key: Secret | str) -> Answer[None]:
        """Take a picture. The id is told elsewhere: webhooks, `rooms.get`, `list` (8.1).

        Raises MeetingEndedError, NotFoundError.
        """
        call = Call(
            method="POST",
            path="/rooms/:access_key/snapshot",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key)},
        )
        return self._transport.tell(call)

    def get(self, *, snapshot_id: str) -> Answer[Snapshot]:
        """One snapshot, with a download link that works for an hour (8.2). Raises NotFoundError."""
        return self._transport.ask(_one("GET", snapshot_id), Snapshot.from_json)

    def get_in_meeting(self, *, access_key: Secret | str, snapshot_id: str) -> Answer[Snapshot]:
        """One snapshot of the running meeting (8.2). Raises NotFoundError, MeetingEndedError."""
        call = Call(
            method="GET",
            path="/rooms/:access_key/snapshots/:snapshot_id",
            credential=Credential.ACCESS_KEY,
            segments={"access_key": secret(access_key), "snapshot_id": snapshot_id},
        )
        return self._transport.ask(call, Snapshot.from_json)

    def list(
        self,
        *,
        room_id: str,
        started_at: datetime | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer[builtins.list[Snapshot]]:
        """All snapshots of a room; `started_at` keeps those of one meeting (8.3)."""
        call = Call(
            method="GET",
            path="/rooms/:room_id/snapshots",
            segments={"room_id": room_id},
            query={"started_at": started_at, "since": since, "until": until},
        )
        return self._transport.ask_all(call, Snapshot.from_json, key=lambda snapshot: snapshot.id)

    def delete(self, *, snapshot_id: str) -> Answer[None]:
        """Delete it at eyeson, with its file (8.4). Raises NotFoundError."""
        return self._transport.tell(_one("DELETE", snapshot_id))


def _one(method: str, snapshot_id: str) -> Call:
    return Call(
        method=method, path="/snapshots/:snapshot_id", segments={"snapshot_id": snapshot_id}
    )
