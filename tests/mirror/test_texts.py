"""Text that a database refuses, or could not keep, never reaches one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import UnreadableRecordError
from eyeson_meetings.mirror import texts
from eyeson_meetings.models import Meeting, Participant, Recording, Room

from .saying import NINE, START, recording_body, room_body, snapshot_body

NUL, SURROGATE = "\x00", "\ud83d"
#: What neither PostgreSQL nor SQLite can be given as it is, and what is too long for a column.
NASTY = {
    "nul": f"Support{NUL}desk",
    "surrogate": f"Support{SURROGATE}desk",
    "too long": "x" * 300,
    "control characters": "Support\r\n\x1b[31mdesk\x7f",
}
#: Of these no id is made. Control characters are odd, but can be kept.
NASTY_IDS = {name: NASTY[name] for name in ("nul", "surrogate", "too long")}

nasty = pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
nasty_ids = pytest.mark.parametrize("text", NASTY_IDS.values(), ids=NASTY_IDS.keys())


def test_names_lose_what_no_database_keeps_and_what_breaks_pages() -> None:
    assert [texts.name_of(text) for text in NASTY.values()] == [
        "Supportdesk",
        "Supportdesk",
        "x" * 255,
        "Support[31mdesk",
    ]
    assert texts.name_of(None) == texts.name_of(" \n") == ""
    assert texts.name_of("Jürgen 🎉 名") == "Jürgen 🎉 名"


def test_addresses_may_be_long() -> None:
    address = "https://example.org/" + "x" * 5000
    assert texts.address_of(address + NUL) == address
    assert texts.address_of(None) == ""


@nasty_ids
def test_an_id_is_taken_as_it_is_or_not_at_all(text: str) -> None:
    with pytest.raises(UnreadableRecordError):
        texts.id_of(text)
    with pytest.raises(UnreadableRecordError):
        texts.id_of("")


def test_the_longest_id_that_fits_is_taken() -> None:
    assert texts.id_of("x" * 255) == "x" * 255
    assert texts.id_of("anna@example.org\t🎉") == "anna@example.org\t🎉"


@pytest.mark.django_db
@nasty
def test_names_and_pictures_of_any_text_are_stored(text: str) -> None:
    room = records.Room(id="room", name=text, started_at=START)
    person = records.Participant(id="anna", room_id="room", name=text, avatar=text, online=True)
    picture = records.Snapshot(id="picture", name=text, room=records.Room(id="room"))

    mirror.apply_room(room, account="default", observed_at=NINE)
    mirror.apply_participant(person, account="default", observed_at=NINE)
    snapshot = mirror.apply_snapshot(picture, account="default", observed_at=NINE)

    assert snapshot is not None
    stored = {Room.objects.get().name, Participant.objects.get().name, snapshot.name}
    assert stored == {texts.name_of(text)}
    assert Participant.objects.get().avatar == texts.address_of(text)


@pytest.mark.django_db
@nasty_ids
def test_an_id_that_cannot_be_stored_is_refused_before_the_database(text: str) -> None:
    room = records.Room(id="room", started_at=START)
    refused: list[tuple[Any, Any]] = [
        (mirror.apply_room, replace(room, id=text)),
        (mirror.apply_participant, records.Participant(id=text, room_id="room", online=True)),
        (mirror.apply_recording, records.Recording(id=text, room=room)),
        (mirror.apply_recording, records.Recording(id=text)),
        (mirror.apply_recording, records.Recording(id="a", room=replace(room, id=text))),
        (mirror.apply_recording, records.Recording(id="a", room=room, user=records.User(id=text))),
        (mirror.apply_snapshot, records.Snapshot(id=text, room=room)),
    ]

    for apply, record in refused:
        with pytest.raises(UnreadableRecordError):
            apply(record, account="default", observed_at=NINE)

    assert not Room.objects.exists()
    assert not Meeting.objects.exists()
    assert not Recording.objects.exists()


@pytest.mark.django_db
@nasty
@pytest.mark.parametrize(
    "body",
    [
        {"type": "room_update", "room": room_body()},
        {"type": "recording_update", "recording": recording_body(duration=10**30)},
        {"type": "snapshot_update", "snapshot": snapshot_body()},
        {"type": "participant_update", "participant": {"id": "anna", "room_id": "room"}},
    ],
    ids=lambda body: body["type"],
)
def test_a_body_with_such_text_anywhere_is_taken_in_or_ignored(
    body: dict[str, Any], text: str
) -> None:
    for spoiled in _with_each_text_replaced(body, text):
        record = records.Delivery.from_json(spoiled)
        assert mirror.apply_delivery(record, account="default", observed_at=NINE) in (True, False)


def _with_each_text_replaced(value: Any, text: str) -> list[Any]:
    """Copies of a JSON value, each with another one of its texts replaced."""
    if isinstance(value, str):
        return [text]
    if not isinstance(value, dict):
        return []
    return [
        {**value, name: spoiled}
        for name, part in value.items()
        for spoiled in _with_each_text_replaced(part, text)
    ]
