"""Rooms, who may enter them, and invitations for guests."""

from __future__ import annotations

import uuid as uuid_module
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.databases import database_alias

from .names import refuse_unseen
from .rows import Row, RowForeignKey, RowQuerySet
from .times import ReportedTimeField

if TYPE_CHECKING:
    from .meetings import Meeting

#: How many of a room's recordings pages and template tags show, newest first.
RECORDINGS_FOR_DISPLAY = 20
#: And how many of its snapshots.
SNAPSHOTS_FOR_DISPLAY = 24


def random_eyeson_id() -> str:
    """An id of our own for a room or participant: eyeson takes any text (API reference 1.6)."""
    return str(uuid_module.uuid4())


def lookups_of_now() -> tuple[str | Prefetch[Any], ...]:
    """What to prefetch of rooms of which is shown what goes on: `members`, `latest_meetings`, `people_online`."""
    using = database_alias()
    meetings = apps.get_model("eyeson_meetings", "Meeting").objects
    participants = apps.get_model("eyeson_meetings", "Participant").objects
    return (
        # All members, not only who looks: a policy may want to know who the others are.
        "members",
        Prefetch(
            "meetings",
            # Without `using`, Django asks `default` whether so few of each can be had.
            meetings.using(using).real().order_by("-started_at")[:1],
            to_attr="latest_meetings",
        ),
        Prefetch(
            "participants",
            participants.using(using).people().filter(online=True).order_by("name", "pk"),
            to_attr="people_online",
        ),
    )


class RoomQuerySet(RowQuerySet["Room"]):
    """Questions about rooms."""

    def with_members(self) -> RoomQuerySet:
        """Prefetch members and their users, for lists and policies."""
        return self.prefetch_related("members__user")

    def for_display(self, user: Any) -> RoomQuerySet:
        """Prefetch what pages and template tags show of a room to `user`: they then ask no more queries.

        Brings members, the newest meeting (`latest_meetings`), who is in (`people_online`) and the newest
        recordings and snapshots (`recent_recordings`, `recent_snapshots`), in a number of queries that does
        not grow with the rooms.
        """
        using = database_alias()
        recordings = apps.get_model("eyeson_meetings", "Recording").objects
        snapshots = apps.get_model("eyeson_meetings", "Snapshot").objects
        return self.prefetch_related(
            *lookups_of_now(),
            Prefetch(
                "recordings",
                recordings.using(using).newest_first()[:RECORDINGS_FOR_DISPLAY],
                to_attr="recent_recordings",
            ),
            Prefetch(
                "snapshots",
                snapshots.using(using).newest_first()[:SNAPSHOTS_FOR_DISPLAY],
                to_attr="recent_snapshots",
            ),
        )

    def of_user(self, user: Any) -> RoomQuerySet:
        """Rooms of which `user` (a signed-in user) is a member."""
        return self.filter(members__user=user)


