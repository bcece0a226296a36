"""How far eyeson's clock is from the site's."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .rows import Row


class AccountClock(Row):
    """The difference between eyeson's clock and the site's, as the last answers of an account showed it."""

    account = models.CharField(_("account"), max_length=64, unique=True)
    #: eyeson's clock minus the site's: the median of `last_offsets_seconds`.
    offset_seconds = models.FloatField(_("ahead of the site's clock (s)"), default=0.0)
    #: What the last nine answers showed, oldest first.
    last_offsets_seconds = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = _("clock of an account")
        verbose_name_plural = _("clocks of accounts")

    def __str__(self) -> str:
        return self.account
