"""Appointments of a host and a client."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.models import Meeting, Room


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Whose appointments, and when."""

    def of_user(self, user: Any) -> AppointmentQuerySet:
        """Those in which `user` is host or client."""
        return self.filter(Q(host=user) | Q(client=user))

    def for_display(self, user: Any) -> AppointmentQuerySet:
        """With the people and all that pages show of the rooms, in a constant number of queries."""
        return self.select_related("host", "client").prefetch_related(
            Prefetch("room", Room.objects.for_display(user))
        )

    def coming(self) -> AppointmentQuerySet:
        """Those that are not over, with a running meeting first; while people still meet, it is not over."""
        coming = self._with_meeting().filter(self._is_coming())
        return coming.order_by(F("is_meeting").desc(), "starts_at", "pk")

    def past(self) -> AppointmentQuerySet:
        """Those that are over, the latest first."""
        return self._with_meeting().exclude(self._is_coming()).order_by("-starts_at", "-pk")

    def _with_meeting(self) -> AppointmentQuerySet:
        running = Meeting.objects.filter(room=OuterRef("room"), ended_at=None)
        return self.annotate(is_meeting=Exists(running))

    def _is_coming(self) -> Q:
        return Q(ends_at__gte=timezone.now()) | Q(is_meeting=True)


class Appointment(models.Model):
    """A time at which a host and a client meet, and the room where they do."""

    host = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="hosted_appointments",
        verbose_name=_("host"),
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("client"),
    )
    room = models.OneToOneField(
        Room, on_delete=models.PROTECT, related_name="appointment", verbose_name=_("room")
    )
    topic = models.CharField(_("topic"), max_length=120)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    #: When they first met, written by a receiver of `meeting_started`.
    met_at = models.DateTimeField(_("met"), null=True, blank=True, editable=False)

    #: Whether a meeting runs in the room, of rows of `coming` and `past`.
    is_meeting: bool

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["host", "starts_at"], name="appointment_of_host"),
            models.Index(fields=["client", "starts_at"], name="appointment_of_client"),
        ]

    def __str__(self) -> str:
        return self.topic

    def get_absolute_url(self) -> str:
        """The page that host and client see."""
        return reverse("appointments:detail", args=[self.pk])
