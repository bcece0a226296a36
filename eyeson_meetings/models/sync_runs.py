"""Runs of periodic jobs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .rows import Row


class SyncRun(Row):
    """One job of one account, or of the whole site: who runs it now, and how the last run went.

    For jobs of an account the row is the lock.
    """

    #: Empty for jobs of the whole site.
    account = models.CharField(_("account"), max_length=64)
    job = models.CharField(_("job"), max_length=64)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    #: When a run last ended. Before `started_at`: the last run goes on, or was killed.
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    #: While this lies ahead, nobody else may run the job.
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    #: What was seen, by name; and `calls`, the requests made to eyeson.
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        constraints = [
            models.UniqueConstraint(fields=["account", "job"], name="eyeson_sync_run_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.job} ({self.account})" if self.account else self.job
