"""Participants of a room as eyeson knows them, and when they were online."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.deletion import CASCADE, PROTECT
from django.utils.translation import gettext_lazy as _

from .meetings import Meeting
from .moments import shown_interval, shown_moment
from .rooms import Invitation, Room, random_eyeson_id
from .rows import Row, RowForeignKey, RowQuerySet
from .times import ReportedTimeField

if TYPE_CHECKING:
    from django.db.models.deletion import Collector


def protect_known(
    collector: Collector, field: Any, sub_objs: models.QuerySet[Participant], using: str
) -> None:
    """Protect a room in which eyeson knew somebody. Rows that it never confirmed go with the room."""
    if sub_objs.filter(unconfirmed_since=None).exists():
        PROTECT(collector, field, sub_objs, using)
    # At once: no page that asks whether to delete the room lists them.
    collector.fast_deletes.append(sub_objs)


class ParticipantQuerySet(RowQuerySet["Participant"]):
    """Which participants are shown. All that shows, counts or offers people begins with one of these."""

    def shown(self) -> ParticipantQuerySet:
        """Return those whom eyeson has confirmed, each person once."""
        return self.filter(unconfirmed_since=None, merged_into=None)

    def people(self) -> ParticipantQuerySet:
        """Return the same without the participant through whom the site itself acts."""
        return self.shown().filter(is_service=False)


class Participant(Row):
    """One person whom eyeson knows in one room: a user of the site, a guest, or the site itself."""

    room = RowForeignKey(
        Room, on_delete=protect_known, related_name="participants", verbose_name=_("room")
    )
    eyeson_id = models.CharField(_("eyeson id"), max_length=255, default=random_eyeson_id)
    user = RowForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="eyeson_participants",
        verbose_name=_("user"),
    )
    #: The last writer by eyeson's clock wins.
    name = models.CharField(_("name"), max_length=255, blank=True)
    avatar = models.TextField(_("avatar"), blank=True)
    name_observed_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (sticky): who once entered as a guest is never taken for a user of the site.
    guest = models.BooleanField(_("guest"), default=False)
    #: The personal invitation by which this guest comes in.
    invitation = RowForeignKey(
        Invitation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="participants",
        verbose_name=_("invitation"),
    )
    #: The participant through whom the site itself acts; left out of attendance and counts.
    is_service = models.BooleanField(default=False, editable=False)
    #: Derived from the presence facts and the meetings of the room.
    online = models.BooleanField(_("online"), default=False)
    #: Since when this is only the id under which the site asks eyeson to let somebody in; None once an answer,
    #: webhook or list of eyeson's names it.
    unconfirmed_since = models.DateTimeField(null=True, blank=True, editable=False)
    #: Who this is as well, as staff said. All that eyeson says of this id counts for that person.
    merged_into = RowForeignKey(
        "self", on_delete=CASCADE, null=True, blank=True, editable=False, related_name="merged"
    )

    objects: ClassVar = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        indexes = [
            models.Index(
                fields=["unconfirmed_since"],
                name="eyeson_unconfirmed",
                condition=models.Q(unconfirmed_since__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "eyeson_id"], name="eyeson_participant_identity"
            ),
            models.UniqueConstraint(
                fields=["room", "user"],
                condition=models.Q(user__isnull=False),
                name="eyeson_participant_user",
            ),
            models.UniqueConstraint(
                fields=["room"],
                condition=models.Q(is_service=True),
                name="eyeson_participant_service",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.eyeson_id

    @property
    def person(self) -> Participant:
        """The person of this id: whom it was merged into, or itself."""
        return self.merged_into or self


class PresenceFact(Row):
    """A fact: eyeson told of a participant at that time. The flags are sticky: in one second several may hold.

    It stays with the id of which it was told, also when that is merged into another.
    """

    participant = RowForeignKey(
        Participant, on_delete=models.CASCADE, related_name="presence_facts"
    )
    at = ReportedTimeField()
    #: An event said that they came, or went.
    came = models.BooleanField(default=False)
    went = models.BooleanField(default=False)
    #: A list showed them in, or out.
    listed_in = models.BooleanField(default=False)
    listed_out = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("presence fact")
        verbose_name_plural = _("presence facts")
        constraints = [
            models.UniqueConstraint(fields=["participant", "at"], name="eyeson_presence_fact"),
        ]

    def __str__(self) -> str:
        flags = [name for name in PRESENCE_FLAGS if getattr(self, name)]
        return f"{self.participant} {', '.join(flags)} {shown_moment(self.at, with_seconds=True)}"


#: What a `PresenceFact` may say.
PRESENCE_FLAGS = ("came", "went", "listed_in", "listed_out")


class Presence(Row):
    """An interval in which a participant was online in a meeting. Derived; rebuilt by the mirror."""

    class Quality(models.TextChoices):
        """How well the interval is known: `estimated` if a list told an end, or something may have been missed."""

        EXACT = "exact", _("exact")
        CLOSED_BY_END = "closed_by_end", _("closed by the meeting's end")
        ESTIMATED = "estimated", _("estimated")

    participant = RowForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="presences",
        verbose_name=_("participant"),
    )
    meeting = RowForeignKey(
        Meeting, on_delete=models.CASCADE, related_name="presences", verbose_name=_("meeting")
    )
    from_at = ReportedTimeField(_("from"))
    to_at = ReportedTimeField(_("to"), null=True, blank=True)
    quality = models.CharField(
        _("quality"), max_length=16, choices=Quality.choices, default=Quality.EXACT
    )

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "meeting", "from_at"], name="eyeson_presence_identity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {shown_interval(self.from_at, self.to_at)}"
