"""Permalink rooms: made at eyeson, entered with a host's token, and everything that may become of them."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from django.apps import apps
from django.db import connection

from eyeson_meetings.exceptions import (
    EyesonError,
    KeyRefusedError,
    MeetingNotRunningError,
    NetworkError,
    NoPermalinkError,
    PermalinkDeletedError,
    PermalinkEndKeptError,
    PermalinkExpiredError,
    UnavailableError,
    UnknownAccountError,
)
from eyeson_meetings.models import (
    AccessKey,
    Meeting,
    Participant,
    Permalink,
    PermalinkHost,
    Recording,
    Room,
)
from eyeson_meetings.sandbox.permalinks import Permalink as SandboxPermalink
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.control import control_of
from eyeson_meetings.services.members import add_member
from eyeson_meetings.services.permalinks import (
    add_permalink_host,
    change_permalink,
    create_permalink_room,
    delete_permalink,
    refresh_permalink,
    remove_permalink_host,
)
from eyeson_meetings.services.recordings import start_recording, stop_recording
from eyeson_meetings.services.rooms import (
    change_room,
    create_room,
    end_meeting,
    join_as_guest,
    join_room,
)
from eyeson_meetings.services.snapshots import take_snapshot
from tests.factories import RoomFactory, UserFactory

from .meetings import (
    API_KEY,
    CLOSED_PORT,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    meanwhile,
    owner_of,
    rows,
    use_account,
)
from .truth import sync_once

pytestmark = pytest.mark.django_db

FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
LOOK = "GET /permalink/{permalink_id}"
START = "POST /permalink/{user_token}"
ADD_HOST = "POST /permalink/{permalink_id}/users"


def at_eyeson(sandbox: SandboxServer, room: Room) -> SandboxPermalink:
    return sandbox.service.permalinks.find(API_KEY, room.eyeson_id)


def calls_during(sandbox: SandboxServer, act: Callable[[], Any]) -> list[str]:
    before = len(calls_of(sandbox))
    act()
    return calls_of(sandbox)[before:]


def make_elsewhere(sandbox: SandboxServer, **form: str) -> dict[str, Any]:
    """A permalink of the same API key that somebody makes past the site."""
    answer = requests.post(
        f"{sandbox.url}/permalink",
        headers={"Authorization": API_KEY},
        data={"user[name]": "Grace", "name": "Made elsewhere", **form},
        timeout=60,
    )
    made: dict[str, Any] = answer.json()
    return made


def text_with_locals(error: BaseException) -> str:
    """As an error report shows it, with the variables of every frame but the test's own."""
    frames = error.__traceback__ and error.__traceback__.tb_next
    report = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    return "".join(report.format())


# Making


def test_a_permalink_room_is_made_at_eyeson_with_its_first_host(
    sandbox_account: SandboxServer,
) -> None:
    host = UserFactory(first_name="Ada")

    room = create_permalink_room(
        name="Clinic",
        host=host,
        expires_at=FUTURE,
        guest_access=Room.GuestAccess.LINK,
        options={"show_names": False},
        metadata={"ward": 7},
    )

    room.refresh_from_db()
    made = at_eyeson(sandbox_account, room)
    assert (made.name, made.options, made.expires_at) == (
        "Clinic",
        {"show_names": False},
        FUTURE.timestamp(),
    )
    assert (room.name, room.adopted, room.guest_access) == ("Clinic", False, "link")
    assert (room.options, room.metadata) == ({"show_names": False}, {"ward": 7})
    assert [(member.user, member.role) for member in room.members.all()] == [(host, "host")]
    permalink = room.permalink
    assert (permalink.expires_at, permalink.state) == (FUTURE, "valid")
    assert permalink.created_at is not None
    kept = permalink.hosts.get()
    assert (kept.user, kept.user_token) == (host, made.hosts[0].user_token)
    assert kept.participant.eyeson_id == made.hosts[0].id
    assert calls_of(sandbox_account) == ["POST /permalink"]
    assert not Meeting.objects.exists()


def test_without_a_host_the_site_itself_is_the_first(sandbox_account: SandboxServer) -> None:
    room = create_permalink_room(name="Clinic")

    assert room.permalink.hosts.get().participant.is_service
    assert [host.name for host in at_eyeson(sandbox_account, room).hosts] == ["Meeting service"]


