"""People of a room whom eyeson knows by two ids, and staff by one face."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from eyeson_meetings import mirror
from eyeson_meetings.mirror import clocks
from eyeson_meetings.models import Participant, Presence

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)


def merge_participants(
    *, participant: Participant, other: Participant, user: User | None = None
) -> Participant:
    """Have `participant` be `other` as well, for good; answers the person. Asks nobody.

    Visits, recordings, snapshots, broadcasts, files and all other rows of `other` become theirs, also what eyeson
    tells of it later. Nothing is merged by itself, whatever people are called.
    Raises ValueRefusedError for people of different rooms, two users of the site, a guest and a user, the site itself,
    and where a model of the site allows one row for each participant and both have one.
    """
    now = clocks.eyeson_now(participant.room.account)
    merged = mirror.merge_participants(participant, other, observed_at=now)
    logger.info(
        "User %s has merged participant %s into %s", user and user.pk, other.pk, participant.pk
    )
    return merged


def others_like(participant: Participant) -> QuerySet[Participant]:
    """Whom `participant` may be merged with: people of their room, those of the same name first."""
    others = participant.room.participants.people().exclude(pk=participant.pk)
    if participant.user_id is not None:
        others = others.filter(user=None, guest=False)
    elif participant.guest:
        others = others.filter(user=None)
    is_other_name = Case(When(name=participant.name, then=0), default=1)
    return others.order_by(is_other_name, "name", "pk")


def likely_pairs(account: str, *, most: int) -> Iterator[tuple[Participant, Participant]]:
    """Yield at most so many pairs of people who may be one, the newest first.

    They have one name in one room, are not two users of the site, nor a guest and somebody else, and one of
    them was never in a meeting: so look double clicks and tries after a lost answer.
    """
    people = Participant.objects.people().filter(room__account=account).exclude(name="")
    absent = people.exclude(Exists(Presence.objects.filter(participant=OuterRef("pk"))))
    twins = Participant.objects.people().exclude(pk=OuterRef("pk"))
    twins = twins.filter(room=OuterRef("room"), name=OuterRef("name"), guest=OuterRef("guest"))
    found: set[frozenset[int]] = set()
    for row in absent.filter(Exists(twins)).select_related("room").order_by("-pk"):
        twin = others_like(row).filter(name=row.name, guest=row.guest).first()
        if twin is None or frozenset((row.pk, twin.pk)) in found:
            continue
        if len(found) == most:
            return
        found.add(frozenset((row.pk, twin.pk)))
        yield row, twin
