"""What the pages of recordings, snapshots and files share: how far the file is, and fetching it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from eyeson_meetings import tasks
from eyeson_meetings.conf import setting
from eyeson_meetings.databases import database_alias
from eyeson_meetings.policies import policy
from eyeson_meetings.services.media import fetch_again

from .base import FactsMixin
from .buttons import Button, ButtonsMixin
from .filters import AccountFilter, DateFilter, StoreStateFilter
from .showing import NOTHING, shown_badge, shown_progress, shown_time

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from eyeson_meetings.models import Recording, RoomFile, Snapshot

#: So many rows an action takes at once, so that its request ends. The others stay selected by their filter.
MOST_AT_ONCE = 1000


class StoredFileAdminMixin(ButtonsMixin, FactsMixin):
    """The page of one file that comes from eyeson."""

    buttons: tuple[Button, ...] = (
        Button(
            path="fetch-again",
            label=gettext_lazy("Fetch again"),
            run="fetch_again",
            may="may_record",
            when="is_at_eyeson",
        ),
    )
    actions = ("fetch_selected_again",)
    list_filter: ClassVar[tuple[Any, ...]] = (
        StoreStateFilter,
        AccountFilter,
        ("created_at", DateFilter),
    )
    search_fields: ClassVar[tuple[str, ...]] = (
        "room__name",
        "room__eyeson_id",
        "=uuid",
        "=eyeson_id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what names and policies need."""
        rows = super().get_queryset(request)
        return rows.select_related("room", "meeting__room", "participant", "requested_by")

    @admin.display(description=gettext_lazy("state"))
    def badge(self, row: Recording | Snapshot | RoomFile) -> str:
        """Show the state, and a warning while eyeson answers downloads without the file."""
        state = shown_badge(getattr(row, "state", row.storing_state) or "unknown", row.state_label)
        if not (row.is_coming and row.content_faults):
            return state
        return format_html("{} {}", state, shown_badge("failed", _without_file(row)))

    @admin.display(description=gettext_lazy("file"))
    def progress(self, row: Recording | Snapshot | RoomFile) -> str:
        """How much of it is here."""
        return shown_progress(row)

    @admin.display(description=gettext_lazy("file"))
    def progress_or_reason(self, row: Recording | Snapshot | RoomFile) -> str:
        """How much of it is here; of one that is fetched in vain why, and how long eyeson keeps it."""
        if not row.is_failing:
            return shown_progress(row)
        if row.lost_at is None:
            return row.error
        return _("eyeson keeps it until %(time)s. Last error: %(error)s") % {
            "time": shown_time(row.lost_at),
            "error": row.error,
        }

    @admin.display(description=gettext_lazy("last error"))
    def trouble(self, row: Recording | Snapshot | RoomFile) -> str:
        """Show the last error, how often eyeson sent no file, and when the next attempt is due."""
        if not row.error:
            return NOTHING
        if row.next_attempt_at is None:
            return row.error
        text = _("%(error)s Attempt %(number)d; the next one is due %(time)s.") % {
            "error": row.error,
            "number": row.attempts,
            "time": shown_time(row.next_attempt_at),
        }
        return f"{text} ({_without_file(row)})" if row.content_faults else text

    @admin.display(description=gettext_lazy("created"), ordering="created_at")
    def created(self, row: Recording | Snapshot | RoomFile) -> str:
        """When it was made."""
        return shown_time(row.created_at)

    @admin.display(description=gettext_lazy("kept by eyeson until"))
    def deadline(self, row: Recording | Snapshot | RoomFile) -> str:
        """When eyeson's own copy goes, or went."""
        known = [moment for moment in (row.lost_at, row.deleted_remotely_at) if moment is not None]
        return shown_time(min(known, default=None))

    def has_fetch_again_permission(self, request: HttpRequest) -> bool:
        """Offer the action to all who see the list: the policy decides for each row."""
        return self.has_view_permission(request)

    def may_record(self, request: HttpRequest, row: Recording | Snapshot | RoomFile) -> bool:
        """Return whether the policy lets this user record in the room, and so fetch and delete its files."""
        return policy().can_record(request.user, row.room)

    def is_at_eyeson(self, request: HttpRequest, row: Recording | Snapshot | RoomFile) -> bool:
        """eyeson has had the file, and nobody is fetching it right now."""
        return row.available_at is not None and not row.is_being_fetched

    def fetch_again(self, request: HttpRequest, row: Recording | Snapshot | RoomFile) -> None:
        """Forget what happened to the file so far and have it fetched at once."""
        if row.available_at is None:
            messages.warning(request, _("eyeson has not finished this file yet."))
        elif not fetch_again(row=row):
            messages.warning(request, _("The file is here, or is being fetched right now."))
        else:
            self.log_change(request, row, _("Had the file fetched again."))
            transaction.on_commit(lambda: tasks.hint_fetch(row), using=database_alias())
            told = _("The file will be fetched again.")
            messages.success(request, f"{told} {when_it_is_done()}")

    @admin.action(
        description=gettext_lazy("Fetch selected files again"), permissions=["fetch_again"]
    )
    def fetch_selected_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The same for many, and one message about it. Rows of rooms where this user may not record stay.

        Raises PermissionDenied when that is so of all rows.
        """
        selected = queryset.prefetch_related("room__members").order_by("-pk")[: MOST_AT_ONCE + 1]
        rows = [row for row in selected if self.may_record(request, row)]
        if not rows and selected:
            raise PermissionDenied
        begun = [
            row
            for row in rows[:MOST_AT_ONCE]
            if row.available_at is not None and fetch_again(row=row)
        ]
        for row in begun:
            self.log_change(request, row, _("Had the file fetched again."))
        if begun:
            transaction.on_commit(tasks.hint_fetches, using=database_alias())
        told = ngettext(
            "%(count)d file will be fetched again.",
            "%(count)d files will be fetched again.",
            len(begun),
        ) % {"count": len(begun)}
        messages.success(request, f"{told} {when_it_is_done()}") if begun else None
        tell_of_the_rest(request, rows, begun)


def _without_file(row: Recording | Snapshot | RoomFile) -> str:
    """Return in words how many downloads in a row eyeson answered without the file."""
    return ngettext(
        "no file from eyeson, %(count)d time in a row",
        "no file from eyeson, %(count)d times in a row",
        row.content_faults,
    ) % {"count": row.content_faults}


def tell_of_the_rest(request: HttpRequest, rows: list[Any], done: list[Any]) -> None:
    """Say what an action has left out, and why."""
    left = len(rows[:MOST_AT_ONCE]) - len(done)
    if left:
        messages.warning(
            request,
            ngettext(
                "%(count)d row was left as it is: nothing can be done for it now.",
                "%(count)d rows were left as they are: nothing can be done for them now.",
                left,
            )
            % {"count": left},
        )
    if len(rows) > MOST_AT_ONCE:
        messages.warning(
            request,
            _("Only the first %(count)d rows were taken. Please repeat it for the others.")
            % {"count": MOST_AT_ONCE},
        )


def when_it_is_done() -> str:
    """Who does the work that was left to somebody, in words."""
    if setting("PROCESSING") == "worker":
        return _("A worker does it in a moment.")
    return _("The next run of “manage.py eyeson_work” does it.")
