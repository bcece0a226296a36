"""The button that has eyeson forget a recording or snapshot sooner than after its 14 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .buttons import Button
from .stored_files import StoredFileAdminMixin

if TYPE_CHECKING:
    from django.http import HttpRequest

    from eyeson_meetings.models import Recording, Snapshot


class DeletedAtEyesonMixin(StoredFileAdminMixin):
    """The page of one file that eyeson keeps when the meeting is over."""

    buttons: tuple[Button, ...] = (
        *StoredFileAdminMixin.buttons,
        Button(
            path="delete-at-eyeson",
            label=gettext_lazy("Delete at eyeson"),
            run="delete_at_eyeson",
            may="may_record",
            when="is_kept_by_eyeson",
            asks="what_is_lost",
            dangerous=True,
        ),
    )

    def is_kept_by_eyeson(self, request: HttpRequest, row: Recording | Snapshot) -> bool:
        """eyeson has not deleted it, so far as we know."""
        is_over = row.lost_at is not None and row.lost_at <= timezone.now()
        return row.deleted_remotely_at is None and not is_over

    def what_is_lost(self, row: Recording | Snapshot) -> str:
        """What the person who presses the button is to know."""
        if row.is_stored:
            return _(
                "eyeson deletes its copy at once, and that cannot be undone. "
                "This site keeps its own copy."
            )
        return _(
            "This site has no copy. eyeson deletes the only one at once, and it is lost for good."
        )

    def delete_at_eyeson(self, request: HttpRequest, row: Recording | Snapshot) -> None:
        """Have eyeson forget the file."""
        self.ask_to_delete(request, row)
        self.log_change(request, row, _("Deleted it at eyeson."))
        messages.success(request, _("eyeson has deleted its copy."))

    def ask_to_delete(self, request: HttpRequest, row: Recording | Snapshot) -> None:
        """The service of this kind of file."""
        raise NotImplementedError
