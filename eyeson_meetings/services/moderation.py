"""Keep order in a running meeting: lock it, and throw people out. The room's options say whether one may."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import Answer
from eyeson_meetings.exceptions import (
    NotFoundError,
    ValueRefusedError,
)
from eyeson_meetings.models import Meeting, Participant

from . import values
from .accounts import client_for
from .acts import act
from .control import Control, control_of, noticing_the_end
from .undoing import gone_at

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)


@act
def lock_meeting(*, meeting: Meeting, user: User | None = None) -> None:
    """Let no more guests in. Nobody can undo this while the meeting runs; a locked one stays locked.

    Raises FeatureDisabledError when the room's options do not allow it (`lock_available`, off by default);
    MeetingEndedError, which is mirrored; other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    if control.response.locked:
        return
    with noticing_the_end(meeting):
        locked = client_for(meeting.room.account).rooms.lock(access_key=control.access_key)
    mirror.mark_locked(meeting, observed_at=locked.observed_at)
    logger.info("Meeting %s is locked by user %s", meeting.uuid, user and user.pk)


@act
def kick_participant(
    *, meeting: Meeting, participant: Participant, user: User | None = None
) -> None:
    """Throw somebody out of the meeting. They may join again; whoever is not in it stays out.

    Raises ValueRefusedError, without asking eyeson, for somebody of another room and for the site's own
    participant; FeatureDisabledError when the room's options forbid it (`kick_available`);
    MeetingEndedError, which is mirrored; NotUndoneError when eyeson does not find somebody whom it still shows;
    other EyesonErrors.
    """
    user_id = values.person_in(meeting, participant, field="participant")
    if participant.is_service:
        raise ValueRefusedError(
            _("This is the site itself, which is never in the meeting."), field="participant"
        )
    control = control_of(meeting=meeting, user=user)
    # Staff may have merged other ids into this person, under one of which they are in.
    others = participant.merged.filter(online=True).values_list("eyeson_id", flat=True)
    for eyeson_id in [user_id, *others]:
        _kick(control, eyeson_id)
    logger.info("User %s has thrown somebody out of meeting %s", user and user.pk, meeting.uuid)


def _kick(control: Control, user_id: str) -> None:
    """Have eyeson send out whoever has that id; mirror that."""
    meeting = control.meeting
    try:
        with noticing_the_end(meeting):
            kicked = client_for(meeting.room.account).users.kick(
                access_key=control.access_key, user_id=user_id
            )
    except NotFoundError as refusal:
        gone_at(refusal, lambda: _is_in(control, user_id))
        logger.info("Somebody was not in meeting %s any more", meeting.uuid)
        return
    mirror.apply_participant(
        records.Participant(id=user_id, online=False),
        account=meeting.room.account,
        observed_at=kicked.observed_at,
        room_eyeson_id=meeting.room.eyeson_id,
        exact=False,
    )


def _is_in(control: Control, user_id: str) -> Answer[bool | None]:
    """Return whether eyeson shows the person online, and mirror who is; None when it does not say."""
    room = control.meeting.room
    listed = client_for(room.account).users.list(room_id=room.eyeson_id)
    mirror.apply_people(listed.value, meeting=control.meeting, observed_at=listed.observed_at)
    person = next((person for person in listed.value if person.id == user_id), None)
    return Answer(False if person is None else person.online, listed.observed_at)
