"""Whether the meetings are observed where they once were."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from eyeson_meetings.models import ObserverLease

from .findings import Finding, ok, warning


def check_observers(aliases: list[str]) -> Iterator[Finding]:
    """Whether an account that once had an observer has one now."""
    now = timezone.now()
    for lease in ObserverLease.objects.filter(account__in=aliases).order_by("account"):
        if lease.lease_until is not None and lease.lease_until > now:
            message = _("The meetings are observed, by %(holder)s.") % {"holder": lease.holder}
            yield ok("observer", message, account=lease.account)
        elif lease.renewed_at is not None:
            message = _("Nobody has observed the meetings for %(ago)s.") % {
                "ago": timesince(lease.renewed_at)
            }
            hint = _("Start manage.py eyeson_observe; until then webhooks and sync tell who is in.")
            yield warning("observer", message, hint, account=lease.account)
