"""Recordings of meetings."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .moments import shown_moment
from .snapshots import Snapshot
from .storing import StoredFile
from .times import ReportedTimeField


class Recording(StoredFile):
    """One recording: what eyeson says of it, and the site's own copy."""

    class RemoteState(models.TextChoices):
        """eyeson's three states (API reference 3.5), and "not known" for bodies of 2017."""

        UNKNOWN = "", _("unknown")
        RECORDING = "recording", _("recording")
        PROCESSING = "processing", _("processing")
        AVAILABLE = "available", _("available")

    #: Fact (maximum): when eyeson last showed it as running.
    last_seen_at = ReportedTimeField(null=True, blank=True, editable=False)
    #: Derived by the mirror: "recording" becomes "processing" once eyeson shows the meeting without it, or
    #: agrees to stop it.
    remote_state = models.CharField(
        _("at eyeson"), max_length=16, choices=RemoteState.choices, default="", blank=True
    )
    #: Fact (maximum), whole seconds.
    duration = models.PositiveIntegerField(_("duration (s)"), null=True, blank=True)

    #: The picture that pages show until it plays. Not in the database: `services.posters` chooses it.
    poster: Snapshot | None = None

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        default_related_name = "recordings"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "eyeson_id"], name="eyeson_recording_identity"
            ),
        ]
        indexes = [
            models.Index(fields=["room", "created_at"], name="eyeson_recording_by_room"),
            models.Index(fields=["store_state", "stored_at"], name="eyeson_recording_stored"),
            models.Index(
                fields=["account"],
                name="eyeson_recording_pending",
                condition=models.Q(available_at=None),
            ),
            models.Index(
                fields=["next_attempt_at"],
                name="eyeson_recording_due",
                condition=models.Q(store_state__in=["none", "fetching"]),
            ),
        ]
        permissions = [("watch_recording", "Can watch any recording")]

    def __str__(self) -> str:
        if self.created_at is None:
            return f"{self.room}: {self.eyeson_id}"
        return f"{self.room} {shown_moment(self.created_at)}"

    @property
    def state(self) -> str:
        """recording, processing, available, fetching, failing, stored, failed, pruned, or "" while eyeson has not said."""
        if self.store_state != self.StoreState.NONE:
            return self.storing_state
        return self.remote_state

    @property
    def state_label(self) -> str:
        """`state` in words for people."""
        if self.store_state != self.StoreState.NONE:
            return self.store_label
        return str(self.RemoteState(self.remote_state).label)
