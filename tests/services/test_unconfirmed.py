"""An id under which somebody tried to enter counts for nothing until eyeson names it, and goes after a day."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from eyeson_meetings.exceptions import EyesonError, NetworkError
from eyeson_meetings.models import Participant, Room
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.control import control_of
from eyeson_meetings.services.entries import keep_participant
from eyeson_meetings.services.retention import UNCONFIRMED_KEPT, prune
from eyeson_meetings.services.rooms import join_as_guest, join_room
from eyeson_meetings.services.running import look_at_running
from tests.factories import ParticipantFactory, RoomFactory, UserFactory

from .meetings import in_sandbox, start_meeting
from .truth import sync_once

pytestmark = pytest.mark.django_db


def shown(room: Room) -> list[Participant]:
    return list(Participant.objects.people().filter(room=room))


def lose(sandbox: SandboxServer, route: str = "/rooms") -> None:
    """Let eyeson carry out the next call, and its answer break off."""
    sandbox.service.faults.add("cut", method="POST", route=route, is_done=True)


def webhook(sandbox: SandboxServer, there: SandboxMeeting, deliver: Callable[..., Any]) -> None:
    (person,) = there.people.values()
    content = {"id": person.id, "room_id": there.room_id, "name": person.name, "online": True}
    deliver({"type": "participant_update", "participant": content})


def sync(sandbox: SandboxServer, there: SandboxMeeting, deliver: Callable[..., Any]) -> None:
    sync_once()


@pytest.mark.parametrize("tell", [webhook, sync])
def test_who_is_named_later_is_the_user_who_tried(
    settings: Any,
    sandbox_account: SandboxServer,
    deliver: Callable[..., Any],
    tell: Callable[..., None],
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    room, user = RoomFactory(), UserFactory()
    lose(sandbox_account)
    with pytest.raises(NetworkError):
        join_room(room=room, user=user)
    assert shown(room) == []

    tell(sandbox_account, in_sandbox(sandbox_account, room), deliver)

    (person,) = shown(room)
    assert person.user == user
    assert Participant.objects.count() == 1


def test_a_look_names_a_guest_whose_answer_was_lost(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    guest_id = "1c0d7a52-31a4-4f35-8f60-0d3c0a6b9a77"
    lose(sandbox_account, "/guests/{guest_token}")
    with pytest.raises(NetworkError):
        join_as_guest(room=meeting.room, name="Grace", guest_id=guest_id)
    # The list says nothing else than the row does.
    assert len(shown(meeting.room)) == 1

    look_at_running("default")

    assert [person.eyeson_id for person in shown(meeting.room) if person.guest] == [guest_id]


def test_the_site_itself_enters_under_one_id(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    lose(sandbox_account)
    with pytest.raises(EyesonError):
        control_of(meeting=meeting)

    participant = control_of(meeting=meeting).participant

    assert participant.is_service
    assert len(in_sandbox(sandbox_account, meeting).people) == 2
    assert Participant.objects.shown().count() == 2


def test_a_row_that_was_confirmed_stays_so_when_a_later_try_fails(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    lose(sandbox_account)

    with pytest.raises(NetworkError):
        join_room(room=meeting.room, user=user)

    assert len(shown(meeting.room)) == 1


def unconfirmed(age: timedelta, **values: Any) -> Participant:
    row: Participant = ParticipantFactory(unconfirmed_since=timezone.now() - age, **values)
    return row


def test_after_a_day_the_row_goes_and_all_others_stay() -> None:
    young = unconfirmed(UNCONFIRMED_KEPT - timedelta(minutes=5))
    unconfirmed(UNCONFIRMED_KEPT + timedelta(minutes=5))
    known = ParticipantFactory()

    prune()

    assert set(Participant.objects.all()) == {young, known}


def test_a_new_try_keeps_the_row_for_another_day() -> None:
    user = UserFactory()
    row = unconfirmed(UNCONFIRMED_KEPT + timedelta(minutes=5), user=user)

    kept = keep_participant(row.room, "Ada", {"user": user})
    prune()

    assert kept == Participant.objects.get() == row


@pytest.mark.django_db(transaction=True)
def test_who_tries_while_the_row_is_pruned_gets_a_new_one() -> None:
    user = UserFactory()
    row = unconfirmed(UNCONFIRMED_KEPT + timedelta(minutes=5), user=user)
    kept: list[Participant] = []

    def try_to_enter() -> None:
        with contextlib.closing(connection):
            kept.append(keep_participant(row.room, "Ada", {"user": user}))

    thread = threading.Thread(target=try_to_enter)
    with transaction.atomic():
        Participant.objects.get(pk=row.pk).delete()
        thread.start()
        # It has found the row by now, or will find none: both are tried.
        time.sleep(0.2)
    thread.join(60)

    assert kept == [Participant.objects.get(user=user)]
    assert kept[0].pk != row.pk


def test_a_room_in_which_eyeson_knew_nobody_can_be_deleted() -> None:
    row = unconfirmed(timedelta(0))

    row.room.delete()

    assert not Participant.objects.exists()
    person = ParticipantFactory()
    unconfirmed(timedelta(0), room=person.room)
    with pytest.raises(ProtectedError):
        person.room.delete()
