"""Deliveries: the webhook POSTs, kept without their secrets."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .moments import shown_moment
from .rows import Row, RowQuerySet
from .times import ReportedTimeField


class DeliveryQuerySet(RowQuerySet["Delivery"]):
    """Which deliveries are due to be mirrored."""

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Received, not being processed, and their next try is due; oldest first."""
        return self.filter(
            Q(next_attempt_at=None) | Q(next_attempt_at__lte=now),
            Q(lease_until=None) | Q(lease_until__lt=now),
            state=Delivery.State.RECEIVED,
        ).order_by("received_at", "pk")


class Delivery(Row):
    """One webhook POST. That it was received and that it was understood are two facts."""

    class State(models.TextChoices):
        """What became of it."""

        RECEIVED = "received", _("received")
        DONE = "done", _("done")
        IGNORED = "ignored", _("ignored")
        DEAD = "dead", _("dead")

    account = models.CharField(_("account"), max_length=64)
    #: sha256 of the raw body, hex: the same bytes are the same delivery.
    digest = models.CharField(_("SHA-256"), max_length=64, editable=False)
    type = models.CharField(_("type"), max_length=255, blank=True)
    #: eyeson's clock: `timestamp` of the body; null when it has none that can be read.
    sent_at = ReportedTimeField(_("sent"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    length_bytes = models.PositiveIntegerField(_("length (bytes)"), default=0)
    #: The body without its secrets; null when it was no JSON object.
    payload = models.JSONField(_("payload"), null=True, blank=True)
    room_eyeson_id = models.CharField(_("room"), max_length=255, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.RECEIVED
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    error = models.TextField(_("error"), blank=True)

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="eyeson_delivery_identity"),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                name="eyeson_delivery_due",
                condition=models.Q(state="received"),
            ),
            models.Index(fields=["state", "received_at"], name="eyeson_delivery_state"),
        ]
        permissions = [("replay_delivery", "Can replay a delivery")]

    def __str__(self) -> str:
        return f"{self.type or '?'} {shown_moment(self.received_at, with_seconds=True)}"
