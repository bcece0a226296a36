"""One rule for names, on every surface: what nobody sees is refused from people and removed from what others send."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.mirror import texts
from eyeson_meetings.models import BroadcastTarget, Invitation, Room
from eyeson_meetings.rest_api.texts import NameField
from eyeson_meetings.sanitizing import (
    LONGEST_FILENAME_BYTES,
    file_name,
    has_unseen,
    is_readable,
    without_unseen,
)
from eyeson_meetings.services.entries import shown_name
from eyeson_meetings.services.guests import invite
from eyeson_meetings.services.permalinks import change_permalink, create_permalink_room
from eyeson_meetings.services.rooms import change_room, create_room, join_as_guest
from eyeson_meetings.services.targets import create_target
from eyeson_meetings.views.guests import GuestForm

from .factories import RoomFactory, UserFactory
from .names import BAD, GOOD, good_names

User = get_user_model()


def test_the_corpus_is_large_enough() -> None:
    assert len(GOOD) > 20
    assert len(good_names()) >= 200
    assert len(BAD) >= 60


def test_names_of_all_scripts_are_taken_as_they_are() -> None:
    refused = [name for name in good_names() if has_unseen(name) or not is_readable(name)]

    assert refused == []
    assert [without_unseen(name) for name in good_names()] == good_names()


def test_what_hides_something_is_found_and_taken_out() -> None:
    assert [name for name in BAD if not has_unseen(name)] == []
    assert {without_unseen(name) for name in BAD} == {"Hannah", ""}


def test_a_letter_of_a_newer_unicode_is_no_reason_to_refuse_a_name() -> None:
    unknown = "\U0001ccff"
    assert unicodedata.category(unknown) == "Cn"

    assert not has_unseen(f"Jo {unknown}")
    assert is_readable(unknown)
    assert has_unseen("Jo \ufdd0")
    assert has_unseen("Jo \U000e0fff")


def test_a_name_of_marks_alone_is_not_readable() -> None:
    for name in ("", "  ", "\u0301", "\u094d", "\ufe0f"):
        assert not is_readable(name)


def test_every_surface_takes_the_good_names() -> None:
    field = NameField()

    for name in good_names():
        form = GuestForm({"name": name})
        assert form.is_valid(), name
        assert form.cleaned_data["name"] == name
        assert field.run_validation(name) == name
        assert texts.name_of(name) == name
        Room(name=name).clean_fields(exclude=["account"])
        assert shown_name(User(first_name=name)) == name


def test_every_surface_refuses_the_bad_names_of_people_and_cleans_those_of_others() -> None:
    field = NameField()

    for name in BAD:
        assert not GuestForm({"name": f"A{name}"}).is_valid(), ascii(name)
        # Blanks at the ends are taken off before anybody looks.
        if name != name.strip():
            continue
        with pytest.raises(Exception, match="unseen|nobody sees"):
            field.run_validation(name)
        for model in (Room, Invitation, BroadcastTarget):
            with pytest.raises(ValidationError) as raised:
                model._meta.get_field("name").clean(name, None)
            assert "unseen" in [one.code for one in raised.value.error_list]
        assert texts.name_of(name) in ("Hannah", "")
        assert shown_name(User(first_name=name)) in ("Hannah", User().get_username())


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.parametrize("name", ["Han\u202enah", "Han\u200bnah", "Han\x85nah"])
def test_services_refuse_them_before_anything_is_asked_or_kept(name: str) -> None:
    room = RoomFactory()
    calls: list[Any] = [
        lambda: create_room(name=name),
        lambda: change_room(room=room, name=name),
        lambda: invite(room=room, name=name),
        lambda: join_as_guest(room=room, name=name),
        lambda: create_permalink_room(name=name),
        lambda: change_permalink(room=room, name=name),
        lambda: create_target(name=name, address="rtmp://live.example.org/app"),
    ]

    for call in calls:
        with pytest.raises(ValueRefusedError, match="nobody sees") as raised:
            call()
        assert raised.value.field == "name"

    assert list(Room.objects.values_list("name", flat=True)) == [room.name]
    assert not Invitation.objects.exists()


@pytest.mark.django_db
@pytest.mark.any_database
def test_the_forms_of_the_admin_and_the_guest_page_say_what_to_do(client: Client) -> None:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    room = RoomFactory(guest_access="link")
    page = reverse("admin:eyeson_meetings_room_change", args=[room.pk])

    shown = client.post(page, {"name": "Han\u202enah", "guest_access": "link"})

    assert "nobody sees" in shown.content.decode()
    room.refresh_from_db()
    assert "\u202e" not in room.name


@pytest.mark.django_db
@pytest.mark.any_database
def test_the_rest_api_says_what_to_do(client: Client) -> None:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    answer = client.post(
        reverse("eyeson:api:room-list"),
        json.dumps({"name": "Han\u202enah"}),
        content_type="application/json",
    )

    assert answer.status_code == 400
    assert "Type it again without them." in answer.content.decode()
    assert not Room.objects.exists()


def test_names_of_files_keep_their_marks_and_their_ending() -> None:
    for name in good_names():
        composed = unicodedata.normalize("NFC", name)
        made = file_name(name, ".pdf", otherwise="file")
        kept = [one for one in composed if unicodedata.category(one)[0] in "LMN"]
        # A selector goes with the sign that it was for.
        lost = set(kept) - set(made)
        assert made.endswith(".pdf")
        assert {unicodedata.name(one).partition("-")[0] for one in lost} <= {"VARIATION SELECTOR"}
    assert file_name("Zoe\u0308", ".pdf", otherwise="file") == "Zoë.pdf"
    assert file_name("a/b\\c", ".tar.gz", otherwise="file") == "a_b_c.tar.gz"
    assert file_name("\u202e..", ".pdf", otherwise="file") == "_.pdf"
    assert file_name("..", ".pdf", otherwise="file") == "file.pdf"


@pytest.mark.parametrize("letter", ["x", "ä", "न\u094d", "王", "e\u0301\u0302"])
def test_a_long_name_of_a_file_is_cut_between_letters(letter: str) -> None:
    made = file_name(letter * 300, " 2026-11-30.webm", otherwise="file")

    assert LONGEST_FILENAME_BYTES - 8 < len(made.encode()) <= LONGEST_FILENAME_BYTES
    stem = made.removesuffix(" 2026-11-30.webm")
    composed = unicodedata.normalize("NFC", letter)
    assert stem == composed * (len(stem) // len(composed))
