"""Facts about the files of a meeting enter."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from eyeson_meetings.client import records
from eyeson_meetings.mirror.files import apply_files
from eyeson_meetings.models import Meeting, RoomFile
from eyeson_meetings.signals import file_available
from tests.factories import MeetingFactory, ParticipantFactory, UserFactory

pytestmark = pytest.mark.django_db

LINK = "https://fs.eyeson.com/files/agenda?X-Amz-Signature=signed-link-canary"
SECOND = timedelta(seconds=1)


@pytest.fixture
def meeting() -> Meeting:
    row: Meeting = MeetingFactory()
    return row


def file(**changed: Any) -> records.File:
    """A file as eyeson shows it right after its upload."""
    return records.File.from_json(
        {
            "id": "5a0c1f7e9d3b2c0012ab34cd",
            "name": "agenda.pdf",
            "type": "application/pdf",
            "converted": False,
            "conversion_progress": 0.0,
            "failed": False,
            "links": {"self": "", "slides": [], "thumbnails": [], "download": ""},
            **changed,
        }
    )


def hear(meeting: Meeting, *found: records.File, seconds: int = 0, **more: Any) -> list[RoomFile]:
    """Tell the mirror, so many seconds after the meeting began."""
    observed_at = meeting.started_at + seconds * SECOND
    return apply_files(found, meeting=meeting, observed_at=observed_at, **more)


def test_a_file_brings_what_eyeson_says_of_it(meeting: Meeting) -> None:
    (row,) = hear(meeting, file(), seconds=5)

    assert row == RoomFile.objects.get()
    assert (row.room, row.meeting, row.account) == (meeting.room, meeting, "default")
    assert (row.name, row.content_type) == ("agenda.pdf", "application/pdf")
    assert row.created_at == meeting.started_at + 5 * SECOND
    assert (row.converted, row.conversion_progress, row.available_at) == (False, 0.0, None)


def test_a_link_makes_it_available_and_is_kept_nowhere(meeting: Meeting) -> None:
    hear(meeting, file())

    hear(meeting, file(converted=True, links={"download": LINK}), seconds=3)
    hear(meeting, file(converted=True, links={"download": LINK}), seconds=9)

    row = RoomFile.objects.get()
    assert row.available_at == meeting.started_at + 3 * SECOND
    assert "canary" not in repr(RoomFile.objects.values().get())


def test_that_it_is_available_is_told_once(
    meeting: Meeting, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    told: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        told.append(kwargs)

    file_available.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            hear(meeting, file())
            hear(meeting, file(links={"download": LINK}), seconds=3)
            hear(meeting, file(links={"download": LINK}), seconds=4)
    finally:
        file_available.disconnect(listen)

    assert [kwargs["room_file"] for kwargs in told] == [RoomFile.objects.get()]
    assert (told[0]["sender"], told[0]["room"]) == (RoomFile, meeting.room)
    assert told[0]["occurred_at"] == meeting.started_at + 3 * SECOND


def test_the_same_facts_in_any_order_and_number_leave_the_same_row() -> None:
    found = [
        (0, file()),
        (2, file(conversion_progress=0.5)),
        (4, file(failed=True, conversion_progress=0.75)),
        (6, file(name=None, converted=True, conversion_progress=1, links={"download": LINK})),
    ]
    seen = []
    for order in itertools.permutations(found):
        meeting = MeetingFactory()
        for seconds, record in [*order, order[0]]:
            hear(meeting, record, seconds=seconds)
        row = RoomFile.objects.get(meeting=meeting)
        seen.append(
            (
                row.name,
                row.content_type,
                row.converted,
                row.conversion_progress,
                row.conversion_failed,
                row.created_at - meeting.started_at,
                row.available_at - meeting.started_at,
            )
        )

    assert set(seen) == {("agenda.pdf", "application/pdf", True, 1.0, True, 0 * SECOND, 6 * SECOND)}


def test_the_same_id_in_another_meeting_is_another_file(meeting: Meeting) -> None:
    hear(meeting, file())
    hear(MeetingFactory(room=meeting.room), file(name="another.pdf"))

    assert {row.name for row in RoomFile.objects.all()} == {"agenda.pdf", "another.pdf"}


def test_a_list_twice_over_the_same_file_is_one_row(meeting: Meeting) -> None:
    assert len(set(hear(meeting, file(), file()))) == 1
    assert RoomFile.objects.count() == 1


def test_who_put_it_there_first_stays(meeting: Meeting) -> None:
    user, maker = UserFactory(), ParticipantFactory(room=meeting.room)
    hear(meeting, file(), requested_by=user, participant=maker)

    hear(
        meeting,
        file(),
        requested_by=UserFactory(),
        participant=ParticipantFactory(room=meeting.room),
    )

    row = RoomFile.objects.get()
    assert (row.requested_by, row.participant) == (user, maker)


def test_a_file_that_shows_again_is_not_missing(meeting: Meeting) -> None:
    hear(meeting, file())
    RoomFile.objects.update(missing_remotely_since=meeting.started_at + 5 * SECOND)

    hear(meeting, file(), seconds=4)
    assert RoomFile.objects.get().missing_remotely_since is not None

    hear(meeting, file(), seconds=6)
    assert RoomFile.objects.get().missing_remotely_since is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a\x00b\r\n.pdf", "ab.pdf"), (None, ""), ("x" * 300, "x" * 255), ("\ud800.pdf", ".pdf")],
)
def test_a_name_is_made_fit_for_every_database(
    meeting: Meeting, name: str | None, kept: str
) -> None:
    (row,) = hear(meeting, file(name=name, type=name))

    row.refresh_from_db()
    assert (row.name, row.content_type) == (kept, kept)


def test_what_is_known_already_costs_no_write(
    meeting: Meeting, django_assert_num_queries: Any
) -> None:
    found = [file(id=f"{number:024x}") for number in range(30)]
    hear(meeting, *found)

    # The transaction's two, the lock, the meeting and the rows.
    with django_assert_num_queries(5):
        hear(meeting, *found)
