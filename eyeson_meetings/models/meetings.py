"""Meetings: one occurrence in a room each. Facts as eyeson said them, and the end derived from them."""

from __future__ import annotations

import uuid as uuid_module
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eyeson_meetings import crypto

from .moments import shown_moment
from .rooms import Room
from .rows import Row, RowForeignKey, RowQuerySet
from .times import ReportedTimeField


class MeetingQuerySet(RowQuerySet["Meeting"]):
    """Which meetings count."""

    def real(self) -> MeetingQuerySet:
        """Return those that are not void."""
        return self.filter(is_void=False)

    def over_after(self, time: datetime) -> MeetingQuerySet:
        """Return those that were over later than `time`, with `over_at`: by when each was certainly over."""
        is_later = models.Q(ended_at__gt=time) | models.Q(end_found_at__gt=time)
        return self.filter(is_later).annotate(over_at=Coalesce("end_found_at", "ended_at"))


class Meeting(Row):
    """One occurrence in a room, which eyeson calls a room instance (API reference 3.2)."""

    class State(models.TextChoices):
        """How far a meeting is. Computed, never stored."""

        OPENING = "opening", _("opening")
        RUNNING = "running", _("in progress")
        ENDED = "ended", _("ended")

    uuid = models.UUIDField(_("public id"), default=uuid_module.uuid4, unique=True, editable=False)
    room = RowForeignKey(
        Room, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("room")
    )
    started_at = ReportedTimeField(_("started"))
    #: Fact (minimum): when a `ready: true` of this meeting was observed.
    ready_at = ReportedTimeField(_("ready"), null=True, blank=True)
    #: Fact (maximum): when eyeson's own API last said that this meeting runs.
    alive_at = ReportedTimeField(_("last seen alive"), null=True, blank=True)
    #: Fact (minimum): when eyeson told that this meeting ended.
    gone_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): the same, last; it counts once the meeting was seen alive after `gone_at`.
    gone_last_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (minimum): when the meeting was found to be over, some time after its end.
    found_gone_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): the same, last.
    found_gone_last_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): when a message was sent that says one of these four. No end is later.
    gone_heard_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Sync's first miss in a row; the second, at least a minute later, makes `gone_at`.
    missed_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: When sync last listed the files of this meeting after its end.
    swept_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Derived by the mirror from the facts of the room. If eyeson did not tell the end: the last sign of life.
    ended_at = ReportedTimeField(_("ended"), null=True, blank=True)
    #: Derived: when the site found the end, if eyeson did not tell it. It ended between `ended_at` and this time.
    end_found_at = ReportedTimeField(_("end found"), null=True, blank=True, editable=False)
    #: Derived: a webhook named this start, and eyeson has never run the meeting. Shown nowhere.
    is_void = models.BooleanField(default=False, editable=False)
    #: Fact (sticky): there is no unlock (API reference 16.1).
    locked = models.BooleanField(_("locked"), default=False)
    #: Fact (maximum): when the site asked eyeson to record. Written only after eyeson agreed.
    recording_requested_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): when eyeson agreed to stop recording.
    recording_stop_requested_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): when eyeson last showed the running meeting without a recording.
    recording_absent_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: The same three facts about broadcasts.
    broadcast_requested_at = ReportedTimeField(null=True, blank=True, editable=False)
    broadcast_stop_requested_at = ReportedTimeField(null=True, blank=True, editable=False)
    broadcast_absent_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Derived by the mirror from these facts and from the recordings.
    is_recorded = models.BooleanField(_("being recorded"), default=False, editable=False)
    #: Derived by the mirror from these facts and from the broadcasts.
    is_broadcast = models.BooleanField(_("on air"), default=False, editable=False)
    #: Names of the streams that the site forwards: eyeson does not tell which there are (API reference 16.2).
    forwards = models.JSONField(default=list, editable=False)
    #: The layers that the site shows, `front` and `behind`: eyeson does not tell these either (API reference 11).
    layers = models.JSONField(default=list, editable=False)
    #: When the site last asked eyeson for the files of this meeting.
    files_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Deleted at the meeting's end.
    guest_token_encrypted = models.TextField(blank=True, editable=False)

    objects: ClassVar = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        constraints = [
            models.UniqueConstraint(fields=["room", "started_at"], name="eyeson_meeting_identity"),
        ]
        indexes = [
            models.Index(
                fields=["room"], name="eyeson_meeting_open", condition=models.Q(ended_at=None)
            ),
            models.Index(fields=["ended_at"], name="eyeson_meeting_ended"),
            models.Index(fields=["started_at"], name="eyeson_meeting_started"),
        ]

    def __str__(self) -> str:
        return f"{self.room} {shown_moment(self.started_at)}"

    @property
    def state(self) -> Meeting.State:
        """opening, running or ended."""
        if self.ended_at is not None:
            return self.State.ENDED
        return self.State.RUNNING if self.ready_at is not None else self.State.OPENING

    @property
    def is_end_estimated(self) -> bool:
        """Whether the end was only found: it took place between `ended_at` and `end_found_at`."""
        return self.end_found_at is not None

    @property
    def guest_token(self) -> str | None:
        """The token that lets guests in. Raises SecretUnreadableError."""
        return crypto.decrypt(self.guest_token_encrypted) if self.guest_token_encrypted else None

    @guest_token.setter
    def guest_token(self, token: str | None) -> None:
        self.guest_token_encrypted = crypto.encrypt(token) if token else ""


class RoomShutdown(Row):
    """A fact about a room: eyeson said at that time that its meeting was shut down, not which one."""

    room = RowForeignKey(Room, on_delete=models.CASCADE, related_name="shutdowns")
    at = ReportedTimeField()
    #: An answer of eyeson's showed it, some time after. Sticky the other way: once told, it is told.
    is_found = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("room shutdown")
        verbose_name_plural = _("room shutdowns")
        constraints = [
            models.UniqueConstraint(fields=["room", "at"], name="eyeson_room_shutdown_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.room} {shown_moment(self.at, with_seconds=True)}"


class AccessKey(Row):
    """One person's latest key to one meeting, encrypted. Deleted when the meeting ends."""

    meeting = RowForeignKey(Meeting, on_delete=models.CASCADE, related_name="access_keys")
    participant = RowForeignKey(
        "eyeson_meetings.Participant", on_delete=models.CASCADE, related_name="access_keys"
    )
    key_encrypted = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("access key")
        verbose_name_plural = _("access keys")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "participant"], name="eyeson_access_key_identity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} → {self.meeting}"

    @property
    def key(self) -> str:
        """The key itself. Raises SecretUnreadableError."""
        return crypto.decrypt(self.key_encrypted)

    @key.setter
    def key(self, key: str) -> None:
        self.key_encrypted = crypto.encrypt(key)
