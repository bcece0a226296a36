"""Who asked eyeson for a recording, broadcast or snapshot."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .broadcasts import BroadcastTarget
from .meetings import Meeting
from .moments import shown_moment
from .rows import Row, RowForeignKey
from .times import ReportedTimeField


class ActRequest(Row):
    """A fact: the site asked eyeson for this in a meeting, and eyeson agreed.

    eyeson's answer names no id (API reference 1.4). The mirror matches the request to the row that appears
    later, so that the row says who asked.
    """

    class Act(models.TextChoices):
        """What the site asked for."""

        RECORDING = "recording", _("recording")
        BROADCAST = "broadcast", _("broadcast")
        SNAPSHOT = "snapshot", _("snapshot")

    meeting = RowForeignKey(Meeting, on_delete=models.CASCADE, related_name="act_requests")
    act = models.CharField(max_length=16, choices=Act.choices)
    #: By eyeson's clock, just before the site asked: what comes of the request is not older.
    requested_at = ReportedTimeField()
    #: Null when the site asked by itself.
    requested_by = RowForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    #: Where a broadcast goes; null for an address that was typed in.
    target = RowForeignKey(
        BroadcastTarget, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")

    def __str__(self) -> str:
        return f"{self.meeting}: {self.act} {shown_moment(self.requested_at, with_seconds=True)}"