def test_what_cannot_be_made_leaves_no_row(sandbox_account: SandboxServer, settings: Any) -> None:
    with pytest.raises(UnknownAccountError):
        create_permalink_room(name="Clinic", account="elsewhere")
    with pytest.raises(ValueError, match="time zone"):
        create_permalink_room(name="Clinic", expires_at=datetime(2099, 1, 1))  # noqa: DTZ001
    assert sandbox_account.calls == []
    use_account(settings, API_KEY="another-key")
    with pytest.raises(KeyRefusedError):
        create_permalink_room(name="Clinic")
    use_account(settings, BASE_URL=CLOSED_PORT)
    with pytest.raises(NetworkError):
        create_permalink_room(name="Clinic")

    assert not Room.objects.exists()
    assert not Participant.objects.exists()


# The whole main job


def test_people_guests_and_the_site_itself_meet_in_a_permalink_room(
    sandbox_account: SandboxServer,
) -> None:
    host, member, staff = UserFactory(), UserFactory(), UserFactory()
    room = create_permalink_room(name="Clinic", host=host, guest_access=Room.GuestAccess.LINK)
    add_member(room=room, user=member)
    with pytest.raises(MeetingNotRunningError):
        join_as_guest(room=room, name="Jonas")

    assert calls_during(sandbox_account, lambda: join_room(room=room, user=host)) == [START]
    joined = join_room(room=room, user=member)
    sandbox_account.advance(2)
    guest = join_as_guest(room=room, name="Jonas")

    meeting = Meeting.objects.get()
    assert joined.meeting == guest.meeting == meeting
    assert owner_of(sandbox_account, joined) == joined.participant.eyeson_id
    assert (joined.participant.user, guest.participant.guest) == (member, True)
    # Not a member of the meeting: the site acts for them, itself a host.
    start_recording(meeting=meeting, user=staff)
    take_snapshot(meeting=meeting, user=staff)
    stop_recording(meeting=meeting, user=host)
    sandbox_account.advance(2)
    sync_once()
    assert Recording.objects.get().remote_state == "available"
    assert meeting.snapshots.count() == 1
    service = Participant.objects.get(is_service=True)
    assert Recording.objects.get().participant == service
    assert set(PermalinkHost.objects.values_list("participant__user", flat=True)) == {
        host.pk,
        member.pk,
        None,
    }
    end_meeting(meeting=meeting, user=host)
    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert not AccessKey.objects.exists()
    again = join_room(room=room, user=host)
    assert again.meeting is not None
    assert again.meeting != meeting
    assert again.participant.user == host
    assert "POST /rooms" not in calls_of(sandbox_account)
    assert [room.pk] == list(Room.objects.values_list("pk", flat=True))


def test_the_site_starts_no_meeting_by_acting_in_one_that_is_over(
    sandbox_account: SandboxServer,
) -> None:
    room = create_permalink_room(name="Clinic", host=UserFactory())
    meeting = join_room(room=room, user=UserFactory()).meeting
    assert meeting is not None
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(Exception, match="410|GET /rooms"):
        control_of(meeting=meeting)

    assert not sandbox_account.state.running(API_KEY)


# Hosts


def test_who_joins_becomes_a_host_once(sandbox_account: SandboxServer) -> None:
    room, user = create_permalink_room(name="Clinic"), UserFactory()

    first = calls_during(sandbox_account, lambda: join_room(room=room, user=user))
    second = calls_during(sandbox_account, lambda: join_room(room=room, user=user))
    beforehand = add_permalink_host(room=room, user=user)

    assert (first, second) == ([LOOK, ADD_HOST, START], [START])
    assert beforehand == room.permalink.hosts.get(participant__user=user)
    assert len(at_eyeson(sandbox_account, room).hosts) == 2


def test_a_new_name_of_a_person_makes_a_new_token_and_withdraws_the_old(
    sandbox_account: SandboxServer,
) -> None:
    user = UserFactory(first_name="Ada", last_name="Byron")
    room = create_permalink_room(name="Clinic", host=user)
    old = room.permalink.hosts.get()
    user.last_name = "Lovelace"
    user.save()

    joined = join_room(room=room, user=user)

    new = room.permalink.hosts.get()
    assert (new.pk, new.name, new.participant) == (old.pk, "Ada Lovelace", joined.participant)
    (host,) = at_eyeson(sandbox_account, room).hosts
    assert (host.name, host.user_token) == ("Ada Lovelace", new.user_token)
    assert new.user_token != old.user_token


