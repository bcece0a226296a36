"""Buttons for the files of a meeting: show one, and look which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.conf import setting
from eyeson_meetings.services import files

from .groups import FILES
from .in_meeting import ActsInMeetingMixin

if TYPE_CHECKING:
    from django.http import HttpRequest

#: In the order of the page.
FILE_BUTTONS = (
    Button(
        path="upload-file",
        label=gettext_lazy("Upload file"),
        form="upload_form",
        run="upload_file",
        may="may_moderate",
        when="is_open",
        group=FILES,
    ),
    Button(
        path="look-for-files",
        label=gettext_lazy("Look for files"),
        run="look_for_files",
        may="may_moderate",
        when="is_open",
        group=FILES,
    ),
)


class UploadForm(forms.Form):
    """A file to be shown in the meeting. What it may be, the service knows."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy("A PDF, or a picture."),
    )

    def notes(self) -> list[str]:
        """What to know before."""
        longest = filesizeformat(setting("MAX_FILE_BYTES"))
        return [
            _("One file of at most %(size)s. The web server of this site may allow less.")
            % {"size": longest},
            _(
                "Everybody in the meeting sees the file. eyeson turns a PDF into one picture a page."
            ),
            _(
                "Files at eyeson live as long as the meeting. This site fetches a copy while it goes on, "
                "which may come too late for a file that is uploaded shortly before the end."
            ),
        ]


class FileButtonsMixin(ActsInMeetingMixin):
    """What the buttons do."""

    def upload_form(self, request: HttpRequest, row: Any, **bound: Any) -> UploadForm:
        """Which file. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return UploadForm(**bound)

    def upload_file(self, request: HttpRequest, row: Any, form: UploadForm) -> None:
        """Hand the file to eyeson."""
        room_file = files.upload_file(
            meeting=self.open_meeting(row), file=form.cleaned_data["file"], user=request.user
        )
        self.log_change(request, row, _("Uploaded the file “%(name)s”.") % {"name": room_file.name})
        messages.success(
            request,
            _("“%(name)s” is in the meeting. It will be fetched when ready.")
            % {"name": room_file.name},
        )

    def look_for_files(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson which files the meeting has."""
        found = files.refresh_files(meeting=self.open_meeting(row))
        messages.success(
            request,
            ngettext(
                "The meeting has %(count)d file.", "The meeting has %(count)d files.", len(found)
            )
            % {"count": len(found)},
        )
