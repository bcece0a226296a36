"""What eyeson agreed to enters here: starts and stops that the site asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from eyeson_meetings.models import ActRequest, BroadcastTarget, Meeting

from . import acts, rules
from .changes import RoomChange
from .transactions import lock_known_room, one_transaction

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: Acts that go on until they are stopped. A snapshot does not.
LASTING = (ActRequest.Act.RECORDING, ActRequest.Act.BROADCAST)


@one_transaction
def mark_requested(
    act: ActRequest.Act,
    *,
    meeting: Meeting,
    asked_at: datetime,
    requested_by: AbstractBaseUser | None = None,
    target: BroadcastTarget | None = None,
) -> Meeting:
    """Take in that eyeson agreed to start `act` for `requested_by`, or for the site itself.

    `asked_at`: eyeson's clock of its last answer before the site asked. Returns the meeting, which counts as
    recorded or broadcast from now on.
    """
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=asked_at)
    known = change.hear_meeting(rules.MeetingFacts(started_at=meeting.started_at))
    ActRequest.objects.create(
        meeting=known,
        act=act,
        requested_at=asked_at,
        requested_by_id=requested_by.pk if requested_by is not None else None,
        target=target,
    )
    if act in LASTING:
        at = _after(change.observed_at, known, f"{act}_stop_requested_at")
        change.hear_meeting(_facts(known, f"{act}_requested_at", at))
    change.settle()
    # eyeson may have shown what came of it before its answer arrived here.
    acts.name_requesters(acts.rows_without_requester(change.real(known) or known))
    return known


@one_transaction
def mark_stop_requested(act: ActRequest.Act, *, meeting: Meeting, observed_at: datetime) -> Meeting:
    """Take in that eyeson agreed to stop what runs. Returns the meeting as it is now."""
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=observed_at)
    known = change.hear_meeting(rules.MeetingFacts(started_at=meeting.started_at))
    at = _after(change.observed_at, known, f"{act}_requested_at")
    change.hear_meeting(_facts(known, f"{act}_stop_requested_at", at))
    change.settle()
    return known


def _after(at: datetime, meeting: Meeting, name: str) -> datetime:
    """Return `at`, or a moment after the opposite request where eyeson's whole seconds do not tell them apart."""
    opposite: datetime | None = getattr(meeting, name)
    return at if opposite is None or at > opposite else opposite + timedelta.resolution


def _facts(meeting: Meeting, name: str, at: datetime) -> rules.MeetingFacts:
    time: dict[str, Any] = {name: at}
    return rules.MeetingFacts(started_at=meeting.started_at, **time)
