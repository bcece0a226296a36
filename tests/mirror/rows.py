"""All rows of a room as plain values, so that two accounts, or the mirror and the rules, can be compared."""

from __future__ import annotations

from typing import Any

from django.db.models import ForeignKey, Model

from eyeson_meetings.models import (
    Meeting,
    Participant,
    Presence,
    PresenceFact,
    Recording,
    Room,
    RoomShutdown,
    Snapshot,
)

#: Primary keys, random ids, ciphertext, the account itself, and what depends on when something was stored.
LEFT_OUT = {"id", "uuid", "account", "guest_token_encrypted", "ahead_stored_at", "has_found_ends"}

#: By which path from a model its room is found.
ROOM_PATHS: dict[type[Model], str] = {
    Meeting: "room",
    RoomShutdown: "room",
    Participant: "room",
    PresenceFact: "participant__room",
    Presence: "participant__room",
    Recording: "room",
    Snapshot: "room",
}


def rows_of(*, account: str, room_id: str) -> dict[str, list[dict[str, Any]]]:
    """Every column of every row that the room has, sorted, with natural keys for primary keys."""
    room = Room.objects.get(account=account, eyeson_id=room_id)
    # Rooms are made on our own clock.
    rows = {"Room": [{**_plain(room), "created_at": None}]}
    for model, path in ROOM_PATHS.items():
        related = [column.name for column in _columns(model) if isinstance(column, ForeignKey)]
        found = model._default_manager.filter(**{path: room}).select_related(*related)
        rows[model.__name__] = sorted((_plain(row) for row in found), key=repr)
    return rows


def like(
    rows: dict[str, list[dict[str, Any]]], pattern: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """The rows, with the columns alone that the first row of each model has in `pattern`."""
    columns = {model: list(found[0]) if found else [] for model, found in pattern.items()}
    return {
        model: sorted(({name: row[name] for name in columns[model]} for row in found), key=repr)
        for model, found in rows.items()
    }


def _plain(row: Model) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for column in _columns(type(row)):
        if column.name not in LEFT_OUT:
            value = getattr(row, column.name)
            plain[column.name] = _natural_key(value) if isinstance(value, Model) else value
    if isinstance(row, Meeting):
        plain["guest_token"] = row.guest_token
    return plain


def _columns(model: type[Model]) -> Any:
    return model._meta.concrete_fields


def _natural_key(row: Model) -> Any:
    return row.started_at if isinstance(row, Meeting) else getattr(row, "eyeson_id", row.pk)
