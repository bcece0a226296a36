"""Buttons that send single streams of a meeting on to another server, and stop that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.services import forwards

from .broadcast_forms import SecretInput
from .broadcasts import BroadcastButtonsMixin
from .groups import BROADCAST
from .people import PeopleButtonsMixin, PersonField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from eyeson_meetings.models import Participant

FORWARD_BUTTONS = (
    Button(
        path="forward",
        label=gettext_lazy("Forward stream"),
        form="forward_form",
        run="forward",
        may="may_broadcast",
        when="is_open",
        group=BROADCAST,
    ),
    Button(
        path="stop-forward",
        label=gettext_lazy("Stop forwarding"),
        form="stop_forward_form",
        run="stop_forward",
        may="may_broadcast",
        when="is_forwarded",
        group=BROADCAST,
    ),
)


class ForwardForm(forms.Form):
    """What to send on, and where to."""

    source = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[
            ("meeting", gettext_lazy("the whole meeting, as everybody sees it")),
            ("person", gettext_lazy("one person")),
            ("playback", gettext_lazy("something that is played")),
        ],
    )
    participant = PersonField(label=gettext_lazy("Person"), required=False)
    play_id = forms.CharField(
        label=gettext_lazy("Played"),
        strip=False,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("The id that “What plays now” shows."),
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Streams"),
        choices=[
            ("audio,video", gettext_lazy("picture and sound")),
            ("video", gettext_lazy("picture only")),
            ("audio", gettext_lazy("sound only")),
        ],
    )
    url = forms.CharField(
        label=gettext_lazy("Address"),
        widget=SecretInput(),
        help_text=gettext_lazy(
            "Where a WHIP server takes it, with https://. It is used once, not shown and not kept."
        ),
    )
    forward_id = forms.CharField(
        label=gettext_lazy("Name"),
        strip=False,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("It stops the forwarding later. Empty: it gets one."),
    )

    def __init__(self, *args: Any, people: Sequence[Participant], **kwargs: Any) -> None:
        """`people` are in the meeting."""
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["participant"]
        choice.offer(people, nobody="---------")

    def notes(self) -> list[str]:
        """What to know before."""
        return [
            _("Whoever has that server sees and hears what you send there."),
            _(
                "It ends by itself when the person leaves, when what is played is over, or with the meeting."
            ),
        ]

    def clean(self) -> dict[str, Any]:
        """With the source that was chosen."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("source") == "person" and cleaned.get("participant") is None:
            raise ValidationError({"participant": _("Choose a person.")})
        if cleaned.get("source") == "playback" and not cleaned.get("play_id"):
            raise ValidationError({"play_id": _("Give the id of what is played.")})
        return cleaned


class StopForwardForm(forms.Form):
    """Which one."""

    forward_id = forms.CharField(
        label=gettext_lazy("Name"),
        strip=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("As it was called when it was started."),
    )

    def __init__(self, *args: Any, known: Sequence[str], **kwargs: Any) -> None:
        """`known` are the names of those that this site has started, the newest last."""
        super().__init__(*args, **kwargs)
        self._known = known
        self.fields["forward_id"].initial = known[-1] if known else ""

    def notes(self) -> list[str]:
        """What to know before."""
        names = [_("“%(name)s”") % {"name": name} for name in self._known]
        started = [_("Started by this site: %(names)s.") % {"names": ", ".join(names)}]
        return [*started[: len(names)], _("eyeson does not tell which streams are forwarded.")]


class ForwardButtonsMixin(BroadcastButtonsMixin, PeopleButtonsMixin):
    """What the buttons do."""

    def is_forwarded(self, request: HttpRequest, row: Any) -> bool:
        """This site has started to forward a stream of the meeting in progress, and not stopped it."""
        meeting = self.meeting_of(row)
        return meeting is not None and bool(meeting.forwards)

    def forward_form(self, request: HttpRequest, row: Any, **bound: Any) -> ForwardForm:
        """What, and where to. Raises MeetingNotRunningError."""
        return ForwardForm(people=self.people_in(row), **bound)

    # The address may open the server to whoever knows it.
    @sensitive_variables()
    def forward(self, request: HttpRequest, row: Any, form: ForwardForm) -> None:
        """Ask eyeson to send it on."""
        given = form.cleaned_data
        common: dict[str, Any] = {
            "meeting": self.open_meeting(row),
            "url": given["url"],
            "type": given["type"],
            "forward_id": given["forward_id"] or None,
            "user": request.user,
        }
        if given["source"] == "person":
            did = _("Forwarded “%(person)s” as “%(name)s”.")
            name = forwards.forward_source(participant=given["participant"], **common)
        elif given["source"] == "playback":
            did = _("Forwarded what is played as “%(name)s”.")
            name = forwards.forward_playback(play_id=given["play_id"], **common)
        else:
            did = _("Forwarded the meeting as “%(name)s”.")
            name = forwards.forward_meeting(**common)
        self.log_change(request, row, did % {"person": given["participant"], "name": name})
        messages.success(
            request,
            _("It is being forwarded as “%(name)s”: this name stops it.") % {"name": name},
        )

    def stop_forward_form(self, request: HttpRequest, row: Any, **bound: Any) -> StopForwardForm:
        """Which one. Raises MeetingNotRunningError."""
        return StopForwardForm(known=self.open_meeting(row).forwards, **bound)

    def stop_forward(self, request: HttpRequest, row: Any, form: StopForwardForm) -> None:
        """Ask eyeson to send it on no longer."""
        name = form.cleaned_data["forward_id"]
        forwards.stop_forward(meeting=self.open_meeting(row), forward_id=name, user=request.user)
        self.log_change(request, row, _("Stopped forwarding “%(name)s”.") % {"name": name})
        messages.success(request, _("“%(name)s” is no longer forwarded.") % {"name": name})
