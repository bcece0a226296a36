"""The button on the page of a participant that says who else they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.admin.parts.buttons import Button, ButtonsMixin
from eyeson_meetings.policies import policy
from eyeson_meetings.services import participants

from .people import PersonField, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from eyeson_meetings.models import Participant

#: So many people of the room are offered; any other by a link with their key.
MOST_PEOPLE = 200

MERGE = Button(
    path="merge",
    label=gettext_lazy("Merge with another person"),
    form="merge_form",
    run="merge",
    may="may_moderate",
    when="has_others",
    dangerous=True,
)


class MergeForm(forms.Form):
    """Who else this is; once that is known, the question whether to merge them."""

    person = PersonField(label=gettext_lazy("The same person"))
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, kept: Participant, people: Sequence[Participant], **kwargs: Any
    ) -> None:
        """`people` are of the room of `kept`, who is to stay."""
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["person"]
        choice.offer(people, nobody="---------")
        # People of one name differ by their ids.
        named = [(str(one.pk), f"{name_of(one)} ({one.eyeson_id})") for one in people]
        choice.choices = [*choice.choices[:1], *named]
        self._kept = kept
        self._other = choice.person_of(self["person"].value())
        if self._other is not None:
            choice.widget = forms.HiddenInput()
            self.initial["confirmed"] = True

    def carried(self) -> list[Any]:
        """What the page sends along without showing it; before somebody is chosen, nothing is confirmed."""
        return self.hidden_fields() if self._other is not None else []

    def notes(self) -> list[str]:
        """What will happen."""
        if self._other is None:
            return [_("Who else is this person? Nothing is done before you are asked.")]
        names = {
            "kept": self._kept,
            "kept_id": self._kept.eyeson_id,
            "other": self._other,
            "other_id": self._other.eyeson_id,
        }
        return [
            _(
                "“%(other)s” (%(other_id)s) and “%(kept)s” (%(kept_id)s) become one person, who is shown as "
                "“%(kept)s”."
            )
            % names,
            _(
                "Visits, recordings, snapshots, broadcasts and files of both count for that person. "
                "It cannot be undone."
            ),
        ]


class MergingMixin(ButtonsMixin):
    """What the button does."""

    buttons: tuple[Button, ...] = (MERGE,)

    def may_moderate(self, request: HttpRequest, row: Participant) -> bool:
        """The policy lets this user keep order in the room."""
        return policy().can_moderate(request.user, row.room)

    def has_others(self, request: HttpRequest, row: Participant) -> bool:
        """There is somebody with whom this person may be merged."""
        return participants.others_like(row).exists()

    def merge_form(self, request: HttpRequest, row: Participant, **bound: Any) -> MergeForm:
        """Who else this is: to be chosen, or named by the page before."""
        asked = (request.POST if bound else request.GET).get("person", "")
        others = participants.others_like(row)
        people = list(others[:MOST_PEOPLE])
        if asked.isdecimal() and len(asked) < 19:
            known = {one.pk for one in people}
            people += others.filter(pk=int(asked)).exclude(pk__in=known)
        return MergeForm(kept=row, people=people, initial={"person": asked}, **bound)

    def merge(self, request: HttpRequest, row: Participant, form: MergeForm) -> HttpResponse | None:
        """Ask whether to merge them, then do so."""
        other: Participant = form.cleaned_data["person"]
        if not form.cleaned_data["confirmed"]:
            question = MergeForm(kept=row, people=[other], initial={"person": other.pk})
            return self.show_page(
                request,
                row,
                "form",
                button=MERGE,
                title=MERGE.label,
                form=question,
                media=self.media + question.media,
            )
        participants.merge_participants(participant=row, other=other, user=request.user)
        words = {"name": other, "id": other.eyeson_id}
        self.log_change(request, row, _("Merged with “%(name)s” (%(id)s).") % words)
        messages.success(request, _("“%(name)s” has been merged into this person.") % words)
        return None
