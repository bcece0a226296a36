"""Who observes the meetings of an account, and from when until when each meeting was listened to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .meetings import Meeting
from .moments import shown_interval
from .rows import Row, RowForeignKey
from .times import ReportedTimeField


class ObserverLease(Row):
    """The right to observe one account: the row is the lock, and its times are the database's own."""

    account = models.CharField(_("account"), max_length=64, unique=True)
    #: Host and process, for people.
    holder = models.CharField(_("held by"), max_length=255, blank=True)
    #: Grows by one with each holder; every write of an observer names the fence of its own lease.
    fence = models.PositiveBigIntegerField(default=0, editable=False)
    taken_at = models.DateTimeField(_("since"), null=True, blank=True)
    renewed_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    #: While this lies ahead, nobody else may observe the account.
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("observer")
        verbose_name_plural = _("observers")

    def __str__(self) -> str:
        return self.account


class Watch(Row):
    """A fact: an observer heard all that happened in the meeting from then until at least then."""

    meeting = RowForeignKey(Meeting, on_delete=models.CASCADE, related_name="watches")
    from_at = ReportedTimeField()
    #: A maximum: the observer tells it with each sign of life.
    heard_until = ReportedTimeField()

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        constraints = [
            models.UniqueConstraint(fields=["meeting", "from_at"], name="eyeson_watch_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting} {shown_interval(self.from_at, self.heard_until)}"
