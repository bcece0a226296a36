"""The template tags in a page of a site: who sees what, in how many queries, and with what left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser, Permission
from django.template import Context, Template, TemplateSyntaxError
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from eyeson_meetings.models import Room
from eyeson_meetings.templatetags import eyeson
from tests.factories import (
    AccessKeyFactory,
    InvitationFactory,
    MeetingFactory,
    RecordingFactory,
    RoomFactory,
    UserFactory,
)

from .rendering import (
    PAGE,
    PAYLOADS,
    Markup,
    busy_room,
    member_of,
    render,
    stored,
    stored_snapshot,
)

pytestmark = pytest.mark.django_db

ALL_TAGS = [
    "eyeson_join_url",
    "eyeson_guest_url",
    "eyeson_join",
    "eyeson_status",
    "eyeson_talk",
    "eyeson_recordings",
    "eyeson_snapshots",
    "eyeson_iframe",
]


def test_a_member_sees_button_state_and_recordings() -> None:
    room = busy_room()

    page = render(PAGE, member_of(room), room=room)

    assert f'action="{reverse("eyeson:join", args=[room.uuid])}"' in page
    assert "In progress since" in page
    assert "2 people are in" in page
    assert "Being recorded" in page
    assert "On air" in page
    assert page.count("<video") == 1


@pytest.mark.parametrize("tag", ALL_TAGS[1:])
def test_who_may_not_enter_sees_nothing(tag: str) -> None:
    room = busy_room()

    for user in (UserFactory(), AnonymousUser()):
        assert render(f"{{% {tag} room %}}", user, room=room) == ""


@pytest.mark.parametrize("tag", ALL_TAGS[1:])
def test_without_a_request_nobody_looks_and_nothing_is_seen(tag: str) -> None:
    room = busy_room()

    page = Template(f"{{% load eyeson %}}{{% {tag} room %}}").render(Context({"room": room}))

    assert page == ""


@pytest.mark.parametrize("tag", ALL_TAGS)
def test_no_room_an_unsaved_one_and_another_object_are_an_empty_string(tag: str) -> None:
    user = UserFactory(is_superuser=True)

    for room in (None, Room(name="unsaved"), user, 7, "text"):
        assert render(f"{{% {tag} room %}}", user, room=room) == ""
    assert render(f"{{% {tag} missing %}}", user) == ""


@pytest.mark.parametrize("tag", ALL_TAGS)
def test_a_developer_is_told_of_an_object_that_is_no_room(tag: str, settings: Any) -> None:
    settings.DEBUG = True
    user = UserFactory(is_superuser=True)

    with pytest.raises(TemplateSyntaxError, match="needs a Room"):
        render(f"{{% {tag} room %}}", user, room=user)
    assert render(f"{{% {tag} room %}}", user, room=None) == ""


def test_the_address_of_the_lobby_costs_no_query(django_assert_num_queries: Any) -> None:
    room = RoomFactory()

    with django_assert_num_queries(0):
        url = render("{% eyeson_join_url room %}", AnonymousUser(), room=room)

    assert url == f"/meetings/rooms/{room.uuid}/"


def test_a_host_gets_the_guest_link_that_opens_the_lobby(client: Client) -> None:
    room = busy_room()

    url = render("{% eyeson_guest_url room %}", member_of(room, "host"), room=room)

    assert url.startswith("http://testserver/meetings/guest/")
    assert client.get(url.removeprefix("http://testserver")).status_code == 200


def test_a_member_who_may_not_invite_gets_no_guest_link() -> None:
    room = busy_room()

    assert render("{% eyeson_guest_url room %}", member_of(room), room=room) == ""


@pytest.mark.parametrize("access", [Room.GuestAccess.NONE, Room.GuestAccess.INVITED])
def test_a_room_without_an_open_door_has_no_guest_link(access: str) -> None:
    room = RoomFactory(guest_access=access)

    assert render("{% eyeson_guest_url room %}", member_of(room, "host"), room=room) == ""


def test_an_invitation_has_a_link_while_it_holds(client: Client) -> None:
    invitation = InvitationFactory()
    host = member_of(invitation.room, "host")

    url = render("{% eyeson_guest_url invitation %}", host, invitation=invitation)
    assert client.get(url.removeprefix("http://testserver")).status_code == 200

    invitation.expires_at = timezone.now() - timedelta(seconds=1)
    assert render("{% eyeson_guest_url invitation %}", host, invitation=invitation) == ""


def test_the_button_is_a_form_that_django_accepts() -> None:
    room = RoomFactory()
    user = member_of(room)
    checking = Client(enforce_csrf_checks=True)
    checking.force_login(user)
    page = checking.get(reverse("eyeson:join", args=[room.uuid])).content.decode()

    markup = Markup(page)

    assert 'method="post"' in page
    assert "csrfmiddlewaretoken" in page
    assert "form" in markup.tags


def test_a_closed_room_has_no_button() -> None:
    room = RoomFactory(closed_at=timezone.now())

    assert render("{% eyeson_join room %}", member_of(room), room=room) == ""


def test_who_may_see_the_room_but_not_enter_gets_its_state_without_a_button() -> None:
    room = busy_room()
    viewer = UserFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_room"))

    assert render("{% eyeson_join room %}", viewer, room=room) == ""
    assert "In progress" in render("{% eyeson_status room %}", viewer, room=room)
    assert "<video" not in render("{% eyeson_recordings room %}", viewer, room=room)


def test_chat_is_no_part_of_the_state_and_only_for_those_who_may_join(settings: Any) -> None:
    room = busy_room()
    viewer = UserFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_room"))
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

    talk = render("{% eyeson_talk room %}", member_of(room), room=room)

    assert f'socket="/ws/eyeson/rooms/{room.uuid}/" room="{room.uuid}"' in talk
    assert 'role="log"' in talk
    assert "data-eyeson-chat" not in render("{% eyeson_status room %}", member_of(room), room=room)
    assert render("{% eyeson_talk room %}", viewer, room=room) == ""
    del settings.CHANNEL_LAYERS
    # Without sockets nothing would ever be shown.
    assert render("{% eyeson_talk room %}", member_of(room), room=room) == ""


@pytest.mark.parametrize(
    ("meeting", "closed", "words"),
    [
        (None, False, "Not started"),
        (None, True, "Closed"),
        ({"opening": True}, False, "Starting"),
        ({}, False, "In progress since"),
        ({"ended": True}, False, "Ended"),
        ({"ended": True, "end_found_at": timezone.now()}, False, "Ended about"),
        ({"locked": True}, False, "Locked for guests"),
    ],
)
def test_the_state_is_said_in_words(
    meeting: dict[str, Any] | None, closed: bool, words: str
) -> None:
    room = RoomFactory(closed_at=timezone.now() if closed else None)
    if meeting is not None:
        MeetingFactory(room=room, **meeting)

    assert words in render("{% eyeson_status room %}", member_of(room), room=room)


def test_an_open_page_says_that_it_updates_by_itself() -> None:
    room = busy_room()

    assert "Updates by itself" in render("{% eyeson_status room %}", member_of(room), room=room)


@time_machine.travel(datetime(2026, 3, 2, 13, 9, tzinfo=UTC), tick=False)
def test_without_a_worker_an_open_page_says_when_eyeson_confirmed_the_meeting(
    settings: Any,
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    meeting = MeetingFactory(alive_at=datetime(2026, 3, 2, 13, 5, tzinfo=UTC))

    page = render("{% eyeson_status room %}", member_of(meeting.room), room=meeting.room)

    # When it is loaded, and while it is kept up to date.
    assert page.count("As of 2:05 p.m.") == 2
    assert "Updates by itself" not in page


def test_the_state_carries_the_tag_under_which_the_browser_asks_for_it(client: Client) -> None:
    room = busy_room()
    user = member_of(room)
    client.force_login(user)
    url = reverse("eyeson:status", args=[room.uuid])
    etag = client.get(url).headers["ETag"]

    page = render("{% eyeson_status room %}", user, room=room)

    assert f'src="{url}"' in page
    assert f'etag="{etag.replace(chr(34), "&quot;")}"' in page


def test_each_recording_is_a_tile_that_loads_nothing_but_its_poster() -> None:
    room = RoomFactory()
    meeting = MeetingFactory(room=room)
    at = [meeting.started_at + timedelta(minutes=minute) for minute in range(60)]
    first = stored(meeting=meeting, created_at=at[5], duration=600)
    second = stored(meeting=meeting, created_at=at[30], duration=600)
    other = stored(meeting=MeetingFactory(room=room, ended=True), created_at=at[50])
    stored_snapshot(meeting=meeting, created_at=at[4])
    during, later = (stored_snapshot(meeting=meeting, created_at=at[n]) for n in (14, 42))

    page = render("{% eyeson_recordings room %}", member_of(room), room=room)

    posters = [
        static("eyeson_meetings/poster.svg"),
        *(reverse("eyeson:snapshot-thumbnail", args=[row.uuid]) for row in (later, during)),
    ]
    assert re.findall(r'poster="([^"]+)"', page) == posters
    assert page.count('preload="none"') == page.count("<video") == 3
    for row in (first, second, other):
        when = eyeson.eyeson_when(row.created_at)
        assert f'aria-label="Play recording of {when}"' in page
        assert f'aria-label="Download recording of {when}"' in page
        assert page.count(f'href="{reverse("eyeson:recording", args=[row.uuid])}"') == 1
    assert page.count("10:00") == 2
    assert page.count("3\xa0bytes") == 3


def test_who_may_watch_but_not_view_the_room_gets_no_picture_of_it_as_poster() -> None:
    recording = stored()
    snapshot = stored_snapshot(meeting=recording.meeting, created_at=recording.created_at)
    auditor = UserFactory()
    auditor.user_permissions.add(Permission.objects.get(codename="watch_recording"))

    page = render("{% eyeson_recordings room %}", auditor, room=recording.room)

    assert f'poster="{static("eyeson_meetings/poster.svg")}"' in page
    assert str(snapshot.uuid) not in page


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"remote_state": ""}, "Expected"),
        ({"remote_state": "recording"}, "Being recorded"),
        ({"remote_state": "processing"}, "Being prepared"),
        ({"remote_state": "available"}, "Ready, and soon to be copied here"),
        ({"store_state": "fetching"}, "Being copied here"),
        ({"store_state": "failed"}, "Could not be copied here"),
        ({"store_state": "pruned"}, "Deleted after its time"),
    ],
)
def test_a_recording_that_cannot_be_played_says_why(row: dict[str, str], words: str) -> None:
    recording = RecordingFactory(**row)

    page = render("{% eyeson_recordings room %}", member_of(recording.room), room=recording.room)

    assert words in page
    assert "<video" not in page


def test_a_recording_that_was_given_up_says_why() -> None:
    recording = RecordingFactory(store_state="failed", error="<b>It was deleted at eyeson.")

    page = render("{% eyeson_recordings room %}", member_of(recording.room), room=recording.room)

    assert "Could not be copied here" in page
    assert "&lt;b&gt;It was deleted at eyeson." in page


def test_a_recording_that_is_copied_in_vain_says_why_and_until_when_there_is_time() -> None:
    now = timezone.now()
    recording = RecordingFactory(
        store_state="fetching",
        error="<b>There is not enough room on the disk.",
        next_attempt_at=now + timedelta(hours=1),
        created_at=now,
    )

    page = render("{% eyeson_recordings room %}", member_of(recording.room), room=recording.room)

    assert "Could not be copied here yet" in page
    assert "Being copied here" not in page
    until = eyeson.eyeson_when(now + timedelta(days=14))
    assert f"eyeson keeps it until {until}. Last error: &lt;b&gt;There is not enough room" in page


def test_a_room_without_recordings_says_so() -> None:
    room = RoomFactory()

    assert "No recordings yet." in render(
        "{% eyeson_recordings room %}", member_of(room), room=room
    )


def test_no_tag_prints_a_secret() -> None:
    room = busy_room()
    meeting = room.meetings.get(ended_at=None)
    meeting.guest_token = "canary-guest-token"
    meeting.save()
    key = AccessKeyFactory(meeting=meeting, key="canary-access-key")

    page = render(PAGE, member_of(room, "host"), room=room)

    for secret in ("canary", key.key_encrypted, meeting.guest_token_encrypted, "sandbox-api-key"):
        assert secret not in page


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_markup(payload: str) -> None:
    plain, hostile = busy_room("Board"), busy_room(payload)
    hostile.participants.update(name=payload)

    expected = Markup(render(PAGE, member_of(plain, "host"), room=plain))
    markup = Markup(render(PAGE, member_of(hostile, "host"), room=hostile))

    assert markup.tags == expected.tags
    assert markup.attributes == expected.attributes


def test_no_inline_script_or_style_needs_a_hole_in_the_sites_csp() -> None:
    room = busy_room()

    page = render(PAGE, member_of(room), room=room)
    markup = Markup(page)

    assert "style" not in markup.tags + markup.attributes
    assert not [name for name in markup.attributes if name.startswith("on")]
    assert page.count("<script") == page.count('<script type="module" src="/static/')


def test_a_room_that_prefetched_nothing_costs_one_query_a_kind_of_row(
    django_assert_num_queries: Any,
) -> None:
    room = busy_room()
    for _ in range(20):
        stored(meeting=room.meetings.first())
    user = member_of(room)
    fresh = Room.objects.get(pk=room.pk)

    # Members, the newest meeting (twice: JSON and words), who is in, recordings and snapshots (for the
    # JSON, as posters, and as pictures).
    with django_assert_num_queries(9):
        render(PAGE, user, room=fresh)


def test_times_of_today_are_short_and_others_have_a_date() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    long_ago = datetime(2020, 3, 2, 9, 0, tzinfo=UTC)

    with time_machine.travel(now, tick=False), translation.override("en"):
        assert "2020" not in eyeson.eyeson_when(now)
        assert str(now.year) not in eyeson.eyeson_when(now)
        # The site under test is in Vienna.
        assert eyeson.eyeson_when(long_ago) == "March 2, 2020, 10 a.m."
    assert eyeson.eyeson_when(None) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0, "0:00"), (7, "0:07"), (725, "12:05"), (3723, "1:02:03")]
)
def test_durations_are_written_as_on_a_player(seconds: int | None, words: str) -> None:
    assert eyeson.eyeson_duration(seconds) == words


def test_a_site_may_bring_templates_of_its_own(settings: Any, tmp_path: Any) -> None:
    folder = tmp_path / "eyeson_meetings" / "tags"
    folder.mkdir(parents=True)
    (folder / "join.html").write_text("<b>{{ url }}</b>")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    room = RoomFactory()

    assert render("{% eyeson_join room %}", member_of(room), room=room) == (
        f"<b>/meetings/rooms/{room.uuid}/</b>"
    )
