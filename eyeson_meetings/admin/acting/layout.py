"""The button that says who is seen where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.policies import policy
from eyeson_meetings.services import stage

from .groups import STAGE
from .people import PeopleButtonsMixin, PersonField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from eyeson_meetings.models import Participant

#: eyeson's named layouts (API reference 12): what they look like, and how many places they have.
LAYOUTS = {
    "one": (gettext_lazy("One person in the whole picture"), 1),
    "two": (gettext_lazy("Two side by side"), 2),
    "four": (gettext_lazy("Four, two by two"), 4),
    "six": (gettext_lazy("Six, in two rows"), 6),
    "nine": (gettext_lazy("Nine, three by three"), 9),
    "present-lower-3": (gettext_lazy("One large, three small ones below"), 4),
    "present-upper-6": (gettext_lazy("One large, six small ones above"), 7),
    "present-two-upper-6": (gettext_lazy("Two large, six small ones above"), 8),
    "present-upper-right-9": (
        gettext_lazy("One large, nine small ones above and at the right"),
        10,
    ),
    "present-vertical-9": (gettext_lazy("One large, nine small ones at the right"), 10),
}
MOST_PLACES = max(places for _words, places in LAYOUTS.values())
#: Value of a switch that is left as it is.
UNCHANGED = ""

LAYOUT_BUTTONS = (
    Button(
        path="layout",
        label=gettext_lazy("Set layout"),
        form="layout_form",
        run="set_layout",
        may="may_moderate",
        when="is_layout_possible",
        group=STAGE,
    ),
)


def is_yes(value: str) -> bool:
    """What a switch that is not left as it is says."""
    return value == "yes"


class LayoutForm(forms.Form):
    """One of eyeson's layouts and who stands where in it, or automatic."""

    name = forms.ChoiceField(
        label=gettext_lazy("Layout"),
        required=False,
        choices=[
            ("", gettext_lazy("Automatic: eyeson places everybody")),
            *((name, words) for name, (words, _places) in LAYOUTS.items()),
        ],
    )
    free_places = forms.ChoiceField(
        label=gettext_lazy("Free places"),
        required=False,
        choices=[
            ("filled", gettext_lazy("are filled with whoever is in")),
            ("empty", gettext_lazy("stay empty")),
        ],
    )
    show_names = forms.TypedChoiceField(
        label=gettext_lazy("Names"),
        required=False,
        empty_value=None,
        coerce=is_yes,
        choices=[
            (UNCHANGED, gettext_lazy("as they are")),
            ("yes", gettext_lazy("shown")),
            ("no", gettext_lazy("not shown")),
        ],
    )
    voice_activation = forms.TypedChoiceField(
        label=gettext_lazy("Who speaks"),
        required=False,
        empty_value=None,
        coerce=is_yes,
        choices=[
            (UNCHANGED, gettext_lazy("as it is")),
            ("yes", gettext_lazy("takes a free place")),
            ("no", gettext_lazy("takes no place of others")),
        ],
    )

    def __init__(self, *args: Any, people: Sequence[Participant], **kwargs: Any) -> None:
        """`people` are in the meeting."""
        super().__init__(*args, **kwargs)
        for number in range(1, MOST_PLACES + 1):
            place = PersonField(label=_("Place %(number)d") % {"number": number}, required=False)
            place.offer(people, nobody=_("free"))
            self.fields[f"place_{number}"] = place
        self.order_fields(["name", *self._places(), "free_places"])
        # The page shows as many places as the layout has.
        self.fields["name"].widget.attrs["data-eyeson-places"] = ",".join(
            ["0", *(str(places) for _words, places in LAYOUTS.values())]
        )

    def notes(self) -> list[str]:
        """What to know before."""
        return [
            _("Everybody in the meeting, and whoever watches it, sees the new layout at once."),
            _(
                "It does not show while eyeson sends single pictures instead of one, as with two people."
            ),
        ]

    def clean(self) -> dict[str, Any]:
        """No more people than places, and nobody twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        people = [cleaned[name] for name in self._places()]
        while people and people[-1] is None:
            people.pop()
        places = LAYOUTS[cleaned["name"]][1] if cleaned["name"] else 0
        if people and not places:
            raise ValidationError(_("Choose a layout to say who is seen where."))
        if len(people) > places:
            raise ValidationError({f"place_{places + 1}": _("This layout has no such place.")})
        named = [person.pk for person in people if person is not None]
        if len(set(named)) < len(named):
            raise ValidationError(_("Choose each person for one place only."))
        if cleaned["voice_activation"] and people and cleaned["free_places"] == "empty":
            raise ValidationError(
                {"voice_activation": _("Who speaks can take free places only if they are filled.")}
            )
        cleaned["people"] = people
        return cleaned

    def _places(self) -> list[str]:
        return [f"place_{number}" for number in range(1, MOST_PLACES + 1)]


class LayoutButtonsMixin(PeopleButtonsMixin):
    """What the button does."""

    def is_layout_possible(self, request: HttpRequest, row: Any) -> bool:
        """A meeting is in progress, and the options of its room do not switch layouts off."""
        options = policy().room_options(self.room_of(row))
        return self.is_open(request, row) and options.get("layout_available") is not False

    def layout_form(self, request: HttpRequest, row: Any, **bound: Any) -> LayoutForm:
        """Who is to be seen where. Raises MeetingNotRunningError."""
        return LayoutForm(people=self.people_in(row), **bound)

    def set_layout(self, request: HttpRequest, row: Any, form: LayoutForm) -> None:
        """Ask eyeson for that layout."""
        chosen = form.cleaned_data
        stays_empty = chosen["people"] and chosen["free_places"] == "empty"
        stage.set_layout(
            meeting=self.open_meeting(row),
            layout="custom" if stays_empty else "auto",
            name=chosen["name"],
            users=chosen["people"],
            show_names=chosen["show_names"],
            voice_activation=chosen["voice_activation"],
            user=request.user,
        )
        self.log_change(
            request, row, _("Set the layout “%(name)s”.") % {"name": chosen["name"] or "auto"}
        )
        messages.success(request, _("The layout has been set."))
