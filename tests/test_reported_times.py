"""Rows with any time that eyeson may have reported: each is treated apart, and every page shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import models as fields
from django.test import Client
from django.utils import timezone

from eyeson_meetings import models
from eyeson_meetings.models.moments import shown_moment
from eyeson_meetings.models.times import ReportedTimeField, safe_time
from eyeson_meetings.possible_times import possible_time
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import files, media, retention, running
from eyeson_meetings.services.sync_files import SWEEP_AGES, meetings_to_sweep, pending_files
from tests import factories
from tests.crawling import routes
from tests.security.world import Belongings
from tests.services.truth import sync_once

pytestmark = pytest.mark.django_db

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
ODD = {
    "not said": None,
    "year 1": FIRST,
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "10000 years later": LAST,
    "year 9999": datetime(9999, 12, 25, tzinfo=UTC),
}
DAY = timedelta(days=1)

#: Times by the site's own clock. Every other time of the models may come from outside.
OWN_TIMES = {
    models.AccessKey: {"created_at"},
    models.Delivery: {"received_at", "next_attempt_at", "processed_at", "lease_until"},
    models.EntryCount: {"updated_at"},
    models.Invitation: {"created_at", "revoked_at"},
    models.Meeting: {"files_asked_at"},
    models.ObserverLease: {"taken_at", "renewed_at", "lease_until"},
    models.Participant: {"unconfirmed_since"},
    models.Permalink: {"deleted_at"},
    models.PermalinkHost: {"added_at"},
    models.Room: {"ahead_stored_at", "created_at", "closed_at"},
    models.SyncRun: {"started_at", "finished_at", "lease_until"},
    **{
        model: {"next_attempt_at", "lease_until", "stored_at", "deleted_remotely_at"}
        for model in (models.Recording, models.Snapshot, models.RoomFile)
    },
}


def reported_times(model: Any) -> list[Any]:
    return [
        field
        for field in model._meta.local_concrete_fields
        if isinstance(field, fields.DateTimeField) and field.name not in OWN_TIMES.get(model, set())
    ]


def make_odd(odd: datetime | None) -> None:
    """Write the time into every row, wherever it may be one of eyeson's."""
    for model in apps.get_app_config("eyeson_meetings").get_models():
        names = [field.name for field in reported_times(model) if odd is not None or field.null]
        if names:
            model._default_manager.update(**dict.fromkeys(names, odd))


def make_files() -> None:
    """Make recordings, snapshots and files in every state that a service looks for."""
    for state in ("none", "fetching", "failed"):
        for available_at in (None, timezone.now()):
            meeting = factories.MeetingFactory(ended=available_at is None)
            known = {"meeting": meeting, "store_state": state, "available_at": available_at}
            for factory in (
                factories.RecordingFactory,
                factories.SnapshotFactory,
                factories.RoomFileFactory,
            ):
                factory(**known, asked_at=timezone.now() - DAY)
            factories.AccessKeyFactory(meeting=meeting)


