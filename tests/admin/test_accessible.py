"""What the package mends in Django's pages for those who do not see them, or not well; axe looks at all of it."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.utils import translation

from example_project.appointments.models import Appointment
from eyeson_meetings.admin import AccessibleAdminMixin, InvitationInlineMixin, RoomAdminMixin
from eyeson_meetings.models import Room
from tests.factories import RoomFactory

from .conftest import page_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

STYLE = "eyeson_meetings/admin.css"


class OtherSplit(forms.SplitDateTimeWidget):
    """What another admin takes for a date and time."""


class OtherModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What another admin brings."""

    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": OtherSplit}
    }


class OtherInvitationInline(InvitationInlineMixin, admin.TabularInline):  # type: ignore[type-arg]
    """Invitations whose expiry is a date and a time."""

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return admin.TabularInline.formfield_for_dbfield(self, db_field, request, **kwargs)


def names_of(field: Any) -> list[str]:
    """What the halves of a field say that they are."""
    return [half["attrs"]["aria-label"] for half in field.subwidgets[0].data["subwidgets"]]


@pytest.fixture
def request_of_root(admin_user: Any) -> Any:
    """A request by somebody who may do everything."""
    request = RequestFactory().get("/")
    request.user = admin_user
    return request


def test_the_history_of_a_row_has_the_links_of_its_page(root: Client) -> None:
    shown = root.get(page_of(RoomFactory()).replace("change", "history")).content.decode()

    assert STYLE in shown


def test_so_it_has_in_another_admin(request_of_root: Any) -> None:
    class OtherRoomAdmin(RoomAdminMixin, OtherModelAdmin):
        """Rooms over there."""

    room = RoomFactory()
    answer: Any = OtherRoomAdmin(Room, admin.site).history_view(request_of_root, str(room.pk))

    assert STYLE in answer.render().content.decode()


@pytest.mark.parametrize("base", [admin.ModelAdmin, OtherModelAdmin])
@pytest.mark.parametrize(
    ("language", "halves"),
    [("en", ["Date:", "Time:"]), ("fr", ["Date\xa0:", "Heure\xa0:"])],
    ids=["English", "a language that the package does not speak"],
)
def test_each_half_of_a_date_and_time_says_what_it_is(
    base: Any, language: str, halves: list[str], request_of_root: Any
) -> None:
    class AppointmentAdmin(AccessibleAdminMixin, base):
        """Made of the mixin and any other's."""

    with translation.override(language):
        field = AppointmentAdmin(Appointment, admin.site).get_form(request_of_root)()["starts_at"]

        assert names_of(field) == [f"{field.label}, {half}" for half in halves]


def test_it_does_so_in_a_table_too(request_of_root: Any) -> None:
    inline = OtherInvitationInline(Room, admin.site)

    formset = inline.get_formset(request_of_root)(instance=RoomFactory())

    assert names_of(formset.empty_form["expires_at"]) == ["Expires, Date:", "Expires, Time:"]
    assert formset.empty_form["name"].field.widget.attrs["aria-label"] == "Name"
