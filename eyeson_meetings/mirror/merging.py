"""What staff say of two ids enters here: they are one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ForeignObjectRel, Model
from django.utils.translation import gettext as _

from eyeson_meetings import signals
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.models import AccessKey, Participant, Presence, PresenceFact

from .changes import RoomChange
from .transactions import lock_known_room, one_transaction

#: Presences are derived; their facts stay with the id of which they were told, and count for the person.
_NOT_MOVED: tuple[type[Model], ...] = (Presence, PresenceFact)


@one_transaction
def merge_participants(
    kept: Participant, other: Participant, *, observed_at: datetime
) -> Participant:
    """Take in that `other` is `kept`, too; answers the person as they are now. Again, it changes nothing.

    All rows that name `other`, those of the site's own models too, name the person from now on, and what eyeson
    says of that id counts for them.
    Raises ValueRefusedError for people of different rooms, two users of the site, a guest and a user, the site itself,
    and where a model of the site allows one row for each participant and both have one.
    """
    room = lock_known_room(kept.room_id)
    if kept.pk == other.pk:
        raise ValueRefusedError(_("These are not two people."), field="other")
    kept, other = (Participant.objects.get(pk=row.pk).person for row in (kept, other))
    if kept.pk == other.pk:
        return kept
    _refuse(kept, other)
    change = RoomChange(room, observed_at=observed_at)
    if other.online:
        change.tell(signals.participant_left, other, observed_at)
    _give_identity(kept, other)
    _move_rows(kept, other)
    Presence.objects.filter(participant=other).delete()
    facts = PresenceFact.objects.filter(participant__in=[kept, other]).order_by("at")
    since = facts.values_list("at", flat=True).first()
    if since is not None:
        change.touch_presences(kept, since)
    change.settle()
    kept.refresh_from_db()
    return kept


def _refuse(kept: Participant, other: Participant) -> None:
    both = (kept, other)
    if kept.room_id != other.room_id:
        raise ValueRefusedError(_("This person belongs to another room."), field="other")
    if any(row.is_service or row.unconfirmed_since is not None for row in both):
        raise ValueRefusedError(_("This is nobody who was in the room."), field="other")
    users = [row for row in both if row.user_id is not None]
    if len(users) > 1:
        raise ValueRefusedError(_("These are two users of the site."), field="other")
    if users and any(row.guest for row in both):
        message = _("A guest is never taken for a user of the site.")
        raise ValueRefusedError(message, field="other")


def _give_identity(kept: Participant, other: Participant) -> None:
    user_id, other.user_id, other.merged_into = other.user_id, None, kept
    other.save(update_fields=["user", "merged_into"])
    kept.user_id = kept.user_id or user_id
    kept.guest = kept.guest or other.guest
    kept.name = kept.name or other.name
    kept.save(update_fields=["user", "guest", "name"])


def _move_rows(kept: Participant, other: Participant) -> None:
    for relation in Participant._meta.get_fields(include_hidden=True):
        is_named = isinstance(relation, ForeignObjectRel) and not relation.many_to_many
        if not is_named or relation.related_model in _NOT_MOVED:
            continue
        model: Any = relation.related_model
        rows = model._base_manager.filter(**{relation.field.name: other.pk})  # type: ignore[union-attr]
        if model is AccessKey:
            _leave_newest_keys(kept, other)
        try:
            with transaction.atomic(using=database_alias()):
                rows.update(**{relation.field.name: kept.pk})  # type: ignore[union-attr]
        except IntegrityError as error:
            message = _("Both have a row of “%(model)s”, of which a person can have one.")
            raise ValueRefusedError(
                message % {"model": model._meta.verbose_name}, field="other"
            ) from error


def _leave_newest_keys(kept: Participant, other: Participant) -> None:
    """Delete the older of both people's keys to the same meeting."""
    keys: dict[int, AccessKey] = {}
    rows = AccessKey.objects.filter(participant__in=[kept, other])
    for key in rows.order_by("created_at", "pk"):
        older = keys.get(key.meeting_id)
        if older is not None:
            older.delete()
        keys[key.meeting_id] = key
