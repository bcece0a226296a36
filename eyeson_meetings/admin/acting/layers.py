"""Buttons that put a picture or a text over or behind the video, and take it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.services import stage

from .groups import STAGE
from .in_meeting import ActsInMeetingMixin

if TYPE_CHECKING:
    from django.http import HttpRequest

FRONT, BEHIND = "front", "behind"

LAYER_BUTTONS = (
    Button(
        path="layer",
        label=gettext_lazy("Show picture or text"),
        form="layer_form",
        run="show_layer",
        may="may_moderate",
        when="is_open",
        group=STAGE,
    ),
    Button(
        path="take-layer",
        label=gettext_lazy("Take it away"),
        form="take_layer_form",
        run="take_layer",
        may="may_moderate",
        when="has_layer",
        group=STAGE,
    ),
)


class WhichLayerForm(forms.Form):
    """In front or behind: eyeson has one layer each."""

    where = forms.ChoiceField(
        label=gettext_lazy("Where"),
        choices=[
            (FRONT, gettext_lazy("in front of the video")),
            (BEHIND, gettext_lazy("behind the video")),
        ],
    )

    def is_front(self) -> bool:
        """What was chosen."""
        return bool(self.cleaned_data["where"] == FRONT)


class LayerForm(WhichLayerForm):
    """A picture, uploaded or by its address, or a text. What it may be, the service knows."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy("PNG, JPEG or WebP."),
    )
    url = forms.CharField(
        label=gettext_lazy("or its address"),
        required=False,
        widget=forms.URLInput(
            attrs={"class": "vURLField", "placeholder": "https://example.org/picture.png"}
        ),
        help_text=gettext_lazy("eyeson fetches it: it must be public."),
    )
    title = forms.CharField(
        label=gettext_lazy("or a title"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    text = forms.CharField(
        label=gettext_lazy("and a text"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "A simple box of text. eyeson no longer describes it, and may have taken it out."
        ),
    )

    def notes(self) -> list[str]:
        """What to know before."""
        return [
            _(
                "The video has 1280 by 960 pixels, wide-screen 1280 by 720. A picture in front is shown "
                "as it is, at the top left, and must not be larger; one behind is fitted in."
            ),
            _("It takes the place of the one that is there."),
        ]


class LayerButtonsMixin(ActsInMeetingMixin):
    """What the buttons do."""

    def has_layer(self, request: HttpRequest, row: Any) -> bool:
        """This site has put a layer into the meeting in progress, and not taken it away."""
        meeting = self.meeting_of(row)
        return meeting is not None and bool(meeting.layers)

    def layer_form(self, request: HttpRequest, row: Any, **bound: Any) -> LayerForm:
        """What to show. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return LayerForm(**bound)

    def show_layer(self, request: HttpRequest, row: Any, form: LayerForm) -> None:
        """Ask eyeson to show it."""
        given, box = form.cleaned_data, None
        if given["title"] or given["text"]:
            box = stage.LayerText(title=given["title"], content=given["text"])
        stage.set_layer(
            meeting=self.open_meeting(row),
            url=given["url"] or None,
            file=given["file"],
            text=box,
            foreground=form.is_front(),
            user=request.user,
        )
        self.log_change(request, row, _words_of(form))
        messages.success(
            request,
            _("It is shown in front of the video.")
            if form.is_front()
            else _("It is shown behind the video."),
        )

    def take_layer_form(self, request: HttpRequest, row: Any, **bound: Any) -> WhichLayerForm:
        """Which one. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return WhichLayerForm(**bound)

    def take_layer(self, request: HttpRequest, row: Any, form: WhichLayerForm) -> None:
        """Ask eyeson to show it no longer."""
        stage.clear_layer(
            meeting=self.open_meeting(row), foreground=form.is_front(), user=request.user
        )
        self.log_change(
            request,
            row,
            _("Took away what was in front of the video.")
            if form.is_front()
            else _("Took away what was behind the video."),
        )
        messages.success(
            request,
            _("Nothing is in front of the video any more.")
            if form.is_front()
            else _("Nothing is behind the video any more."),
        )


def _words_of(form: LayerForm) -> str:
    """For the history: addresses may be signed, so they are not in it."""
    if form.cleaned_data["title"] or form.cleaned_data["text"]:
        return (
            _("Showed a text in front of the video.")
            if form.is_front()
            else _("Showed a text behind the video.")
        )
    return (
        _("Showed a picture in front of the video.")
        if form.is_front()
        else _("Showed a picture behind the video.")
    )
