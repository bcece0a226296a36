"""Rooms as rows: what staff may write, and that what happened in one stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from eyeson_meetings.admin.rooms import RoomForm
from eyeson_meetings.models import Invitation, Meeting, Room, RoomMember
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import open_guest_link
from tests.factories import (
    InvitationFactory,
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    UserFactory,
)

from .conftest import act, button_of, list_of, logged, page_of, press, told
from .test_lists import form_fields

pytestmark = pytest.mark.django_db


def save(browser: Client, room: Room, **changes: Any) -> Any:
    """Send the room's page back, with changes."""
    fields = form_fields(browser.get(page_of(room)).context)
    return browser.post(page_of(room), {**fields, **changes})


def errors_of(response: Any) -> str:
    """What the page complains about."""
    assert response.status_code == 200
    return str(response.context["errors"])


def test_a_room_is_made_with_a_member(root: Client) -> None:
    user = UserFactory()

    response = root.post(
        reverse("admin:eyeson_meetings_room_add"),
        {
            "name": "Board",
            "guest_access": "link",
            "account": "default",
            "options": "",
            "members-TOTAL_FORMS": "1",
            "members-INITIAL_FORMS": "0",
            "members-0-user": user.pk,
            "members-0-role": "host",
            "invitations-TOTAL_FORMS": "0",
            "invitations-INITIAL_FORMS": "0",
        },
    )

    assert response.status_code == 302, errors_of(response)
    room = Room.objects.get()
    assert (room.name, room.guest_access, room.options) == ("Board", "link", {})
    assert [(member.user, member.role) for member in room.members.all()] == [(user, "host")]
    assert len(room.eyeson_id) == 36


def test_a_new_room_needs_a_name(root: Client) -> None:
    response = root.post(reverse("admin:eyeson_meetings_room_add"), {"name": ""})

    assert "This field is required." in errors_of(response)
    assert not Room.objects.exists()


def test_name_guests_and_options_can_be_changed(root: Client) -> None:
    room = RoomFactory()

    response = save(root, room, name="New", guest_access="invited", options='{"widescreen": true}')

    assert response.status_code == 302, errors_of(response)
    room.refresh_from_db()
    assert (room.name, room.guest_access, room.options) == ("New", "invited", {"widescreen": True})


def test_who_it_is_at_eyeson_and_whether_it_is_closed_cannot_be_typed(root: Client) -> None:
    room = RoomFactory()
    before = (room.eyeson_id, room.account, room.uuid, None, False)

    save(root, room, eyeson_id="x", account="other", uuid="x", closed_at_0="2026-01-01",
         closed_at_1="10:00", closed_at="2026-01-01", adopted="on")  # fmt: skip

    room.refresh_from_db()
    assert (room.eyeson_id, room.account, room.uuid, room.closed_at, room.adopted) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a/b", "An id has no slash and no backslash in it."),
        ("..", "An id is more than dots."),
        (" a", "An id has no blanks at its beginning or end."),
        ("a\tb", "This has characters in it that cannot be shown."),
        ("", "This field is required."),
        ("x" * 256, "at most 255 characters"),
        ("desk-17", ""),
    ],
)
def test_an_admin_that_lets_people_choose_the_id_refuses_a_bad_one(text: str, words: str) -> None:
    class IdForm(RoomForm):
        eyeson_id = forms.CharField(max_length=255, strip=False)

        class Meta:
            model = Room
            fields = ("eyeson_id",)

    errors = IdForm({"eyeson_id": text, "options": ""}).errors

    assert words in str(errors.get("eyeson_id", ""))
    assert bool(errors) == bool(words)
    kept = RoomFactory(eyeson_id="a/b")
    assert not IdForm({"eyeson_id": "a/b", "options": ""}, instance=kept).errors


