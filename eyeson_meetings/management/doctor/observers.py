"""Whether the meetings are observed where they once were, and whether the site learns who is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from eyeson_meetings.models import Delivery, ObserverLease, PresenceFact

from .findings import Finding, ok, warning

#: What eyeson sent, and who came, in this time tells whether it sends webhooks about people.
RECENT = timedelta(days=14)


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


def check_people(aliases: list[str]) -> Iterator[Finding]:
    """Warn for accounts that learn of people by looks alone: eyeson sends no webhook, and no observer listens."""
    now = timezone.now()
    observed = ObserverLease.objects.filter(lease_until__gt=now).values_list("account", flat=True)
    for alias in sorted(set(aliases) - set(observed)):
        if _has_people(alias, now - RECENT) and not _has_webhooks_about_people(alias, now - RECENT):
            message = _(
                "eyeson sends no webhooks about people for this account, and no observer listens: the site "
                "sees people when it looks, every 15 seconds."
            )
            hint = _(
                "Start manage.py eyeson_observe. Without it, times of attendance are estimated, and visits of "
                "less than 15 seconds are not seen."
            )
            yield warning("people", message, hint, account=alias)


def _has_people(alias: str, since: datetime) -> bool:
    facts = PresenceFact.objects.filter(participant__room__account=alias, at__gt=since)
    return facts.filter(Q(came=True) | Q(listed_in=True)).exists()


def _has_webhooks_about_people(alias: str, since: datetime) -> bool:
    return Delivery.objects.filter(
        account=alias, type="participant_update", received_at__gt=since
    ).exists()
