"""Broadcasts of meetings, where they may go, and the facts from which they are derived."""

from __future__ import annotations

import uuid as uuid_module
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eyeson_meetings import crypto

from .meetings import Meeting
from .moments import shown_moment
from .names import refuse_unseen
from .participants import Participant
from .rooms import Room
from .rows import Row, RowForeignKey, RowQuerySet
from .times import ReportedTimeField

STREAM_SCHEMES = ("rtmp", "rtmps")
MAX_STREAM_URL_LENGTH = 2048


def stream_url_problem(url: str) -> str | None:
    """What is wrong with an address to stream to, in words that quote nothing of it; None if it is one."""
    if not url or len(url) > MAX_STREAM_URL_LENGTH or not url.isascii() or not url.isprintable():
        return gettext("Give an address of 1 to 2048 plain characters.")
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return gettext("This cannot be read as an address.")
    if parts.scheme.lower() not in STREAM_SCHEMES:
        return gettext("A stream goes to an address that begins with rtmp:// or rtmps://.")
    if not parts.hostname or " " in url:
        return gettext("The address must name a host and have no blanks in it.")
    return None


def validate_address(address: str) -> None:
    """The address of a server, without what opens it. Raises ValidationError, which quotes nothing."""
    problem = stream_url_problem(address)
    if problem is None and any(mark in address for mark in "@?#"):
        problem = gettext("Put the stream key into its own field: only there it is kept encrypted.")
    if problem is not None:
        raise ValidationError(problem, code="invalid")


def validate_stream_key(key: str) -> None:
    """The part of a stream's address that must not be seen. Raises ValidationError, which quotes nothing."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValidationError(
            gettext("A stream key has plain characters and no blanks."), code="invalid"
        )


class BroadcastTarget(Row):
    """A place to which meetings may be streamed. Its key is encrypted, and shown to nobody."""

    uuid = models.UUIDField(_("public id"), default=uuid_module.uuid4, unique=True, editable=False)
    account = models.CharField(_("account"), max_length=64, default="default")
    name = models.CharField(_("name"), max_length=255, validators=[refuse_unseen])
    address = models.TextField(
        _("server"),
        validators=[validate_address],
        help_text=_("Begins with rtmp:// or rtmps://, and does not hold the stream key."),
    )
    stream_key_encrypted = models.TextField(blank=True, editable=False)
    player_url = models.TextField(
        _("public page"),
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Where people can watch the stream."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("broadcast target")
        verbose_name_plural = _("broadcast targets")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], name="eyeson_broadcast_target_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stream_key(self) -> str:
        """The key itself, "" for none. Raises SecretUnreadableError."""
        return crypto.decrypt(self.stream_key_encrypted) if self.stream_key_encrypted else ""

    @stream_key.setter
    def stream_key(self, key: str) -> None:
        self.stream_key_encrypted = crypto.encrypt(key) if key else ""

    def stream_url(self) -> str:
        """The whole address with the key in it: a secret. Raises SecretUnreadableError."""
        key = self.stream_key
        return f"{self.address.rstrip('/')}/{key.lstrip('/')}" if key else self.address


class BroadcastQuerySet(RowQuerySet["Broadcast"]):
    """Which broadcasts run, and which are shown."""

    def shown(self) -> BroadcastQuerySet:
        """Return those that pages may show. A row of a void meeting only keeps facts for the real one before it."""
        return self.filter(meeting__is_void=False)

    def running(self) -> BroadcastQuerySet:
        """Those that have not stopped, as far as we know; the newest first."""
        return self.filter(stopped_at=None).order_by("-started_at", "-pk")


class Broadcast(Row):
    """One stream out of a meeting (API reference 9). eyeson tells when it starts and stops to those who look."""

    uuid = models.UUIDField(_("public id"), default=uuid_module.uuid4, unique=True, editable=False)
    meeting = RowForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="broadcasts", verbose_name=_("meeting")
    )
    #: "" for one that was told of by webhooks of 2017 alone: they name none.
    eyeson_id = models.CharField(_("eyeson id"), max_length=255, blank=True)
    #: Fact (maximum).
    platform = models.CharField(_("platform"), max_length=255, blank=True)
    #: The last writer by eyeson's clock wins. Somebody in the meeting typed it: check it before linking.
    player_url = models.TextField(_("public page"), blank=True)
    player_url_observed_at = ReportedTimeField(null=True, blank=True, editable=False)
    participant = RowForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="broadcasts",
        verbose_name=_("started by"),
    )
    target = RowForeignKey(
        BroadcastTarget,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="broadcasts",
        verbose_name=_("target"),
    )
    requested_by = RowForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    #: Fact (minimum): the first list in which it stood. Null when it stood in none.
    first_seen_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): the last one.
    last_seen_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Fact (maximum): when eyeson said to the site that it is stopped.
    stop_told_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Derived by the mirror: when it was first known to run.
    started_at = ReportedTimeField(_("started"))
    #: Derived by the mirror: when it was first known to run no longer.
    stopped_at = ReportedTimeField(_("stopped"), null=True, blank=True)

    objects: ClassVar = BroadcastQuerySet.as_manager()

    class Meta:
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "eyeson_id"],
                condition=~Q(eyeson_id=""),
                name="eyeson_broadcast_identity",
            ),
        ]
        indexes = [
            models.Index(
                fields=["meeting"], name="eyeson_broadcast_running", condition=Q(stopped_at=None)
            ),
            models.Index(fields=["started_at"], name="eyeson_broadcast_started"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting.room} {shown_moment(self.started_at)}"

    @property
    def is_running(self) -> bool:
        """Whether it has not stopped, as far as we know."""
        return self.stopped_at is None


class BroadcastListing(Row):
    """A fact: eyeson listed the broadcasts of a meeting at that time. Those that are missing did not run."""

    meeting = RowForeignKey(Meeting, on_delete=models.CASCADE, related_name="broadcast_listings")
    at = ReportedTimeField()
    #: Two lists of one second may differ: these ids stand in both.
    eyeson_ids = models.JSONField(default=list)

    class Meta:
        verbose_name = _("list of broadcasts")
        verbose_name_plural = _("lists of broadcasts")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "at"], name="eyeson_broadcast_listing_at"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting} {shown_moment(self.at, with_seconds=True)}"


class BroadcastWord(Row):
    """A fact: a webhook of 2017 said that a broadcast to a platform runs, or ended (API reference 17.6)."""

    room = RowForeignKey(Room, on_delete=models.CASCADE, related_name="broadcast_words")
    at = ReportedTimeField()
    platform = models.CharField(max_length=255, blank=True)
    #: Fact (minimum): the `started_at` of the meeting that eyeson named, if it named one.
    meeting_started_at = ReportedTimeField(null=True, blank=True)
    #: "" when it ended. Two words of one second: the end wins, else the greater address.
    player_url = models.TextField(blank=True)
    participant = RowForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("word about a broadcast")
        verbose_name_plural = _("words about broadcasts")
        constraints = [
            models.UniqueConstraint(
                fields=["room", "at", "platform"], name="eyeson_broadcast_word_at"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room} {self.platform} {shown_moment(self.at, with_seconds=True)}"
