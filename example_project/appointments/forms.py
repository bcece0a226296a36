"""Signing in, and booking an appointment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from eyeson_meetings.forms import FocusOnErrorMixin

from .booking import book_appointment
from .models import Appointment

LENGTHS = [
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (45, _("45 minutes")),
    (60, _("1 hour")),
]


class LoginForm(FocusOnErrorMixin, AuthenticationForm):
    """Django's, with the focus on what is wrong."""


class ClientField(forms.ModelChoiceField):
    """A choice of people, by their names."""

    def label_from_instance(self, user: Any) -> str:
        """First and last name, or what they sign in with."""
        return user.get_full_name() or user.get_username()


class BookingForm(FocusOnErrorMixin, forms.Form):
    """Whom, when, how long and what about."""

    client = ClientField(
        label=_("Client"),
        queryset=get_user_model().objects.none(),
        empty_label=_("Choose a client"),
    )
    starts_at = forms.DateTimeField(
        label=_("Date and time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    minutes = forms.TypedChoiceField(
        # Recordings have a length too, which is another word elsewhere.
        label=pgettext_lazy("of an appointment", "Length"),
        choices=LENGTHS,
        coerce=int,
        initial=30,
    )
    topic = forms.CharField(
        label=_("Topic"), max_length=120, help_text=_("Both of you see it, and so do your guests.")
    )

    def __init__(self, *args: Any, host: Any, **kwargs: Any) -> None:
        """`host` books, and is no client of their own."""
        super().__init__(*args, **kwargs)
        self.host = host
        people = get_user_model().objects.filter(is_active=True, is_superuser=False)
        clients = cast(ClientField, self.fields["client"])
        clients.queryset = people.exclude(pk=host.pk).order_by("last_name", "first_name", "pk")

    def clean_starts_at(self) -> datetime:
        """Not in the past; the minute that has begun may still be chosen."""
        starts_at: datetime = self.cleaned_data["starts_at"]
        if starts_at < timezone.now() - timedelta(minutes=1):
            raise ValidationError(_("This time has passed. Please choose a later one."))
        return starts_at

    def save(self) -> Appointment:
        """Book it."""
        return book_appointment(
            host=self.host,
            client=self.cleaned_data["client"],
            topic=self.cleaned_data["topic"],
            starts_at=self.cleaned_data["starts_at"],
            length=timedelta(minutes=self.cleaned_data["minutes"]),
        )