def test_a_token_that_was_revoked_elsewhere_or_cannot_be_read_is_made_anew(
    sandbox_account: SandboxServer, settings: Any
) -> None:
    user = UserFactory()
    room = create_permalink_room(name="Clinic", host=user)
    at_eyeson(sandbox_account, room).hosts.clear()

    assert join_room(room=room, user=user).meeting is not None
    settings.SECRET_KEY = "another key entirely"
    assert join_room(room=room, user=user).meeting is not None

    assert room.permalink.hosts.get().user_token
    assert Participant.objects.filter(user=user).count() == 1


def test_a_host_who_is_removed_starts_nothing_by_the_old_token(
    sandbox_account: SandboxServer,
) -> None:
    user = UserFactory()
    room = create_permalink_room(name="Clinic", host=user)
    token = room.permalink.hosts.get().user_token

    remove_permalink_host(room=room, user=user)
    remove_permalink_host(room=room, user=user)

    assert not PermalinkHost.objects.exists()
    answer = requests.post(f"{sandbox_account.url}/permalink/{token}", timeout=60)
    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_two_first_joins_at_once_make_one_participant_and_one_host(
    sandbox_account: SandboxServer,
) -> None:
    room, user = create_permalink_room(name="Clinic"), UserFactory()

    joined = []

    def join() -> None:
        with contextlib.closing(connection):
            joined.append(join_room(room=room, user=user))

    for name in ("Ada", "Augusta"):
        user.first_name = name
        user.save()
        # Neither of them finds a host of that name.
        with meanwhile(sandbox_account, *ADD_HOST.split(), join):
            joined.append(join_room(room=room, user=user))

    assert [entry.participant for entry in joined] == [joined[0].participant] * 4
    kept = PermalinkHost.objects.get(participant__user=user)
    assert kept.name == user.get_full_name()
    assert [host.user_token for host in at_eyeson(sandbox_account, room).hosts[1:]] == [
        kept.user_token
    ]


