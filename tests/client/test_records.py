"""Records are read from whatever comes, and signatures from nothing but the right bytes."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eyeson_meetings.client as face
from eyeson_meetings.client import records, sign, verify
from eyeson_meetings.client.records import (
    Delivery,
    Recording,
    RecordingState,
    RoomResponse,
    Snapshot,
    SocketEvent,
    UnreadableRecordError,
    Webhook,
    parse_time,
)

KEY = "docs-demo-key-not-a-real-one"
BODY = (
    rb'{"timestamp":1756974615,"type":"room_update","room":{"id":"support-desk-17",'
    rb'"name":"R\u0026D weekly","ready":true,"started_at":"2025-09-04T08:30:12.418Z",'
    rb'"shutdown":false,"guest_token":"Gt5uJw9XeQ3aSf7ZnC2kVb8m"}}'
)
SIGNATURE = "0566b71754e181d8ebd7871442e3b66447570eb66f4f9097f2207e49e22c2d62"

READERS = [
    getattr(records, name).from_json
    for name in records.__all__
    if hasattr(getattr(records, name), "from_json")
]
NAMES = sorted(
    {
        *("id", "room", "user", "links", "recording", "snapshots", "creator", "snapshot", "types"),
        *("created_at", "started_at", "duration", "download", "gui", "name", "options", "url"),
        *("participant", "timestamp", "type", "guest_token", "access_key", "team", "online"),
        *("broadcast", "broadcasts", "platform", "player_url", "playbacks", "play_id", "audio"),
        *("presentation", "slide", "slides", "conversion_progress", "failed", "loop_count"),
        *("permalink", "user_token", "expires_at"),
    }
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "\ud800", "x" * 300, "2025-13-40T00:00:00Z", "9" * 12])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_no_json_breaks_a_record(value: Any) -> None:
    for read in READERS:
        try:
            record = read(value)
        except UnreadableRecordError:
            continue
        assert record == read(value)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"duration": None, "links": {"download": None}}, RecordingState.RECORDING),
        ({"duration": 7, "links": {"download": None}}, RecordingState.PROCESSING),
        ({"duration": 7, "links": {"download": "https://x"}}, RecordingState.AVAILABLE),
        ({"links": {"download": "https://x"}}, RecordingState.AVAILABLE),
        ({"duration": 7}, RecordingState.PROCESSING),
        ({"duration": "7", "links": {"download": None}}, RecordingState.PROCESSING),
        ({"duration": 7.5}, None),
        ({"duration": "seven"}, None),
        ({}, None),
    ],
)
def test_two_fields_tell_how_far_a_recording_is(
    fields: dict[str, Any], state: RecordingState | None
) -> None:
    assert Recording.from_json({"id": "r", **fields}).state is state


@pytest.mark.parametrize(
    "value", [1756974612, 1756974612.0, "1756974612", " 1756974612.0 ", "2025-09-04T08:30:12Z", "2025-09-04T08:30:12.000+00:00", "2025-09-04T10:30:12+02:00", "2025-09-04T08:30:12"]
)  # fmt: skip
def test_times_are_read_in_every_shape_that_eyeson_sends(value: Any) -> None:
    assert parse_time(value) == datetime(2025, 9, 4, 8, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "2025-13-01",
        -1,
        10**18,
        10**400,
        float("nan"),
        float("inf"),
        [],
        {},
        "9" * 13,
    ],
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert parse_time(value) is None


def test_an_old_answer_has_its_access_key_in_its_link() -> None:
    response = RoomResponse.from_json(
        {"room": {"id": "standup"}, "links": {"gui": "https://app.eyeson.team/?abc"}}
    )

    assert response.access_key is not None
    assert response.access_key.reveal() == "abc"


def test_a_link_that_no_parser_reads_holds_no_access_key() -> None:
    answer = {"room": {"id": "standup"}, "links": {"gui": "https://[?abc"}}

    assert RoomResponse.from_json(answer).access_key is None
    assert SocketEvent.from_json({"type": "room_setup", "content": answer}).room_response


def test_a_guest_link_holds_no_access_key() -> None:
    response = RoomResponse.from_json(
        {"room": {"id": "standup"}, "links": {"gui": "https://app.eyeson.team/?guest=abc"}}
    )

    assert response.access_key is None


def test_parts_that_cannot_be_read_are_left_out() -> None:
    response = RoomResponse.from_json(
        {"room": {"id": "standup"}, "recording": {"id": 7}, "snapshots": [{"id": "s"}, None, {}]}
    )

    assert response.recording is None
    assert response.snapshots == (Snapshot(id="s"),)
    assert Delivery.from_json({"type": "room_update", "room": "standup"}).room is None


def test_webhook_types_may_be_a_list_or_one_text() -> None:
    for types in (["room_update", "snapshot_update"], "room_update, snapshot_update"):
        webhook = Webhook.from_json({"id": "w", "types": types, "last_response_code": 204})

        assert webhook.types == ("room_update", "snapshot_update")
        assert webhook.last_response_code == "204"


def test_the_worked_example_of_a_signature() -> None:
    assert len(BODY) == 213
    assert sign(KEY, BODY) == SIGNATURE
    assert verify([KEY], BODY, SIGNATURE) == 0


def test_the_same_document_in_other_bytes_is_not_signed() -> None:
    assert verify([KEY], BODY.replace(rb"\u0026", b"&"), SIGNATURE) is None


def test_the_key_that_fits_is_named() -> None:
    assert verify(["a", KEY, KEY], BODY, SIGNATURE.upper()) == 1
    assert verify([], BODY, SIGNATURE) is None


@pytest.mark.parametrize(
    "header",
    [
        None, "", SIGNATURE[:-1], SIGNATURE + "0", "sha256=" + SIGNATURE, f" {SIGNATURE}",
        f"{SIGNATURE}\n", f"{SIGNATURE}, {SIGNATURE}", "é" * 64, "\ud800" * 64, "z" * 64,
        b"\xff" * 64, "0" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_signature_is_refused(header: Any) -> None:
    assert verify([KEY], BODY, header) is None


def test_the_public_face_is_what_it_says() -> None:
    public = {
        name
        for name, value in vars(face).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert public == set(face.__all__)
    assert all(getattr(face, name).__doc__ for name in face.__all__)
