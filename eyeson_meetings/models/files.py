"""Files that people put into a meeting. Both their name and their type are somebody's claim."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from .rows import RowForeignKey
from .storing import StoredFile


class RoomFile(StoredFile):
    """One uploaded file: what eyeson says of it, and the site's own copy.

    It lives at eyeson as long as its meeting (API reference 15), so it is fetched while the meeting runs
    or never.
    """

    meeting = RowForeignKey(
        "eyeson_meetings.Meeting", on_delete=models.PROTECT, verbose_name=_("meeting")
    )
    #: Fact (maximum): as whoever uploaded it called it.
    name = models.CharField(_("name"), max_length=255, blank=True)
    #: Fact (maximum): what eyeson takes it for. The site serves it as bytes, whatever this says.
    content_type = models.CharField(_("type"), max_length=255, blank=True, editable=False)
    #: Fact (sticky): eyeson has made pictures of its pages.
    converted = models.BooleanField(_("converted"), default=False, editable=False)
    #: Fact (maximum), from 0.0 to 1.0.
    conversion_progress = models.FloatField(_("conversion"), null=True, blank=True, editable=False)
    #: Fact (sticky): eyeson could not convert it. It may be downloadable all the same.
    conversion_failed = models.BooleanField(_("not convertible"), default=False, editable=False)

    #: Length and SHA-256 of what the site uploaded; empty for files that other people put there.
    uploaded_bytes = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    uploaded_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        default_related_name = "files"
        constraints = [
            models.UniqueConstraint(fields=["meeting", "eyeson_id"], name="eyeson_file_identity"),
        ]
        indexes = [
            models.Index(fields=["room", "created_at"], name="eyeson_file_by_room"),
            models.Index(fields=["store_state", "stored_at"], name="eyeson_file_stored"),
            models.Index(
                fields=["account"],
                name="eyeson_file_pending",
                condition=models.Q(store_state="none"),
            ),
            models.Index(
                fields=["next_attempt_at"],
                name="eyeson_file_due",
                condition=models.Q(store_state__in=["none", "fetching"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room}: {self.name or self.eyeson_id}"

    @property
    def lost_at(self) -> datetime | None:
        """When eyeson deleted its copy: at the end of the meeting. None while that goes on."""
        return self.meeting.ended_at

    @property
    def state_label(self) -> str:
        """How far the file is, in words for people."""
        if self.store_state != self.StoreState.NONE or self.available_at is not None:
            return self.store_label
        if self.conversion_failed:
            return str(_("not convertible"))
        return str(_("being converted"))
