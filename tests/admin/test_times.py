"""Pages of the admin write times as the language of who looks does, in the site's time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from eyeson_meetings.models import Delivery, Meeting, Room
from tests import factories

from .conftest import button_of, list_of, page_of

pytestmark = pytest.mark.django_db

#: Vienna is an hour ahead.
MOMENT = datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC)


@pytest.fixture
def running(db: None) -> Room:
    """A room with a meeting that goes on, somebody in it, a broadcast of it and a snapshot."""
    meeting = factories.MeetingFactory(started_at=MOMENT)
    factories.PresenceFactory(meeting=meeting, from_at=MOMENT + timedelta(hours=1))
    factories.BroadcastFactory(meeting=meeting, started_at=MOMENT)
    factories.SnapshotFactory(meeting=meeting, created_at=MOMENT)
    room: Room = meeting.room
    return room


def words_of(page: str) -> str:
    """A page's text in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize(
    ("language", "since", "moment", "second"),
    [
        ("en", "since 4:05 p.m.", "03/02/2026 3:05 p.m.", "03/02/2026 16:05:09"),
        ("de", "seit 16:05", "02.03.2026 15:05", "02.03.2026 16:05:09"),
    ],
)
def test_what_goes_on_and_went_on_is_told_in_the_language_of_who_looks(
    root: Client, running: Room, language: str, since: str, moment: str, second: str
) -> None:
    meeting = running.meetings.get()

    with translation.override(language):
        now = words_of(root.get(button_of(running, "now")).content.decode())
        page = words_of(root.get(page_of(running)).content.decode())
        of_meeting = words_of(root.get(page_of(meeting)).content.decode())

    assert f" {since}" in now
    assert moment in now
    # What goes on, and in the tables of meetings, snapshots and broadcasts.
    assert page.count(moment) == 4
    assert second in of_meeting


def test_a_list_of_deliveries_tells_seconds(root: Client) -> None:
    Delivery.objects.filter(pk=factories.DeliveryFactory().pk).update(received_at=MOMENT)

    with translation.override("de"), timezone.override("UTC"):
        assert "02.03.2026 14:05:09" in root.get(list_of(Delivery)).content.decode()


def test_a_page_writes_all_its_times_in_one_format(root: Client) -> None:
    meeting = factories.MeetingFactory(started_at=MOMENT, ended_at=MOMENT, ready_at=MOMENT)
    files = (
        factories.RecordingFactory(meeting=meeting, created_at=MOMENT, stored_at=MOMENT),
        factories.SnapshotFactory(meeting=meeting, created_at=MOMENT),
        factories.RoomFileFactory(meeting=meeting, created_at=MOMENT),
    )
    Room.objects.update(created_at=MOMENT, closed_at=MOMENT)
    invitation = factories.InvitationFactory(room=meeting.room, created_at=MOMENT)
    broadcast = factories.BroadcastFactory(meeting=meeting, started_at=MOMENT)
    visit = factories.PresenceFactory(meeting=meeting, from_at=MOMENT)
    delivery = factories.DeliveryFactory()
    Delivery.objects.update(received_at=MOMENT, sent_at=MOMENT)
    run = factories.SyncRunFactory(started_at=MOMENT)
    rows = (meeting, meeting.room, *files, broadcast, visit.participant, delivery, run)

    for address in (
        *map(page_of, (*rows, invitation)),
        list_of(type(run)),
        list_of(type(invitation)),
    ):
        page = words_of(root.get(address).content.decode())
        assert "03/02/2026" in page, address
        assert "March 2, 2026" not in page, address


def test_no_page_has_two_rows_of_one_name(root: Client) -> None:
    page = root.get(page_of(factories.DeliveryFactory())).content.decode()

    labels = re.findall(r"<label>([^<]+)</label>", page)
    assert "Eyeson id of the room:" in labels
    assert len(labels) == len(set(labels))


def test_an_end_of_which_nobody_told_is_said_to_be_estimated(admin_client: Client) -> None:
    meeting = factories.MeetingFactory(ended=True, end_found_at=MOMENT)
    told = factories.MeetingFactory(room=meeting.room, ended=True)

    def shown(address: str) -> str:
        return words_of(admin_client.get(address).content.decode())

    assert shown(list_of(Meeting)).count("(estimated)") == 1
    assert "(estimated)" in shown(page_of(meeting.room))
    assert "End found" in shown(page_of(meeting))
    assert "(estimated)" in shown(page_of(meeting))
    assert "End found" not in shown(page_of(told))