def test_every_time_is_the_sites_own_or_can_be_shown_whatever_eyeson_said() -> None:
    for model in apps.get_app_config("eyeson_meetings").get_models():
        names = {field.name for field in model._meta.local_concrete_fields}
        assert OWN_TIMES.get(model, set()) <= names, model
        for field in reported_times(model):
            assert isinstance(field, ReportedTimeField), f"{field} is not listed in OWN_TIMES."


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_one_odd_row_keeps_no_service_from_the_others(
    sandbox_account: SandboxServer, odd: datetime | None
) -> None:
    make_files()
    make_odd(odd)
    now = timezone.now()
    meeting = factories.MeetingFactory(started_at=now - DAY, ended=True)
    models.Meeting.objects.filter(pk=meeting.pk).update(ended_at=now - DAY / 3)
    sane = factories.RecordingFactory(meeting=meeting, created_at=now, available_at=now)
    pending = factories.RecordingFactory(meeting=meeting, created_at=now, available_at=None)

    assert sane in media.due()
    assert pending in list(pending_files(models.Recording, "default", now))
    assert meeting in meetings_to_sweep("default", now)
    report = sync_once()
    look = running.look_at_running("default")
    files.refresh_pending()
    retention.prune()
    media.fetch_due()

    assert report.errors == ()
    assert look.errors == ()
    meeting.refresh_from_db()
    assert meeting.swept_at is not None
    sane.refresh_from_db()
    assert sane.attempts == 1


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("who", ["superuser", "member"])
def test_every_page_shows_odd_rows(
    client: Client, odd: datetime | None, who: str, settings: Any
) -> None:
    settings.TIME_ZONE = "America/New_York" if odd == FIRST else "Europe/Vienna"
    world = Belongings.made("odd")
    make_files()
    make_odd(odd)
    user = world.member
    user.is_staff = user.is_superuser = who == "superuser"
    user.save()
    client.force_login(user)
    # Other tests may have used up what this user may ask the REST API.
    cache.clear()

    broken, shown = [], 0
    for _name, route in routes():
        address = world.address(route)
        answer = client.get(address)
        if answer.streaming:
            b"".join(answer)
        shown += answer.status_code == 200
        if answer.status_code >= 500 or (answer.status_code == 400 and "api" in address):
            broken.append((address, answer.status_code))

    assert broken == []
    assert shown > (60 if who == "superuser" else 20)


@pytest.mark.parametrize("odd", [FIRST, ODD["1970"], LAST])
@pytest.mark.parametrize("state", ["recording", "processing"])
def test_a_recording_with_an_impossible_date_does_not_fail_while_it_is_made(
    sandbox_account: SandboxServer, odd: datetime, state: str
) -> None:
    recording = factories.RecordingFactory(
        created_at=odd, available_at=None, remote_state=state, meeting__ended=True
    )

    for _ in range(2):
        sync_once(now=timezone.now())

    recording.refresh_from_db()
    assert recording.store_state == "none"


def test_a_recording_of_a_running_meeting_is_not_given_up_whatever_its_date_says(
    sandbox_account: SandboxServer,
) -> None:
    recording = factories.RecordingFactory(
        created_at=datetime(2016, 1, 1, tzinfo=UTC), available_at=None, remote_state="recording"
    )
    models.Meeting.objects.update(started_at=timezone.now())

    sync_once()

    recording.refresh_from_db()
    assert recording.store_state == "none"


@pytest.mark.parametrize("odd", [FIRST, ODD["1970"], LAST, None])
def test_eyesons_deadline_is_counted_from_times_that_can_be_true(odd: datetime | None) -> None:
    now = timezone.now()
    row = models.Recording(created_at=odd, available_at=now)

    assert row.lost_at == now + 14 * DAY
    assert models.Recording(created_at=odd, available_at=odd).lost_at is None


def test_which_times_can_be_true() -> None:
    now = timezone.now()
    possible = [datetime(2015, 1, 1, tzinfo=UTC), now, now + 2 * DAY]
    impossible = [datetime(2014, 12, 31, tzinfo=UTC), now + 2 * DAY + timedelta(seconds=1), LAST]

    assert [possible_time(time, now=now) for time in possible] == possible
    assert [possible_time(time, now=now) for time in impossible] == [None] * 3


@pytest.mark.parametrize("odd", [FIRST, LAST])
@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/New_York", "Pacific/Auckland"])
def test_times_at_the_ends_of_the_calendar_show_and_compute(odd: datetime, zone: str) -> None:
    time: Any = safe_time(odd)

    with timezone.override(zone):
        shown = shown_moment(odd)

    assert time == odd
    assert "1" in shown or "9" in shown
    assert abs((time + 400 * DAY) - odd) <= 401 * DAY
    assert abs((time - 400 * DAY) - odd) <= 401 * DAY


def test_ages_of_sweeps_are_those_of_meetings_that_ended_in_the_last_14_days() -> None:
    now = timezone.now()
    factories.MeetingFactory(started_at=now - 30 * DAY, ended=True)

    assert meetings_to_sweep("default", now) == []
    assert SWEEP_AGES[-1] == 13 * DAY
