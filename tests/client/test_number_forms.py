"""Numbers, booleans and times of eyeson mean the same in every form in which JSON can hold them."""

from __future__ import annotations

import dataclasses
import typing
from datetime import UTC, datetime
from typing import Any

import pytest

from eyeson_meetings.client import records
from eyeson_meetings.client.reading import MAX_INTEGER

#: Record, field, and where eyeson sends it ("a.b": `b` inside `a`).
COUNTS = [("Recording", "duration", "duration")]
NUMBERS = [
    *COUNTS,
    *(("Place", name, name) for name in ("left", "top", "width", "height")),
    ("Place", "z_index", "z-index"),
    ("Playback", "loop_count", "loop_count"),
]
SHARES = [("File", "conversion_progress", "conversion_progress")]
DIGITS = [
    ("Snapshot", "name", "name"),
    ("Webhook", "last_response_code", "last_response_code"),
]
FLAGS = [
    ("File", "converted", "converted"),
    ("File", "failed", "failed"),
    ("Participant", "guest", "guest"),
    ("Participant", "online", "online"),
    ("Playback", "audio", "audio"),
    ("Room", "ready", "ready"),
    ("Room", "shutdown", "shutdown"),
    ("RoomResponse", "locked", "locked"),
    ("RoomResponse", "ready", "ready"),
    ("SocketEvent", "locked", "locked"),
    ("User", "guest", "guest"),
    ("User", "ready", "ready"),
]
TIMES = [
    ("Delivery", "timestamp", "timestamp"),
    ("Permalink", "created_at", "permalink.created_at"),
    ("Permalink", "expires_at", "permalink.expires_at"),
    ("Recording", "created_at", "created_at"),
    ("Room", "started_at", "started_at"),
    ("Snapshot", "created_at", "created_at"),
    ("SocketEvent", "created_at", "created_at"),
    ("User", "joined_at", "joined_at"),
    ("Webhook", "last_request_sent_at", "last_request_sent_at"),
]
#: Fields that no JSON value fills directly.
DERIVED = {
    ("RoomResponse", "shows_no_recording"),
    ("Permalink", "says_end"),
    ("Answer", "observed_at"),
}

UNSAID = [True, False, None, "", "x", "1_0", "0x10", "1e2", float("nan"), float("inf"), [], {}]
TOO_MUCH = [540.7, "540.7", 10**30, str(10**30), "9" * 5000, 1e300, -MAX_INTEGER - 1]


def read(record: str, field: str, path: str, value: Any) -> Any:
    """Return the field of a record in which eyeson sent `value` there."""
    *parents, name = path.split(".")
    body: dict[str, Any] = {
        "id": "i",
        "room": {"id": "r"},
        "permalink": {"id": "p"},
        "play_id": "p",
    }
    place = body
    for parent in parents:
        place = place[parent]
    place[name] = value
    return getattr(getattr(records, record).from_json(body), field)


def test_the_lists_name_every_number_flag_and_time_of_every_record() -> None:
    listed = {(record, field) for record, field, _ in (*NUMBERS, *SHARES, *FLAGS, *TIMES)} | DERIVED
    found = {
        (name, field)
        for name in records.__all__
        if dataclasses.is_dataclass(kind := getattr(records, name))
        for field, hint in typing.get_type_hints(kind).items()
        if {int, float, bool, datetime} & {hint, *typing.get_args(hint)}
    }

    assert listed == found


@pytest.mark.parametrize("value", [540, 540.0, "540", "540.0", " 540 "])
@pytest.mark.parametrize(("record", "field", "path"), NUMBERS)
def test_a_whole_number_is_read_in_every_form(
    record: str, field: str, path: str, value: Any
) -> None:
    found = read(record, field, path, value)

    assert (found, type(found)) == (540, int)


@pytest.mark.parametrize("value", [*UNSAID, *TOO_MUCH])
@pytest.mark.parametrize(("record", "field", "path"), NUMBERS)
def test_what_is_no_whole_number_is_not_said(
    record: str, field: str, path: str, value: Any
) -> None:
    assert read(record, field, path, value) is None


@pytest.mark.parametrize("value", [-1, "-1", -1.0])
@pytest.mark.parametrize(("record", "field", "path"), COUNTS)
def test_a_negative_count_is_not_said(record: str, field: str, path: str, value: Any) -> None:
    assert read(record, field, path, value) is None


@pytest.mark.parametrize("value", [-1, "-1", -1.0])
@pytest.mark.parametrize(
    ("record", "field", "path"), [entry for entry in NUMBERS if entry not in COUNTS]
)
def test_a_number_below_zero_is_read_in_every_form(
    record: str, field: str, path: str, value: Any
) -> None:
    assert read(record, field, path, value) == -1


@pytest.mark.parametrize(
    ("value", "share"),
    [(0, 0.0), (1, 1.0), ("1", 1.0), (0.4, 0.4), ("0.4", 0.4), (" 0.4 ", 0.4)]
    + [(value, None) for value in (*UNSAID, *TOO_MUCH, 1.1, -0.1)],
)
@pytest.mark.parametrize(("record", "field", "path"), SHARES)
def test_a_share_is_read_in_every_form(
    record: str, field: str, path: str, value: Any, share: float | None
) -> None:
    assert read(record, field, path, value) == share


@pytest.mark.parametrize("value", ["204", " 204 ", 204, 204.0])
@pytest.mark.parametrize(("record", "field", "path"), DIGITS)
def test_a_number_that_should_be_text_is_kept_as_its_digits(
    record: str, field: str, path: str, value: Any
) -> None:
    assert read(record, field, path, value) == "204"


@pytest.mark.parametrize("value", [True, None, float("nan"), 10**30, []])
@pytest.mark.parametrize(("record", "field", "path"), DIGITS)
def test_what_is_no_number_and_no_text_leaves_the_text_empty(
    record: str, field: str, path: str, value: Any
) -> None:
    assert read(record, field, path, value) is None


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((value, True) for value in (True, "true", "True", " TRUE ", 1, "1", 1.0)),
        *((value, False) for value in (False, "false", "False", 0, "0", 0.0)),
        *((value, None) for value in (None, "", "yes", 2, "2", -1, float("nan"), 10**400, [], {})),
    ],
)
@pytest.mark.parametrize(("record", "field", "path"), FLAGS)
def test_a_boolean_is_read_in_every_form(
    record: str, field: str, path: str, value: Any, flag: bool | None
) -> None:
    assert read(record, field, path, value) is flag


@pytest.mark.parametrize(
    "value",
    [
        1756974612,
        1756974612.0,
        "1756974612",
        " 1756974612 ",
        "1756974612.0",
        "2025-09-04T08:30:12Z",
    ],
)
@pytest.mark.parametrize(("record", "field", "path"), TIMES)
def test_a_time_is_read_in_every_form(record: str, field: str, path: str, value: Any) -> None:
    assert read(record, field, path, value) == datetime(2025, 9, 4, 8, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [True, None, "", "x", -1, "-1", float("nan"), 10**30, str(10**30), 10**400, [], {}]
)
@pytest.mark.parametrize(("record", "field", "path"), TIMES)
def test_what_is_no_time_is_not_said(record: str, field: str, path: str, value: Any) -> None:
    assert read(record, field, path, value) is None
