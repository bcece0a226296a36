"""Snapshots: pictures of the mixed video of a meeting."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .moments import shown_moment
from .storing import StoredFile


class Snapshot(StoredFile):
    """One snapshot: what eyeson says of it, and the site's own copy."""

    #: eyeson's own name: unix seconds as text (API reference 3.6).
    name = models.CharField(_("name"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        default_related_name = "snapshots"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "eyeson_id"], name="eyeson_snapshot_identity"
            ),
        ]
        indexes = [
            models.Index(fields=["room", "created_at"], name="eyeson_snapshot_by_room"),
            models.Index(fields=["store_state", "stored_at"], name="eyeson_snapshot_stored"),
            models.Index(
                fields=["account"],
                name="eyeson_snapshot_pending",
                condition=models.Q(available_at=None),
            ),
            models.Index(
                fields=["next_attempt_at"],
                name="eyeson_snapshot_due",
                condition=models.Q(store_state__in=["none", "fetching"]),
            ),
        ]

    def __str__(self) -> str:
        if self.created_at is None:
            return f"{self.room}: {self.name or self.eyeson_id}"
        return f"{self.room} {shown_moment(self.created_at)}"

    @property
    def state_label(self) -> str:
        """How far the picture is, in words for people."""
        return self.store_label
