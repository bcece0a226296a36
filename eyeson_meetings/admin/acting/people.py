"""Buttons for the people in a meeting: say something to them, let no more in, remove one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.policies import policy
from eyeson_meetings.services import moderation, stage
from eyeson_meetings.services.status import people_online

from .groups import MEETING
from .now import ShowsNowMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from eyeson_meetings.models import Participant

#: In the order of the page.
PEOPLE_BUTTONS = (
    Button(
        path="message",
        label=gettext_lazy("Send message"),
        form="message_form",
        run="send_message",
        may="may_moderate",
        when="is_open",
        group=MEETING,
    ),
    Button(
        path="lock",
        label=gettext_lazy("Lock"),
        run="lock",
        may="may_moderate",
        when="is_lock_possible",
        question=gettext_lazy(
            "Nobody else is let in as a guest; who is in stays. "
            "It cannot be undone: eyeson has no way to unlock a meeting. The next one is open again."
        ),
        dangerous=True,
        group=MEETING,
    ),
    Button(
        path="kick",
        label=gettext_lazy("Remove from the meeting"),
        form="kick_form",
        run="kick",
        may="may_moderate",
        dangerous=True,
        drawn=False,
    ),
)


class PersonField(forms.ChoiceField):
    """One of the people who are in; None for nobody."""

    def offer(self, people: Sequence[Participant], *, nobody: str) -> None:
        """Offer these, and `nobody` in words."""
        self._people = {str(person.pk): person for person in people}
        names = [(key, name_of(person)) for key, person in self._people.items()]
        self.choices = [("", nobody), *names]

    def clean(self, value: Any) -> Any:
        """The participant. Raises ValidationError for anybody else."""
        return self._people.get(super().clean(value))

    def person_of(self, value: object) -> Participant | None:
        """Whom a value of the field stands for."""
        return self._people.get(str(value))


class MessageForm(forms.Form):
    """What to say."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Everybody who is in the meeting now reads it in the chat. It is not kept."
        ),
    )

    def clean_text(self) -> str:
        """With line ends as everywhere but in forms."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class KickForm(forms.Form):
    """Who is to be removed: whom the page names, else one to be chosen."""

    participant = PersonField(label=gettext_lazy("Person"))

    def __init__(self, *args: Any, people: Sequence[Participant], **kwargs: Any) -> None:
        """`people` are in the meeting."""
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["participant"]
        choice.offer(people, nobody="---------")
        self.named = choice.person_of(self["participant"].value())
        if self.named is not None:
            choice.widget = forms.HiddenInput()

    def carried(self) -> list[Any]:
        """What the page sends along without showing it."""
        return self.hidden_fields()

    def notes(self) -> list[str]:
        """What will happen."""
        name = name_of(self.named) if self.named is not None else _("This person")
        return [
            _("%(name)s is sent out of the meeting at once, and may join again.") % {"name": name}
        ]


class PeopleButtonsMixin(ShowsNowMixin):
    """What the buttons do."""

    def people_in(self, row: Any) -> list[Participant]:
        """Who is in the meeting, so far as we know. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return people_online(self.room_of(row))

    def is_lock_possible(self, request: HttpRequest, row: Any) -> bool:
        """A meeting is in progress and not locked, and the options of its room allow it."""
        meeting = self.meeting_of(row)
        options = policy().room_options(self.room_of(row))
        return meeting is not None and not meeting.locked and options.get("lock_available") is True

    def may_remove_people(self, request: HttpRequest, row: Any) -> bool:
        """The policy lets this user do that, and the options of the room do not forbid it."""
        options = policy().room_options(self.room_of(row))
        return options.get("kick_available") is not False and self.may_moderate(request, row)

    def message_form(self, request: HttpRequest, row: Any, **bound: Any) -> MessageForm:
        """What to say. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return MessageForm(**bound)

    def send_message(self, request: HttpRequest, row: Any, form: MessageForm) -> None:
        """Say it in the chat."""
        stage.send_message(
            meeting=self.open_meeting(row), text=form.cleaned_data["text"], user=request.user
        )
        self.log_change(request, row, _("Sent a message."))
        messages.success(request, _("The message has been sent."))

    def lock(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to let no more guests in."""
        moderation.lock_meeting(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Locked the meeting."))
        messages.success(request, _("The meeting is locked: no more guests are let in."))

    def kick_form(self, request: HttpRequest, row: Any, **bound: Any) -> KickForm:
        """Whom to remove. Raises MeetingNotRunningError."""
        initial = {"participant": request.GET.get("person", "")}
        return KickForm(people=self.people_in(row), initial=initial, **bound)

    def kick(self, request: HttpRequest, row: Any, form: KickForm) -> None:
        """Ask eyeson to send them out."""
        person = form.cleaned_data["participant"]
        moderation.kick_participant(
            meeting=self.open_meeting(row), participant=person, user=request.user
        )
        self.log_change(request, row, _("Removed “%(name)s” from the meeting.") % {"name": person})
        messages.success(
            request, _("“%(name)s” has been sent out of the meeting.") % {"name": person}
        )


def name_of(person: Participant) -> str:
    """As lists show them."""
    return _("%(name)s (guest)") % {"name": person} if person.guest else str(person)
