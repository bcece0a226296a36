"""Buttons that play videos and sounds into a meeting, show slides, and stop both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.services import stage

from .groups import STAGE
from .people import PeopleButtonsMixin, PersonField, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from eyeson_meetings.client.records import Playback
    from eyeson_meetings.models import Participant

PLAYBACK_BUTTONS = (
    Button(
        path="play",
        label=gettext_lazy("Play video or sound"),
        form="playback_form",
        run="play",
        may="may_moderate",
        when="is_open",
        group=STAGE,
    ),
    # It asks eyeson, and no page that is only visited does.
    Button(
        path="playbacks",
        label=gettext_lazy("What plays now"),
        run="show_playbacks",
        may="may_moderate",
        when="is_open",
        group=STAGE,
    ),
    Button(
        path="stop-playback",
        label=gettext_lazy("Stop"),
        run="stop_playback",
        may="may_moderate",
        drawn=False,
    ),
    Button(
        path="show-slide",
        label=gettext_lazy("Show slide"),
        form="slide_form",
        run="show_slide",
        may="may_moderate",
        when="is_open",
        group=STAGE,
    ),
    Button(
        path="stop-presentation",
        label=gettext_lazy("Stop presentation"),
        run="stop_presentation",
        may="may_moderate",
        when="is_open",
        question=gettext_lazy(
            "Whoever shows slides or their screen is stopped. They may begin again."
        ),
        group=STAGE,
    ),
)


class PlaybackForm(forms.Form):
    """What to play, and how."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        widget=forms.URLInput(
            attrs={"class": "vURLField", "placeholder": "https://example.org/film.mp4"}
        ),
        help_text=gettext_lazy("MP4, WebM or MP3. eyeson fetches it: it must be public."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    replaced = PersonField(label=gettext_lazy("In place of"), required=False)
    audio = forms.BooleanField(label=gettext_lazy("With sound"), required=False, initial=True)
    loop_count = forms.TypedChoiceField(
        label=gettext_lazy("How often"),
        coerce=int,
        choices=[
            ("0", gettext_lazy("once")),
            ("1", gettext_lazy("twice")),
            ("2", gettext_lazy("three times")),
            ("9", gettext_lazy("ten times")),
            ("-1", gettext_lazy("again and again, until it is stopped")),
        ],
    )

    def __init__(self, *args: Any, people: Sequence[Participant], **kwargs: Any) -> None:
        """`people` are in the meeting."""
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["replaced"]
        choice.offer(people, nobody=_("nobody: it has its own place"))


class SlideForm(forms.Form):
    """Which slide."""

    slide = forms.CharField(
        label=gettext_lazy("Address"),
        widget=forms.URLInput(
            attrs={"class": "vURLField", "placeholder": "https://example.org/slide-1.png"}
        ),
        help_text=gettext_lazy("A PNG picture. eyeson fetches it: it must be public."),
    )

    def notes(self) -> list[str]:
        """What to know before."""
        return [
            _("It takes the place of the slide that this site shows, if it shows one."),
            _(
                "eyeson has not described slides since 2019 and may have taken them out. "
                "“Show picture or text” does nearly the same."
            ),
        ]


class PlaybackButtonsMixin(PeopleButtonsMixin):
    """What the buttons do."""

    def playback_form(self, request: HttpRequest, row: Any, **bound: Any) -> PlaybackForm:
        """What to play. Raises MeetingNotRunningError."""
        return PlaybackForm(people=self.people_in(row), **bound)

    def play(self, request: HttpRequest, row: Any, form: PlaybackForm) -> None:
        """Ask eyeson to play it."""
        stage.start_playback(meeting=self.open_meeting(row), **form.cleaned_data, user=request.user)
        name = form.cleaned_data["name"]
        self.log_change(
            request,
            row,
            _("Played “%(name)s”.") % {"name": name} if name else _("Played something."),
        )
        messages.success(request, _("It is being played."))

    def show_playbacks(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Ask eyeson what plays; a page with a button for each to stop it."""
        playing = stage.running_playbacks(meeting=self.open_meeting(row), user=request.user)
        people = {person.eyeson_id: name_of(person) for person in self.people_in(row)}
        response = self.show_page(
            request,
            row,
            "playbacks",
            title=_("What plays now"),
            playbacks=[(one, words_of(one, people)) for one in playing],
            stop_url=self._reverse("stop-playback", row),
            play_url=self._reverse("play", row),
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def stop_playback(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to play it no longer."""
        play_id = request.POST.get("play_id", "")
        stage.stop_playback(meeting=self.open_meeting(row), play_id=play_id, user=request.user)
        self.log_change(request, row, _("Stopped what was played."))
        messages.success(request, _("It is no longer played."))

    def slide_form(self, request: HttpRequest, row: Any, **bound: Any) -> SlideForm:
        """Which slide. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return SlideForm(**bound)

    def show_slide(self, request: HttpRequest, row: Any, form: SlideForm) -> None:
        """Ask eyeson to show it."""
        stage.start_presentation(
            meeting=self.open_meeting(row), slide=form.cleaned_data["slide"], user=request.user
        )
        self.log_change(request, row, _("Showed a slide."))
        messages.success(request, _("The slide is shown."))

    def stop_presentation(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to end it."""
        stage.stop_presentation(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Stopped the presentation."))
        messages.success(request, _("Nobody presents any more."))


def words_of(playback: Playback, people: dict[str, str]) -> str:
    """How it is played; `people` are the names by eyeson's id."""
    if playback.loop_count == -1:
        often = _("again and again")
    elif playback.loop_count:
        often = _("%(number)d times") % {"number": playback.loop_count + 1}
    else:
        often = _("once")
    if playback.replacement_id not in people:
        return often
    return _("%(often)s, in place of %(name)s") % {
        "often": often,
        "name": people[playback.replacement_id],
    }
