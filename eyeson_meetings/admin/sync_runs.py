"""Sync runs: when each job last asked eyeson, what it saw, and asking again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings import conf, tasks
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import SyncRun
from eyeson_meetings.policies import policy

from .parts.base import DjangoAdmin, FactsMixin
from .parts.buttons import Button, ButtonsMixin
from .parts.filters import AccountFilter
from .parts.showing import NOTHING, shown_json, with_moments
from .parts.stored_files import when_it_is_done

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class SyncRunAdminMixin(ButtonsMixin, FactsMixin):
    """The page of one job of one account."""

    buttons = (
        Button(
            path="sync",
            label=gettext_lazy("Sync this account now"),
            run="sync",
            may="may_sync",
            when="is_of_account",
        ),
    )
    actions = ("sync_selected",)
    list_display = with_moments(
        SyncRun, "job", "account", "started_at", "finished_at", "calls", "error"
    )
    list_filter = (AccountFilter,)
    search_fields = ("account", "job")
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        SyncRun, "job", "account", "started_at", "finished_at", "lease_until", "seen", "error"
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("calls"))
    def calls(self, run: SyncRun) -> str:
        """Requests that the last run made to eyeson."""
        counts = run.counts if isinstance(run.counts, dict) else {}
        return str(counts.get("calls", NOTHING))

    @admin.display(description=gettext_lazy("seen"))
    def seen(self, run: SyncRun) -> str:
        """What the last run saw."""
        return shown_json(run.counts or None)

    def has_sync_permission(self, request: HttpRequest) -> bool:
        """Return whether this user may change the rows, and operate by the policy."""
        return self.may_change(request) and policy().can_operate(request.user)

    def may_sync(self, request: HttpRequest, run: SyncRun) -> bool:
        """Return whether this user may have the account of this run synced."""
        return self.has_sync_permission(request)

    def is_of_account(self, request: HttpRequest, run: SyncRun) -> bool:
        """Return whether the job is one of an account."""
        return bool(run.account)

    def sync(self, request: HttpRequest, run: SyncRun) -> None:
        """Have eyeson asked about the run's account."""
        self.log_change(request, run, _("Had the account synced."))
        sync_soon(request, [run.account])

    @admin.action(
        description=gettext_lazy("Sync the accounts of selected runs"), permissions=["sync"]
    )
    def sync_selected(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> None:
        """Have eyeson asked about their accounts, each once."""
        sync_soon(request, queryset.order_by().values_list("account", flat=True).distinct())


class SyncRunAdmin(SyncRunAdminMixin, DjangoAdmin):
    """Sync runs in Django's own admin."""


def sync_soon(request: HttpRequest, accounts: Iterable[str]) -> None:
    """Enqueue a sync of each account that settings still name, and say so."""
    wanted = sorted(set(accounts) & set(conf.account_aliases()))
    if not wanted:
        messages.warning(request, _("Settings name no such account any more."))
        return
    for alias in wanted:
        transaction.on_commit(partial(tasks.hint_sync, alias), using=database_alias())
    told = _("The site will ask eyeson about %(accounts)s.") % {"accounts": ", ".join(wanted)}
    messages.success(request, f"{told} {when_it_is_done()}")