class Room(Row):
    """The durable place where people meet. One room sees many meetings, one after the other."""

    class GuestAccess(models.TextChoices):
        """Whether people without an account may enter."""

        NONE = "none", _("nobody")
        INVITED = "invited", _("people with a personal invitation")
        LINK = "link", _("everybody who has the guest link")

    uuid = models.UUIDField(_("public id"), default=uuid_module.uuid4, unique=True, editable=False)
    account = models.CharField(_("account"), max_length=64, default="default")
    eyeson_id = models.CharField(_("eyeson id"), max_length=255, default=random_eyeson_id)
    name = models.CharField(_("name"), max_length=255, blank=True, validators=[refuse_unseen])
    #: eyeson's clock of the name, for adopted rooms: the last writer wins. Null for rooms of our own.
    name_observed_at = ReportedTimeField(null=True, blank=True, editable=False)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    guest_access = models.CharField(
        _("guests"), max_length=16, choices=GuestAccess.choices, default=GuestAccess.NONE
    )
    options = models.JSONField(_("eyeson options"), default=dict, blank=True)
    #: Part of every signed guest link of the room; one more makes all of them invalid.
    link_version = models.PositiveIntegerField(default=1, editable=False)
    #: Learned from eyeson, not made here: no members, so only staff see it.
    adopted = models.BooleanField(_("adopted"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    #: The greatest time of a fact that was ahead of eyeson's clock when it was stored: a wrong one.
    ahead_until = ReportedTimeField(null=True, blank=True, editable=False)
    #: When that was stored, by our clock.
    ahead_stored_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: The end of one of its meetings was only found, at least for a while.
    has_found_ends = models.BooleanField(default=False, editable=False)
    #: Derived by the mirror: when the meeting in progress began.
    running_since = ReportedTimeField(null=True, blank=True, editable=False)
    #: Refuses new joins, ends nothing.
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    #: Of locked rooms: seconds by which eyeson's clock is ahead of ours, None while no answer has told.
    clock_offset_seconds: float | None

    objects: ClassVar = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        constraints = [
            models.UniqueConstraint(fields=["account", "eyeson_id"], name="eyeson_room_identity"),
        ]
        indexes = [
            # In the order of the admin's list.
            models.Index(fields=["running_since", "-id"], name="eyeson_room_running"),
        ]
        permissions = [
            ("join_room", "Can join any room"),
            ("moderate_room", "Can moderate any room"),
            ("record_room", "Can record in any room"),
            ("broadcast_room", "Can broadcast from any room"),
        ]

    def __str__(self) -> str:
        return self.name or self.eyeson_id

    def current_meeting(self) -> Meeting | None:
        """The meeting that has not ended, if there is one. The newest, should there be several.

        Uses the prefetched `meetings` when there are any.
        """
        open_meetings = (
            [meeting for meeting in self.meetings.all() if meeting.ended_at is None]
            if ("meetings" in getattr(self, "_prefetched_objects_cache", {}))
            else list(self.meetings.filter(ended_at=None).order_by("-started_at")[:1])
        )
        return max(open_meetings, key=lambda meeting: meeting.started_at, default=None)


class RoomMember(Row):
    """A user whom the site lets into a room."""

    class Role(models.TextChoices):
        """What a member may do; the policy turns roles into answers."""

        HOST = "host", _("host")
        MEMBER = "member", _("member")

    room = RowForeignKey(
        Room, on_delete=models.CASCADE, related_name="members", verbose_name=_("room")
    )
    user = RowForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="eyeson_memberships",
        verbose_name=_("user"),
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        verbose_name = _("room member")
        verbose_name_plural = _("room members")
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="eyeson_room_member_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(Row):
    """A personal guest link. The link itself is signed, not stored; this row expires and revokes it."""

    uuid = models.UUIDField(_("public id"), default=uuid_module.uuid4, unique=True, editable=False)
    room = RowForeignKey(
        Room, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("room")
    )
    name = models.CharField(_("name"), max_length=255, blank=True, validators=[refuse_unseen])
    link_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    #: Typed by people.
    expires_at = ReportedTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    invited_by = RowForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("invited by"),
    )
    name_is_fixed = models.BooleanField(
        _("name is fixed"),
        default=True,
        help_text=_("The guest comes in under this name and cannot choose another one."),
    )
    max_entries = models.PositiveIntegerField(
        _("browsers at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("In how many browsers the link can be used; empty: in any number."),
    )
    entries = models.PositiveIntegerField(_("used in browsers"), default=0, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.name or str(self.uuid)

    @property
    def guest_id(self) -> str:
        """The id under which eyeson knows whoever enters by it: the same at each try, and not told by the link."""
        return str(uuid_module.uuid5(self.uuid, "guest"))

    @property
    def is_valid(self) -> bool:
        """Whether the link still opens the room: neither revoked nor expired, whoever has used it."""
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired

    @property
    def is_used_up(self) -> bool:
        """Whether the link opens the room only for the browsers that have used it."""
        return self.max_entries is not None and self.entries >= self.max_entries

    @property
    def mark(self) -> str:
        """What a browser keeps, signed, that has used the link: another one after the link was renewed."""
        return f"{self.guest_id}:{self.link_version}"

    @property
    def fixed_name(self) -> str:
        """The name under which the guest comes in; "" when the guest chooses one."""
        return self.name if self.name_is_fixed else ""
