"""The site acts by the acting user's own key or its own participant's, and only in the meeting meant."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from eyeson_meetings import crypto
from eyeson_meetings.exceptions import (
    MeetingEndedError,
    NetworkError,
    UnexpectedAnswerError,
)
from eyeson_meetings.models import AccessKey, Meeting, Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.control import control_of, look_again
from eyeson_meetings.services.rooms import join_as_guest, join_room
from tests.factories import AccessKeyFactory, MeetingFactory, UserFactory

from .meetings import (
    CLOSED_PORT,
    OddEyeson,
    answer_for,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    join_elsewhere,
    start_meeting,
    use_account,
)
from .policies import InterruptingPolicy

pytestmark = pytest.mark.django_db

LOOK, LIST, JOIN = "GET /rooms/{access_key}", "GET /rooms", "POST /rooms"


@pytest.fixture
def just_before_joining(settings: Any) -> Callable[[Callable[[Room], None]], None]:
    """Have something done between the site's last look and its `POST /rooms`."""

    def plan(interruption: Callable[[Room], None]) -> None:
        InterruptingPolicy.interruption = interruption
        settings.EYESON = {
            **settings.EYESON,
            "POLICY": f"{InterruptingPolicy.__module__}.InterruptingPolicy",
        }

    return plan


def test_whoever_joined_acts_as_themselves(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    control = control_of(meeting=meeting, user=user)

    assert control.participant.user == user
    assert control.access_key.reveal() == AccessKey.objects.get().key
    assert control.response.room.started_at == meeting.started_at
    assert calls_of(sandbox_account)[1:] == [LOOK]
    assert control.access_key.reveal() not in repr(control)


@pytest.mark.parametrize("make_user", [UserFactory, AnonymousUser, lambda: None])
def test_whoever_did_not_join_acts_as_the_site(
    sandbox_account: SandboxServer, settings: Any, make_user: Callable[[], Any]
) -> None:
    settings.EYESON = {**settings.EYESON, "SERVICE_NAME": "Recorder"}
    meeting, host = start_meeting(sandbox_account)

    control = control_of(meeting=meeting, user=make_user())

    service = Participant.objects.get(is_service=True)
    assert (control.participant, service.name, service.user) == (service, "Recorder", None)
    hosts_key = AccessKey.objects.get(participant__user=host).key
    assert control.access_key.reveal() != hosts_key
    assert calls_of(sandbox_account)[1:] == [LIST, JOIN]
    person = in_sandbox(sandbox_account, meeting).people[service.eyeson_id]
    assert (person.name, person.online) == ("Recorder", False)


def test_the_site_comes_in_once(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)

    first, second = control_of(meeting=meeting), control_of(meeting=meeting)

    assert first.access_key == second.access_key
    assert calls_of(sandbox_account).count(JOIN) == 2
    assert calls_of(sandbox_account)[-1] == LOOK


def test_the_site_is_the_same_participant_in_the_next_meeting(
    sandbox_account: SandboxServer,
) -> None:
    first, user = start_meeting(sandbox_account)
    before = control_of(meeting=first).participant
    end_in_sandbox(sandbox_account, first)
    second, _ = start_meeting(sandbox_account, room=first.room, user=user)

    control = control_of(meeting=second)

    assert control.participant == before
    assert control.response.room.started_at == second.started_at


def test_a_guests_key_is_never_used(sandbox_account: SandboxServer) -> None:
    meeting, host = start_meeting(sandbox_account)
    guest = join_as_guest(room=meeting.room, name="Grace").participant
    AccessKey.objects.filter(participant__user=host).delete()

    assert control_of(meeting=meeting, user=host).participant not in (guest, None)
    assert Participant.objects.get(is_service=True) != guest


def test_all_of_it_works_with_credentials_where_they_belong(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.turn(strict_credentials=True)
    meeting, user = start_meeting(sandbox_account)

    assert control_of(meeting=meeting, user=user).participant.user == user
    assert control_of(meeting=meeting).participant.is_service
    assert control_of(meeting=meeting).participant.is_service


@pytest.mark.parametrize("status", [401, 404])
def test_a_key_that_eyeson_does_not_know_is_dropped(
    sandbox_account: SandboxServer, status: int
) -> None:
    sandbox_account.knobs.turn(unknown_access_key_status=status)
    meeting, user = start_meeting(sandbox_account)
    AccessKey.objects.update(key_encrypted=crypto.encrypt("a-key-of-nobody"))

    control = control_of(meeting=meeting, user=user)

    assert control.participant.is_service
    assert [row.participant for row in AccessKey.objects.all()] == [control.participant]


def test_an_unknown_key_of_the_site_is_replaced(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    service = control_of(meeting=meeting).participant
    AccessKey.objects.filter(participant=service).update(
        key_encrypted=crypto.encrypt("a-key-of-nobody")
    )

    control = control_of(meeting=meeting)

    assert control.participant == service
    row = AccessKey.objects.get(participant=service)
    assert row.key == control.access_key.reveal() != "a-key-of-nobody"


def test_a_key_that_cannot_be_decrypted_stays_and_the_site_acts(
    sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    meeting, user = start_meeting(sandbox_account)
    AccessKey.objects.update(key_encrypted="made by a key that is gone")

    with caplog.at_level(logging.WARNING):
        control = control_of(meeting=meeting, user=user)

    assert control.participant.is_service
    assert AccessKey.objects.filter(participant__user=user).exists()
    assert "cannot be decrypted" in caplog.text
    assert "made by a key" not in caplog.text


def test_a_key_of_a_meeting_that_is_over_tells_us_so(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        control_of(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert calls_of(sandbox_account)[1:] == [LOOK]
    assert not AccessKey.objects.exists()


def test_the_end_is_noticed_in_the_second_of_the_last_sign_of_life(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    control = control_of(meeting=meeting, user=user)
    with sandbox_account.state.locked():
        sandbox_account.state.end(in_sandbox(sandbox_account, meeting))

    with pytest.raises(MeetingEndedError):
        look_again(control)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None


def test_the_site_starts_no_meeting_in_place_of_one_that_is_over(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        control_of(meeting=meeting)

    assert calls_of(sandbox_account)[1:] == [LIST]
    assert not Participant.objects.filter(is_service=True).exists()
    # Not listed once proves nothing; sync looks again.
    meeting.refresh_from_db()
    assert meeting.missed_at is not None


def test_the_site_does_not_act_in_the_next_meeting(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)
    join_elsewhere(sandbox_account, meeting.room)

    with pytest.raises(MeetingEndedError):
        control_of(meeting=meeting)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert calls_of(sandbox_account).count(JOIN) == 2
    assert len(in_sandbox(sandbox_account, meeting).people) == 1


def test_a_meeting_that_the_site_starts_by_mistake_is_ended_at_once(
    sandbox_account: SandboxServer, just_before_joining: Any
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    just_before_joining(lambda room: end_in_sandbox(sandbox_account, meeting))

    with pytest.raises(MeetingEndedError):
        control_of(meeting=meeting)

    assert len(sandbox_account.state.meetings) == 2
    assert sandbox_account.state.running("sandbox-api-key") == []
    assert not Meeting.objects.filter(ended_at=None).exists()
    assert not AccessKey.objects.filter(meeting__gone_at__isnull=False).exists()


def test_a_next_meeting_that_somebody_else_is_in_goes_on(
    sandbox_account: SandboxServer, just_before_joining: Any
) -> None:
    meeting, _ = start_meeting(sandbox_account)

    def end_and_start_the_next(room: Room) -> None:
        end_in_sandbox(sandbox_account, meeting)
        join_elsewhere(sandbox_account, room)

    just_before_joining(end_and_start_the_next)

    with pytest.raises(MeetingEndedError):
        control_of(meeting=meeting)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert in_sandbox(sandbox_account, meeting).ended_at is None


def test_a_mistake_that_cannot_be_undone_is_logged(
    sandbox_account: SandboxServer, just_before_joining: Any, caplog: pytest.LogCaptureFixture
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    just_before_joining(lambda room: end_in_sandbox(sandbox_account, meeting))
    sandbox_account.service.faults.add(
        "status", method="GET", route="/rooms/{room_id}/users", status=403
    )

    with caplog.at_level(logging.WARNING), pytest.raises(MeetingEndedError):
        control_of(meeting=meeting)

    assert "started by mistake" in caplog.text
    assert meeting.room.meetings.get(ended_at=None) != meeting


@pytest.mark.parametrize(("second", "is_over"), [(404, False), (410, True)])
def test_a_mistake_whose_end_was_not_answered_is_over_when_eyeson_says_so(
    sandbox_account: SandboxServer, just_before_joining: Any, second: int, is_over: bool
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    just_before_joining(lambda room: end_in_sandbox(sandbox_account, meeting))
    faults = sandbox_account.service.faults
    for status in (500, second):
        faults.add("status", method="DELETE", route="/rooms/{access_key}", status=status)

    with pytest.raises(MeetingEndedError) as caught:
        control_of(meeting=meeting)

    assert caught.value.may_be_done is False
    assert not faults.as_json()
    assert meeting.room.meetings.filter(ended_at=None).exists() is not is_over


def test_of_two_keys_of_one_person_the_newest_acts(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    newest = join_room(room=meeting.room, user=user)

    control = control_of(meeting=meeting, user=user)

    assert newest.url.reveal().endswith(control.access_key.reveal())


def test_a_key_of_the_same_user_in_another_meeting_is_not_used(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    other = MeetingFactory()
    AccessKeyFactory(meeting=other, participant__user=user, key="a-key-of-another-meeting")

    assert control_of(meeting=meeting, user=user).access_key.reveal() != "a-key-of-another-meeting"


def test_with_eyeson_down_nothing_changes(settings: Any, sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    use_account(settings, BASE_URL=CLOSED_PORT)

    for acting in (user, None):
        with pytest.raises(NetworkError):
            control_of(meeting=meeting, user=acting)

    meeting.refresh_from_db()
    assert (meeting.ended_at, meeting.missed_at) == (None, None)
    assert AccessKey.objects.count() == 1
    assert not Participant.objects.filter(is_service=True).exists()


def test_an_answer_that_cannot_be_read_ends_nothing(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    sandbox_account.service.faults.add("garbage", method="POST", route="/rooms")

    with pytest.raises(UnexpectedAnswerError):
        control_of(meeting=meeting)

    assert in_sandbox(sandbox_account, meeting).ended_at is None
    assert not Participant.objects.shown().filter(is_service=True).exists()


@pytest.mark.parametrize("lacking", ["started_at", "access_key"])
def test_an_answer_that_lacks_what_control_needs_ends_nothing(settings: Any, lacking: str) -> None:
    meeting = MeetingFactory()
    room = {"id": meeting.room.eyeson_id, "started_at": meeting.started_at.isoformat()}
    answer = answer_for({}, room=dict(room), user={"id": "service"}, links={})
    (answer if lacking == "access_key" else answer["room"]).pop(lacking)
    # It knows no DELETE: an attempt would be another error.
    with OddEyeson(lambda sent: answer, listed=[room]) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        with pytest.raises(UnexpectedAnswerError, match=lacking) as caught:
            control_of(meeting=meeting)

    # What the site wanted to do in the meeting was not begun.
    assert caught.value.may_be_done is False
    meeting.refresh_from_db()
    assert meeting.ended_at is None
