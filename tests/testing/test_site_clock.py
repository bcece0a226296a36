"""`advance(site=True)` moves the clock of the site along with eyeson's, until the test ends."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from eyeson_meetings.exceptions import NotAllowedError
from eyeson_meetings.models import Meeting, Recording, Room
from eyeson_meetings.services import media, recordings
from eyeson_meetings.services.accounts import client_for
from eyeson_meetings.services.guests import guest_token_for, invite, open_guest_link
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.sync import sync_account
from eyeson_meetings.testing.sandbox import EyesonSandbox, use_sandbox

pytestmark = pytest.mark.any_database

HOUR = 3600
DAY = 86_400
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
#: How far two clocks may be apart on a slow machine, in seconds.
SLOW = 600


@pytest.fixture(autouse=True)
def _real_time_afterwards() -> Iterator[None]:
    """Fail if the clock of the site is still moved when the fixtures of the test have ended."""
    ahead_seconds = time.time() - time.monotonic()
    yield
    assert not time_machine.escape_hatch.is_travelling()
    assert time.time() - time.monotonic() == pytest.approx(ahead_seconds, abs=SLOW)


def seconds_ahead(sandbox: EyesonSandbox) -> float:
    """How far eyeson's clock is ahead of the site's."""
    return sandbox.state.clock.now() - time.time()


@pytest.fixture
def _recorded(eyeson_sandbox: EyesonSandbox, eyeson_meeting: Meeting, eyeson_host: Any) -> None:
    """A recording of a meeting that has ended; the site has received no webhook of either."""
    recordings.start_recording(meeting=eyeson_meeting, user=eyeson_host)
    eyeson_sandbox.advance(60, site=True)
    recordings.stop_recording(meeting=eyeson_meeting, user=eyeson_host)
    eyeson_sandbox.advance(2, site=True)
    eyeson_sandbox.end(eyeson_meeting.room)


def test_both_clocks_move_by_the_sum_of_all_calls(eyeson_sandbox: EyesonSandbox) -> None:
    before, monotonic_before = time.time(), time.monotonic()

    eyeson_sandbox.advance(HOUR, site=True)
    eyeson_sandbox.advance(13.5 * DAY, site=True)

    expected = pytest.approx(before + HOUR + 13.5 * DAY, abs=SLOW)
    assert time.time() == expected
    assert datetime.now(UTC).timestamp() == expected
    assert timezone.now().timestamp() == expected
    assert eyeson_sandbox.state.clock.now() == expected
    assert time.monotonic() - monotonic_before < SLOW


def test_the_clock_of_the_site_runs_on(eyeson_sandbox: EyesonSandbox) -> None:
    eyeson_sandbox.advance(DAY, site=True)
    before, monotonic_before = time.time(), time.monotonic()

    time.sleep(0.05)

    passed = time.monotonic() - monotonic_before
    assert time.time() - before == pytest.approx(passed, abs=0.04)


def test_without_site_the_distance_grows_and_is_kept(eyeson_sandbox: EyesonSandbox) -> None:
    eyeson_sandbox.advance(DAY)
    assert seconds_ahead(eyeson_sandbox) == pytest.approx(DAY, abs=1)

    eyeson_sandbox.advance(DAY, site=True)
    assert seconds_ahead(eyeson_sandbox) == pytest.approx(DAY, abs=1)

    eyeson_sandbox.advance(HOUR)
    assert seconds_ahead(eyeson_sandbox) == pytest.approx(DAY + HOUR, abs=1)


def test_a_clock_of_eyeson_that_stands_still_moves_with_the_site(
    eyeson_sandbox: EyesonSandbox,
) -> None:
    clock = eyeson_sandbox.state.clock
    clock.stand_still()
    before = clock.now()

    eyeson_sandbox.advance(DAY, site=True)

    assert clock.now() == before + DAY
    assert seconds_ahead(eyeson_sandbox) == pytest.approx(0, abs=SLOW)


def test_negative_seconds_move_no_clock(eyeson_sandbox: EyesonSandbox) -> None:
    with pytest.raises(ValueError, match="backwards"):
        eyeson_sandbox.advance(-1, site=True)

    assert not time_machine.escape_hatch.is_travelling()


def test_the_context_manager_puts_the_clock_back_also_after_an_error() -> None:
    def fail_with_the_clock_moved() -> None:
        with use_sandbox() as sandbox:
            sandbox.advance(13 * DAY, site=True)
            raise LookupError

    before = time.time()

    with pytest.raises(LookupError):
        fail_with_the_clock_moved()

    assert time.time() == pytest.approx(before, abs=SLOW)


def test_the_sandbox_of_the_next_test_has_real_time() -> None:
    with use_sandbox() as sandbox:
        sandbox.advance(13 * DAY, site=True)

    with use_sandbox() as sandbox:
        assert seconds_ahead(sandbox) == pytest.approx(0, abs=SLOW)


def test_a_frozen_clock_of_the_test_is_moved_and_stays_frozen() -> None:
    before = time.time()
    with use_sandbox() as sandbox:
        with time_machine.travel(NOON, tick=False) as traveller:
            sandbox.advance(HOUR, site=True)
            assert timezone.now() == NOON + timedelta(hours=1)
            traveller.shift(5)
            assert timezone.now() == NOON + timedelta(hours=1, seconds=5)
            sandbox.advance(HOUR, site=True)
            assert timezone.now() == NOON + timedelta(hours=2, seconds=5)

        assert time.time() == pytest.approx(before + 2 * HOUR, abs=SLOW)
        assert seconds_ahead(sandbox) == pytest.approx(0, abs=1)

    assert time.time() == pytest.approx(before, abs=SLOW)


def test_a_travel_around_the_sandbox_is_put_back() -> None:
    with time_machine.travel(NOON, tick=False):
        with use_sandbox() as sandbox:
            sandbox.advance(HOUR, site=True)
            assert timezone.now() == NOON + timedelta(hours=1)

        assert timezone.now() == NOON


def test_a_travel_that_begins_later_may_end_later_than_the_sandbox() -> None:
    travel = time_machine.travel(NOON, tick=False)
    with use_sandbox() as sandbox:
        sandbox.advance(HOUR, site=True)
        travel.start()
        sandbox.advance(HOUR, site=True)
        assert timezone.now() == NOON + timedelta(hours=1)

    assert timezone.now() == NOON
    travel.stop()
    assert not time_machine.escape_hatch.is_travelling()


def test_a_travel_ended_by_the_test_in_our_place_does_no_harm() -> None:
    with use_sandbox() as sandbox:
        sandbox.advance(HOUR, site=True)
        time_machine.travel(NOON).stop()

    assert not time_machine.escape_hatch.is_travelling()


def test_while_freezegun_holds_the_clock_nothing_is_moved(
    eyeson_sandbox: EyesonSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FakeDatetime(datetime):
        """Named like the class that freezegun puts in the place of `datetime`."""

    with monkeypatch.context() as patch:
        patch.setattr(dt, "datetime", FakeDatetime)
        with pytest.raises(RuntimeError, match="while freezegun holds it"):
            eyeson_sandbox.advance(DAY, site=True)

    assert seconds_ahead(eyeson_sandbox) == pytest.approx(0, abs=SLOW)


@pytest.mark.django_db
def test_times_in_answers_of_eyeson_fit_the_clock_of_the_site(
    eyeson_sandbox: EyesonSandbox,
) -> None:
    eyeson_sandbox.advance(13 * DAY, site=True)

    answer = client_for("default").rooms.list()

    assert abs(answer.observed_at - timezone.now()) < timedelta(seconds=SLOW)


@pytest.mark.django_db
@pytest.mark.usefixtures("_recorded")
@pytest.mark.parametrize("learns_by", ["webhooks", "sync"])
def test_a_recording_is_downloaded_after_an_outage_of_13_days(
    eyeson_sandbox: EyesonSandbox, learns_by: str
) -> None:
    eyeson_sandbox.advance(13 * DAY, site=True)
    if learns_by == "webhooks":
        eyeson_sandbox.deliver_webhooks()
    else:
        assert sync_account("default").errors == ()

    row = Recording.objects.get()
    assert row.lost_at is not None
    assert timedelta(hours=23) < row.lost_at - timezone.now() < timedelta(hours=25)
    assert row.meeting is not None
    assert row.meeting.ended_at is not None

    media.fetch_due()

    row.refresh_from_db()
    assert row.is_stored


@pytest.mark.django_db
@pytest.mark.usefixtures("_recorded")
def test_a_recording_is_lost_after_an_outage_of_15_days(eyeson_sandbox: EyesonSandbox) -> None:
    eyeson_sandbox.advance(15 * DAY, site=True)
    eyeson_sandbox.deliver_webhooks()

    media.fetch_due()

    row = Recording.objects.get()
    assert row.lost_at is not None
    assert row.lost_at < timezone.now()
    assert not row.is_stored


@pytest.mark.django_db
def test_a_meeting_begins_and_ends_after_13_days(
    eyeson_sandbox: EyesonSandbox, eyeson_room: Room, eyeson_host: Any
) -> None:
    eyeson_sandbox.advance(13 * DAY, site=True)
    began_at = timezone.now()

    join_room(room=eyeson_room, user=eyeson_host)
    eyeson_sandbox.advance(2, site=True)
    eyeson_sandbox.deliver_webhooks()

    meeting = eyeson_room.meetings.get()
    assert meeting.ready_at is not None
    assert abs(meeting.started_at - began_at) < timedelta(seconds=SLOW)
    assert sync_account("default").errors == ()
    meeting.refresh_from_db()
    assert meeting.ended_at is None

    eyeson_sandbox.end(eyeson_room)
    eyeson_sandbox.deliver_webhooks()

    meeting.refresh_from_db()
    assert meeting.ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_webhooks_that_are_sent_by_themselves_arrive(
    eyeson_sandbox: EyesonSandbox,
    eyeson_room: Room,
    eyeson_host: Any,
    live_server: Any,
    settings: Any,
) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": live_server.url}
    eyeson_sandbox.register_webhooks()
    eyeson_sandbox.knobs.turn(drop_deliveries=False)
    eyeson_sandbox.advance(13 * DAY, site=True)

    join_room(room=eyeson_room, user=eyeson_host)
    eyeson_sandbox.advance(2, site=True)

    assert eyeson_sandbox.settle()
    assert eyeson_room.meetings.get().ready_at is not None


@pytest.mark.django_db
def test_invitations_signatures_and_sessions_expire(
    eyeson_sandbox: EyesonSandbox, eyeson_room: Room, eyeson_host: Any, client: Client
) -> None:
    expires_at = timezone.now() + timedelta(days=2)
    token = guest_token_for(invitation=invite(room=eyeson_room, expires_at=expires_at))
    signed = signing.dumps("a link of the site")
    client.force_login(eyeson_host)

    eyeson_sandbox.advance(DAY, site=True)
    assert open_guest_link(token).room == eyeson_room
    assert signing.loads(signed, max_age=2 * DAY) == "a link of the site"
    assert client.session.get("_auth_user_id") == str(eyeson_host.pk)

    eyeson_sandbox.advance(14 * DAY, site=True)
    with pytest.raises(NotAllowedError):
        open_guest_link(token)
    with pytest.raises(signing.SignatureExpired):
        signing.loads(signed, max_age=2 * DAY)
    assert client.session.get("_auth_user_id") is None
