"""Moments are written in the site's time zone, and as the active language writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation

import eyeson_meetings
from eyeson_meetings.models import Presence
from eyeson_meetings.models.moments import shown_interval, shown_moment
from tests.factories import MeetingFactory, ParticipantFactory

#: Vienna is an hour ahead.
MOMENT = datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC)
PACKAGE = Path(eyeson_meetings.__file__).parent


@pytest.mark.parametrize(
    ("language", "short", "with_seconds"),
    [
        ("en", "03/02/2026 3:05 p.m.", "03/02/2026 15:05:09"),
        ("de", "02.03.2026 15:05", "02.03.2026 15:05:09"),
    ],
)
def test_a_moment_is_written_as_the_language_does(
    language: str, short: str, with_seconds: str
) -> None:
    with translation.override(language):
        assert shown_moment(MOMENT) == short
        assert shown_moment(MOMENT, with_seconds=True) == with_seconds


def test_an_interval_that_goes_on_has_no_end() -> None:
    with translation.override("de"):
        assert shown_interval(MOMENT, MOMENT + timedelta(hours=1)) == (
            "02.03.2026 15:05:09 – 02.03.2026 16:05:09"
        )
        assert shown_interval(MOMENT, None) == "02.03.2026 15:05:09 – …"


def test_rows_are_named_in_the_language_of_who_looks() -> None:
    meeting = MeetingFactory.build(room__name="Standup", started_at=MOMENT)
    person = ParticipantFactory.build(room=meeting.room, name="Ada")
    presence = Presence(participant=person, meeting=meeting, from_at=MOMENT)

    with translation.override("de"):
        assert str(meeting) == "Standup 02.03.2026 15:05"
        assert str(presence) == "Ada 02.03.2026 15:05:09 – …"


def test_no_page_and_no_name_of_a_row_has_a_format_of_its_own() -> None:
    """Use SHORT_DATETIME_FORMAT and TIME_FORMAT in templates, `shown_moment` in Python."""
    sources = [
        *(PACKAGE / "templates").rglob("*.html"),
        *(PACKAGE / "models").rglob("*.py"),
        *(PACKAGE / "admin").rglob("*.py"),
    ]
    # "c" is for machines, and so is what a field for date and time takes.
    own = re.compile(r"""\|(?:date|time):["'](?!\w*_FORMAT|c["'])|%Y-%m|%H:%M""")
    allowed = re.compile(r'format="%Y-%m-%dT%H:%M(:%S)?"')

    found = [path.name for path in sources if own.search(allowed.sub("", path.read_text("utf-8")))]

    assert found == []
