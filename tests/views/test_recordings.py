"""The page of one recording: a player, or how far it has come; for who may watch and nobody else."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import Recording
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import RecordingFactory, RoomMemberFactory, UserFactory

from .answers import PAYLOADS, all_rows, assert_page_headers

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording() -> Recording:
    return RecordingFactory(
        meeting__room__name="Board",
        store_state=Recording.StoreState.STORED,
        size_bytes=3_500_000,
        duration=3723,
    )


@pytest.fixture
def member(client: Client, recording: Recording) -> Client:
    """A browser in which a member of the recording's room is signed in."""
    client.force_login(RoomMemberFactory(room=recording.room).user)
    return client


def page_of(recording: Recording) -> str:
    return reverse("eyeson:recording", args=[recording.uuid])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_member_gets_a_player_and_a_download(member: Client, recording: Recording) -> None:
    response = member.get(page_of(recording))

    page = text_of(response)
    file = reverse("eyeson:recording-file", args=[recording.uuid])
    assert response.status_code == 200
    assert_page_headers(response)
    assert page.count("<video") == 1
    assert f'src="{file}"' in page
    assert f'href="{file}?download=1"' in page
    assert "1:02:03" in page
    assert "3.3\xa0MB" in page
    assert f'href="{reverse("eyeson:join", args=[recording.room.uuid])}"' in page


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"remote_state": "recording", "duration": None}, "Being recorded"),
        ({"remote_state": "processing"}, "Being prepared"),
        ({"store_state": "fetching"}, "Being copied here"),
        ({"store_state": "failed"}, "Could not be copied here"),
        ({"store_state": "pruned"}, "Deleted after its time"),
    ],
)
def test_a_recording_that_is_not_here_yet_says_how_far_it_is(
    member: Client, recording: Recording, row: dict[str, Any], words: str
) -> None:
    Recording.objects.update(**{"store_state": "none", **row})

    page = text_of(member.get(page_of(recording)))

    assert words in page
    assert "<video" not in page
    assert "download=1" not in page
    # The page notices by itself when it is.
    assert "<eyeson-room-status" in page
    assert f'data-eyeson-refresh="recording-{recording.uuid}"' in page


def test_a_recording_of_which_little_is_known_has_a_page(
    member: Client, recording: Recording
) -> None:
    Recording.objects.update(
        store_state="none", remote_state="", duration=None, created_at=None, meeting=None
    )

    assert "Expected" in text_of(member.get(page_of(recording)))


def test_who_may_watch_but_not_join_gets_no_link_to_the_room(
    client: Client, recording: Recording
) -> None:
    auditor = UserFactory()
    auditor.user_permissions.add(Permission.objects.get(codename="watch_recording"))
    client.force_login(auditor)

    page = text_of(client.get(page_of(recording)))

    assert "<video" in page
    assert "/meetings/rooms/" not in page


def test_strangers_are_sent_to_the_login_page_whether_the_recording_exists_or_not(
    client: Client, recording: Recording
) -> None:
    for uuid in (recording.uuid, uuid4()):
        response = client.get(reverse("eyeson:recording", args=[uuid]))

        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/?next=/meetings/")
        assert_page_headers(response)


def test_the_signed_in_who_may_not_watch_learn_nothing(
    client: Client, recording: Recording
) -> None:
    client.force_login(UserFactory())

    there = client.get(page_of(recording))
    nowhere = client.get(reverse("eyeson:recording", args=[uuid4()]))

    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content


def test_a_get_calls_nobody_and_writes_nothing(
    sandbox_account: SandboxServer, member: Client, recording: Recording
) -> None:
    Recording.objects.update(store_state="none")
    before = all_rows()

    assert member.get(page_of(recording)).status_code == 200
    assert member.head(page_of(recording)).status_code == 200

    assert sandbox_account.calls == sandbox_account.downloads == []
    assert all_rows() == before


def test_other_methods_are_refused(member: Client, recording: Recording) -> None:
    for method in (member.post, member.put, member.delete):
        assert method(page_of(recording)).status_code == 405


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_markup(member: Client, recording: Recording, payload: str) -> None:
    recording.room.name = payload
    recording.room.save()

    page = text_of(member.get(page_of(recording)))

    for mark in ("<script>alert", "<img", "onmouseover='", "<svg"):
        assert mark not in page