@pytest.mark.parametrize("text", [".", "..", "a/b", "a\\b", " a ", "a\tb"])
def test_a_room_of_eyeson_with_an_odd_id_is_shown_and_can_be_changed(
    root: Client, text: str
) -> None:
    room = RoomFactory(eyeson_id=text, name="", adopted=True)

    assert root.get(list_of(Room)).status_code == 200
    response = save(root, room, name="New")

    assert response.status_code == 302, errors_of(response)
    room.refresh_from_db()
    assert (room.name, room.eyeson_id) == ("New", text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "Options are a JSON object"),
        ('"x"', "Options are a JSON object"),
        ("{", "Enter a valid JSON."),
        ('{"widescreen": "yes"}', "This is no value for widescreen."),
        ('{"widescreeen": true}', "Did you mean widescreen?"),
        ('{"sfu_mode": "sometimes"}', "This is no value for sfu_mode."),
        ('{"exit_url": "javascript:alert(1)"}', "This is no value for exit_url."),
        ('{"exit_url": "https://ada@example.org/"}', "This is no value for exit_url."),
        ('{"background_color": "red"}', "This is no value for background_color."),
        ('{"custom_fields": []}', "This is no value for custom_fields."),
        ('{"a": NaN}', "This is no JSON that can be kept."),
        ('{"a": 1e999}', "This is no JSON that can be kept."),
        ('{"a": "\\u0000"}', "This is no JSON that can be kept."),
        ('{"a": "\\ud800"}', "This is no JSON that can be kept."),
        ('{"a": ' + "9" * 5000 + "}", "This is no JSON that can be kept."),
        ("[" * 100_000, "This is no JSON that can be kept."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_options_that_mean_nothing_are_refused(root: Client, text: str, words: str) -> None:
    room = RoomFactory(options={"widescreen": True})

    response = save(root, room, options=text)

    assert words in errors_of(response)
    room.refresh_from_db()
    assert room.options == {"widescreen": True}


def test_a_new_room_begins_with_the_sites_options(root: Client, settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "ROOM_OPTIONS": {"kick_available": False}}
    free = RoomFactory()

    page = root.get(reverse("admin:eyeson_meetings_room_add"))

    shown = page.context["adminform"].form["options"].value()
    assert json.loads(shown) == {"kick_available": False}
    there = root.get(page_of(free)).context["adminform"].form["options"].value()
    assert json.loads(there) == {}


@pytest.mark.parametrize("text", ["", "{}", "null"])
def test_no_options_are_no_options(root: Client, text: str) -> None:
    room = RoomFactory(options={"widescreen": True})

    save(root, room, options=text)

    room.refresh_from_db()
    assert room.options == {}


def test_options_are_shown_so_that_people_can_read_them(root: Client) -> None:
    options = {"custom_fields": {"locale": "de"}, "an_option_of_tomorrow": [1, 2]}
    room = RoomFactory(options=options)

    field = root.get(page_of(room)).context["adminform"].form["options"]

    assert json.loads(field.value()) == options if isinstance(field.value(), str) else True
    assert "\n  &quot;custom_fields&quot;" in str(field)
    assert save(root, room).status_code == 302


def test_members_are_added_changed_and_removed_on_the_page(root: Client) -> None:
    room = RoomFactory()
    stays, goes = RoomMemberFactory(room=room), RoomMemberFactory(room=room)
    new = UserFactory()

    response = save(root, room, **{
        "members-0-role": "host",
        "members-1-DELETE": "on",
        "members-TOTAL_FORMS": "3",
        "members-2-user": new.pk,
        "members-2-role": "member",
    })  # fmt: skip

    assert response.status_code == 302, errors_of(response)
    members = {member.user: member.role for member in room.members.all()}
    assert members == {stays.user: "host", new: "member"}
    assert goes.user not in members


def test_the_user_of_a_membership_cannot_be_swapped(root: Client) -> None:
    member = RoomMemberFactory()

    save(root, member.room, **{"members-0-user": UserFactory().pk})

    assert RoomMember.objects.get().user == member.user


def test_a_user_twice_is_refused_in_words(root: Client) -> None:
    member = RoomMemberFactory()

    response = save(root, member.room, **{
        "members-TOTAL_FORMS": "2",
        "members-1-user": member.user.pk,
        "members-1-role": "host",
    })  # fmt: skip

    assert "already exists" in errors_of(response) or "duplicate" in errors_of(response)


def test_users_are_searched_where_users_can_be_searched(
    root: Client, staff_with: Callable[..., Client]
) -> None:
    room = RoomFactory()

    assert "admin-autocomplete" in root.get(page_of(room)).content.decode()

    browser = staff_with("change_room", "add_roommember", "change_roommember", "view_roommember")
    page = browser.get(page_of(room)).content.decode()
    assert "admin-autocomplete" not in page
    assert "vForeignKeyRawIdAdminField" in page


def test_without_a_user_admin_the_user_is_named_by_key(root: Client) -> None:
    room = RoomFactory()
    users = admin.site._registry.pop(get_user_model())
    try:
        page = root.get(page_of(room)).content.decode()
    finally:
        admin.site._registry[get_user_model()] = users

    assert "admin-autocomplete" not in page
    assert '<input type="text" name="members-__prefix__-user"' in page


def test_an_invitation_is_made_on_the_page_and_its_link_shown(
    root: Client, admin_user: Any
) -> None:
    room = RoomFactory(guest_access=Room.GuestAccess.INVITED)

    save(root, room, **{"invitations-TOTAL_FORMS": "1", "invitations-0-name": "Grace"})

    invitation = Invitation.objects.get()
    assert invitation.invited_by == admin_user
    page = root.get(page_of(room)).content.decode()
    link = page.split('data-eyeson-copy="')[1].split('"')[0]
    assert open_guest_link(link.rstrip("/").rpartition("/")[2]).invitation == invitation


@pytest.mark.parametrize("guest_access", ["none", "invited"])
def test_links_are_shown_to_those_who_may_invite_alone(
    staff_with: Callable[..., Client], root: Client, guest_access: str
) -> None:
    room = RoomFactory(guest_access=guest_access)
    invitation = InvitationFactory(room=room)
    browser = staff_with("view_room", "view_invitation", "change_invitation")

    assert "/guest/" not in browser.get(page_of(room)).content.decode()
    assert "data-eyeson-copy" not in browser.get(page_of(invitation)).content.decode()
    assert press(browser, invitation, "guest-link").status_code == 403
    assert press(browser, invitation, "revoke").status_code == 403
    assert ("/guest/" in root.get(page_of(room)).content.decode()) == (guest_access == "invited")


def test_an_invitation_that_is_used_up_is_renewed_after_a_question(
    root: Client, admin_user: Any
) -> None:
    room = RoomFactory(guest_access=Room.GuestAccess.INVITED)
    root.post(
        reverse("admin:eyeson_meetings_invitation_add"),
        {"room": room.pk, "name": "Grace", "name_is_fixed": "on", "max_entries": "1"},
    )
    invitation = Invitation.objects.get()
    assert (invitation.invited_by, invitation.max_entries) == (admin_user, 1)
    Invitation.objects.update(entries=1)
    assert "used up" in root.get(page_of(invitation)).content.decode()

    assert root.get(button_of(invitation, "renew")).status_code == 200
    assert told(press(root, invitation, "renew"))[0].startswith("The invitation has a new link.")

    invitation.refresh_from_db()
    assert (invitation.entries, invitation.link_version) == (0, 2)
    assert logged(invitation)[-1] == "Renewed."
    assert "used up" not in root.get(page_of(invitation)).content.decode()


def test_an_invitation_is_revoked_after_a_question(root: Client) -> None:
    invitation = InvitationFactory()

    assert root.get(button_of(invitation, "revoke")).status_code == 200
    invitation.refresh_from_db()
    assert invitation.revoked_at is None

    response = press(root, invitation, "revoke")

    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    assert told(response) == ["The invitation has been revoked."]
    assert logged(invitation) == ["Revoked."]
    page = root.get(page_of(invitation)).content.decode()
    assert "data-eyeson-copy" not in page
    assert button_of(invitation, "revoke") not in page


def test_an_empty_room_can_be_deleted(root: Client) -> None:
    room = RoomMemberFactory().room
    InvitationFactory(room=room)

    response = root.post(page_of(room).replace("change", "delete"), {"post": "yes"})

    assert response.status_code == 302
    assert not Room.objects.exists()


@pytest.mark.parametrize("history", [MeetingFactory, ParticipantFactory])
def test_a_room_with_a_history_cannot_be_deleted_and_says_what_to_do(
    root: Client, history: Any
) -> None:
    room = history(room__name="Board").room

    for method in (root.get, root.post):
        response = method(page_of(room).replace("change", "delete"), {"post": "yes"})
        assert response.headers["Location"] == page_of(room)
        assert told(response)[-1] == (
            "“Board” has a history and cannot be deleted. Refuse new joins instead: nobody can join then."
        )
    assert Room.objects.filter(pk=room.pk).exists()


def test_the_list_deletes_no_room_with_a_history(root: Client) -> None:
    empty, used = RoomFactory(), MeetingFactory(room__name="Board").room

    response = act(root, Room, "delete_selected", [empty.pk, used.pk], post="yes")

    assert "has a history and cannot be deleted" in response.content.decode()
    assert Room.objects.count() == 2


def test_who_may_not_delete_is_refused(staff_with: Callable[..., Client]) -> None:
    room, used = RoomFactory(), MeetingFactory().room
    browser = staff_with("view_room", "change_room")

    for row in (room, used):
        address = page_of(row).replace("change", "delete")
        assert browser.post(address, {"post": "yes"}).status_code == 403
    assert Room.objects.count() == 2


def test_the_page_shows_who_is_in_and_what_went_on(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    MeetingFactory(room=room, ended=True)
    RecordingFactory(meeting=meeting, duration=3725)
    ParticipantFactory(room=room, name="Grace Hopper", online=True)

    page = root.get(page_of(room)).content.decode()

    assert "eyeson-badge-opening" in page or "eyeson-badge-running" in page
    assert "Grace Hopper" in page
    assert "Recent meetings" in page
    assert "1:02:05" in page
    assert f"{list_of(Meeting)}?room__id__exact={room.pk}" in page
    assert reverse("eyeson:join", args=[room.uuid]) in page


def test_kinds_of_rows_that_somebody_may_not_see_are_left_out(
    staff_with: Callable[..., Client],
) -> None:
    recording = RecordingFactory()

    page = staff_with("view_room", "view_meeting").get(page_of(recording.room)).content.decode()

    assert "Recent meetings" in page
    assert "Recent recordings" not in page


def test_a_site_with_several_accounts_chooses_one(root: Client, settings: Any) -> None:
    key = {"API_KEY": "another-key"}
    accounts = {**settings.EYESON["ACCOUNTS"], "second": key}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}
    RoomFactory(account="second", name="Second's")

    page = root.get(reverse("admin:eyeson_meetings_room_add")).content.decode()
    assert '<option value="second">second</option>' in page
    listed = root.get(list_of(Room), {"account": "second"})
    assert [room.name for room in listed.context["cl"].result_list] == ["Second's"]
    assert "field-account" in listed.content.decode()


def test_an_invitation_gets_an_expiry_in_one_field_and_keeps_it(root: Client) -> None:
    room = RoomFactory(guest_access=Room.GuestAccess.INVITED)

    save(root, room, **{
        "invitations-TOTAL_FORMS": "1",
        "invitations-0-name": "Grace",
        "invitations-0-expires_at": "2099-03-01T10:30:15",
    })  # fmt: skip
    # A browser sends back what the field shows.
    page = root.get(page_of(room)).content.decode()
    assert 'value="2099-03-01T10:30:15"' in page
    response = save(root, room, **{"invitations-0-expires_at": "2099-03-01T10:30:15"})

    assert response.status_code == 302
    expires_at = Invitation.objects.get().expires_at
    assert expires_at is not None
    # The site's time zone is Vienna.
    assert expires_at.isoformat() == "2099-03-01T09:30:15+00:00"