def test_no_user_token_is_in_a_log_an_error_or_a_plain_column(
    sandbox_account: SandboxServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host, member = UserFactory(), UserFactory()
    room = create_permalink_room(name="Clinic", host=host)
    made = at_eyeson(sandbox_account, room)
    joined = [join_room(room=room, user=user) for user in (host, member)]
    tokens = [each.user_token for each in made.hosts]
    sandbox_account.service.faults.add("garbage", method="POST", route=START.split()[1])
    errors: list[BaseException] = []
    for base_url in (sandbox_account.url, CLOSED_PORT):
        use_account(settings, BASE_URL=base_url)
        with pytest.raises(EyesonError) as caught:
            join_room(room=room, user=host)
        errors.append(caught.value)
    with pytest.raises(NetworkError) as refused:
        remove_permalink_host(room=room, user=member)
    errors.append(refused.value)

    said = [text_with_locals(error) for error in errors]
    columns = [
        str(list(model._base_manager.values()))
        for model in apps.get_app_config("eyeson_meetings").get_models()
    ]
    assert len(tokens) == 2
    for token in tokens:
        assert token not in "".join((caplog.text, repr(joined), *said, *columns))


# Changes


def test_a_new_name_and_more_time_are_told_at_once(sandbox_account: SandboxServer) -> None:
    room = create_permalink_room(name="Clinic", host=UserFactory(), options={"widescreen": False})

    permalink = change_permalink(room=room, name="Evening clinic", expires_at=FUTURE)

    made = at_eyeson(sandbox_account, room)
    assert (made.name, made.expires_at) == ("Evening clinic", FUTURE.timestamp())
    assert made.options == {"widescreen": False}
    room.refresh_from_db()
    assert (room.name, permalink.name, permalink.expires_at) == (
        "Evening clinic",
        "Evening clinic",
        FUTURE,
    )
    # Less of it, in the same second of eyeson's clock.
    sooner = FUTURE - timedelta(days=400)
    assert change_permalink(room=room, expires_at=sooner).expires_at == sooner


def test_an_end_is_taken_away_and_stays_away(sandbox_account: SandboxServer) -> None:
    room = create_permalink_room(name="Clinic", expires_at=FUTURE, options={"widescreen": False})

    permalink = change_permalink(room=room, name="Ward", without_end=True)

    made = at_eyeson(sandbox_account, room)
    assert (permalink.expires_at, made.expires_at) == (None, None)
    assert (made.name, made.options) == ("Ward", {"widescreen": False})
    assert calls_of(sandbox_account)[1:] == [
        "GET /permalink/{permalink_id}",
        "PUT /permalink/{permalink_id}",
        "GET /permalink/{permalink_id}",
    ]
    # Neither a look in the same second nor a rename brings it back, and it can have one again.
    assert refresh_permalink(room=room).expires_at is None
    assert change_permalink(room=room, name="Clinic").expires_at is None
    assert change_permalink(room=room, expires_at=FUTURE).expires_at == FUTURE


def test_an_end_that_eyeson_keeps_is_told_and_shown(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.permalink_end_removable = False
    room = create_permalink_room(name="Clinic", expires_at=FUTURE)

    with pytest.raises(PermalinkEndKeptError, match="eyeson has kept the end"):
        change_permalink(room=room, name="Ward", without_end=True)

    room.refresh_from_db()
    assert (room.name, room.permalink.name) == ("Ward", "Ward")
    assert room.permalink.expires_at == FUTURE


def test_an_end_of_which_eyeson_does_not_say_what_became_is_not_confirmed(
    sandbox_account: SandboxServer,
) -> None:
    room = create_permalink_room(name="Clinic", expires_at=FUTURE)

    def break_the_next_look() -> None:
        sandbox_account.service.faults.add(
            "status", method="GET", route="/permalink/{permalink_id}", status=503
        )

    with (
        meanwhile(sandbox_account, "PUT", "/permalink/{permalink_id}", break_the_next_look),
        pytest.raises(UnavailableError) as caught,
    ):
        change_permalink(room=room, without_end=True)

    assert caught.value.may_be_done


def test_an_end_and_none_contradict_each_other(sandbox_account: SandboxServer) -> None:
    room = create_permalink_room(name="Clinic")
    asked = len(sandbox_account.calls)

    with pytest.raises(ValueError, match="not both"):
        change_permalink(room=room, expires_at=FUTURE, without_end=True)

    assert len(sandbox_account.calls) == asked


def test_a_name_or_options_changed_here_are_told_by_the_next_join_alone(
    sandbox_account: SandboxServer,
) -> None:
    user = UserFactory()
    room = create_permalink_room(name="Clinic", host=user, expires_at=FUTURE)
    change_room(room=room, name="Evening clinic")
    room.options = {"show_names": False}
    room.save()

    told = calls_during(sandbox_account, lambda: join_room(room=room, user=user))
    later = calls_during(sandbox_account, lambda: join_room(room=room, user=user))

    assert told == [LOOK, "PUT /permalink/{permalink_id}", START]
    assert later == [START]
    made = at_eyeson(sandbox_account, room)
    assert (made.name, made.options) == ("Evening clinic", {"show_names": False})
    assert made.expires_at == FUTURE.timestamp()
    assert in_sandbox(sandbox_account, room).options["show_names"] is False


# The end


def test_after_its_end_a_permalink_starts_nothing_until_it_is_extended(
    sandbox_account: SandboxServer,
) -> None:
    host, late = UserFactory(), UserFactory()
    soon = datetime.fromtimestamp(sandbox_account.state.clock.now(), UTC) + timedelta(hours=1)
    room = create_permalink_room(name="Clinic", host=host, expires_at=soon)
    sandbox_account.advance(3700)
    before = rows()

    for user in (host, late):
        with pytest.raises(PermalinkExpiredError, match="Extend it first"):
            join_room(room=room, user=user)

    assert rows() == before
    assert len(at_eyeson(sandbox_account, room).hosts) == 1
    change_permalink(room=room, expires_at=FUTURE)
    assert join_room(room=room, user=late).meeting is not None


def test_a_meeting_goes_on_past_the_end_and_lets_members_in(
    sandbox_account: SandboxServer,
) -> None:
    soon = datetime.fromtimestamp(sandbox_account.state.clock.now(), UTC) + timedelta(hours=1)
    room = create_permalink_room(name="Clinic", host=UserFactory(), expires_at=soon)
    meeting = join_room(room=room, user=UserFactory()).meeting
    assert meeting is not None
    at_eyeson(sandbox_account, room).expires_at = soon.timestamp() - 7200

    sandbox_account.advance(2)

    assert join_room(room=room, user=UserFactory()).meeting == meeting
    start_recording(meeting=meeting)
    meeting.refresh_from_db()
    assert meeting.is_recorded


def test_a_deleted_permalink_lets_nobody_in_and_its_history_stays(
    sandbox_account: SandboxServer,
) -> None:
    host = UserFactory()
    room = create_permalink_room(name="Clinic", host=host)
    meeting = join_room(room=room, user=host).meeting
    assert meeting is not None
    end_meeting(meeting=meeting)

    deleted = delete_permalink(room=room)

    assert (deleted.state, deleted.hosts.count()) == ("deleted", 0)
    assert delete_permalink(room=room).deleted_at == deleted.deleted_at
    assert refresh_permalink(room=room).state == "deleted"
    with pytest.raises(PermalinkDeletedError):
        change_permalink(room=room, expires_at=FUTURE)
    calls = calls_of(sandbox_account)
    with pytest.raises(PermalinkDeletedError, match="nobody can come in"):
        join_room(room=room, user=host)
    assert calls_of(sandbox_account) == calls
    assert Meeting.objects.get() == meeting
    assert list(room.members.values_list("user", flat=True)) == [host.pk]


def test_one_that_was_deleted_elsewhere_is_missing_and_says_so(
    sandbox_account: SandboxServer,
) -> None:
    host = UserFactory()
    room = create_permalink_room(name="Clinic", host=host)
    sandbox_account.service.permalinks.delete(at_eyeson(sandbox_account, room))
    before = rows()

    with pytest.raises(PermalinkDeletedError):
        join_room(room=room, user=host)

    assert Permalink.objects.get().state == "missing"
    assert refresh_permalink(room=room).state == "missing"
    for act in (
        lambda: change_permalink(room=room, name="Evening clinic"),
        lambda: add_permalink_host(room=room, user=UserFactory()),
    ):
        with pytest.raises(PermalinkDeletedError):
            act()
    room.refresh_from_db()
    assert room.name == "Clinic"
    assert rows() == before
    assert delete_permalink(room=room).state == "deleted"


# Rooms made otherwise


def test_a_room_made_otherwise_never_becomes_a_permalink_room(
    sandbox_account: SandboxServer,
) -> None:
    made = make_elsewhere(sandbox_account)
    room = create_room(name="Ours", eyeson_id=made["permalink"]["id"])

    report = sync_once()

    assert not Permalink.objects.exists()
    assert report.errors == ()
    for act in (refresh_permalink, delete_permalink, change_permalink):
        with pytest.raises(NoPermalinkError, match="no permalink"):
            act(room=room)
    with pytest.raises(NoPermalinkError, match="no permalink"):
        remove_permalink_host(room=RoomFactory(), user=None)


# Sync


def test_sync_adopts_what_was_made_elsewhere_and_staff_may_join_it(
    sandbox_account: SandboxServer,
) -> None:
    made = make_elsewhere(sandbox_account, expires_at="2099-01-01T00:00:00Z")

    report = sync_once()

    room = Room.objects.get()
    assert (room.eyeson_id, room.adopted, room.name) == (
        made["permalink"]["id"],
        True,
        "Made elsewhere",
    )
    assert room.permalink.expires_at == FUTURE
    assert report.counts["permalinks"] == 1
    # Whoever else is a host there, the site holds no token of theirs.
    assert not PermalinkHost.objects.exists()
    assert join_room(room=room, user=UserFactory()).meeting is not None
    assert at_eyeson(sandbox_account, room).name == "Made elsewhere"


def test_sync_learns_of_changes_and_deletions_once_an_hour_and_deletes_nothing(
    sandbox_account: SandboxServer,
) -> None:
    changed, gone = (create_permalink_room(name=name) for name in ("Clinic", "Desk"))
    with sandbox_account.state.locked():
        made = sandbox_account.service.permalinks
        for number in range(25):
            host = made.new_host(name="Grace", user_id=None, avatar=None)
            made.create(API_KEY, name=f"Room {number}", options={}, expires_at=None, host=host)
    sandbox_account.advance(1)
    at_eyeson(sandbox_account, changed).expires_at = FUTURE.timestamp()
    sandbox_account.service.permalinks.delete(at_eyeson(sandbox_account, gone))

    first = sync_once()
    second = sync_once()
    asked = sync_once(permalinks_pause=timedelta(0))

    assert first.counts["permalinks"] == 26
    assert first.counts["missing"] == 1
    # GET /rooms, two pages, and one look at what the pages lack.
    assert (first.calls, second.calls, asked.calls) == (4, 1, 3)
    changed.permalink.refresh_from_db()
    gone.permalink.refresh_from_db()
    assert changed.permalink.expires_at == FUTURE
    assert (gone.permalink.state, gone.permalink.hosts.count()) == ("missing", 1)
