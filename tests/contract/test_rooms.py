"""Rooms, people and guests, as the sandbox has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from eyeson_meetings.client import EyesonClient, LinkRules, Secret, check_link
from eyeson_meetings.exceptions import (
    FeatureDisabledError,
    InvalidRequestError,
    KeyLockedError,
    KeyRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    NotFoundError,
    UnavailableError,
)
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
UNKNOWN = Secret("x" * 24)


def test_a_join_says_all_that_the_reference_says(
    client: EyesonClient, sandbox: SandboxServer
) -> None:
    answer = client.rooms.join(
        room_id="standup",
        room_name="Stand-up",
        user_name="Ada",
        user_id="ada",
        avatar="https://example.org/ada.png",
        options={"lock_available": True, "custom_fields": {"locale": "de"}},
    )

    joined = answer.value
    assert (joined.room.id, joined.room.name, joined.room.ready) == ("standup", "Stand-up", False)
    assert joined.room.shutdown is False
    assert joined.room.started_at is not None
    assert joined.room.guest_token
    assert joined.user is not None
    assert (joined.user.id, joined.user.name, joined.user.guest) == ("ada", "Ada", False)
    assert joined.user.avatar == "https://example.org/ada.png"
    assert joined.options["lock_available"] is True
    assert joined.options["custom_fields"] == {"locale": "de"}
    assert (joined.ready, joined.locked, joined.recording, joined.snapshots) == (
        False,
        False,
        None,
        (),
    )
    assert joined.access_key
    assert joined.links.gui
    assert joined.links.guest_join
    assert joined.links.websocket
    check_link(joined.links.gui, LinkRules(allowed_hosts=(), sandbox=True))
    assert abs(sandbox.state.clock.now() - answer.observed_at.timestamp()) < 10


def test_a_room_gets_an_id_when_it_has_none(client: EyesonClient) -> None:
    first = client.rooms.join(user_name="Ada").value.room
    second = client.rooms.join(user_name="Ada").value.room

    assert len({first.id, second.id}) == 2


@pytest.mark.parametrize(
    "room_id", ["ada@example.org", "Zürich 7", "a?b#c", "50 %", "...", "a;b&c"]
)
def test_a_room_id_may_be_any_text(client: EyesonClient, join: Join, room_id: str) -> None:
    join(room_id=room_id)

    assert [person.room_id for person in client.users.list(room_id=room_id).value] == [room_id]
    assert client.recordings.list(room_id=room_id).value == []
    client.rooms.end(room_id=room_id)
    assert client.rooms.list().value == []


def test_the_meeting_of_a_key_becomes_ready_and_ends(
    client: EyesonClient, sandbox: SandboxServer
) -> None:
    key = client.rooms.join(room_id="standup", user_name="Ada").value.access_key
    assert key is not None
    assert client.rooms.get(access_key=key).value.ready is False
    sandbox.advance(1)
    ready = client.rooms.get(access_key=key)
    assert ready.value.ready is True
    assert ready.value.access_key == key

    client.rooms.end(room_id="standup")

    with pytest.raises(MeetingEndedError, match="Access key expired") as caught:
        client.rooms.get(access_key=key)
    assert caught.value.route == "GET /rooms/:access_key"
    assert caught.value.observed_at is not None
    assert caught.value.observed_at >= ready.observed_at


def test_times_are_those_of_eyesons_clock(client: EyesonClient, sandbox: SandboxServer) -> None:
    before = client.rooms.list().observed_at
    sandbox.advance(7200)

    after = client.rooms.list().observed_at

    assert timedelta(seconds=7200) <= after - before < timedelta(seconds=7260)


def test_all_running_meetings_are_listed_over_their_pages(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    sandbox.knobs.turn(max_meetings=100)
    for number in range(51):
        client.rooms.join(room_id=f"room-{number}", user_name="Ada")

    rooms = client.rooms.list().value

    assert {room.id for room in rooms} == {f"room-{number}" for number in range(51)}
    assert len(rooms) == 51
    assert [call.route for call in sandbox.calls[51:]] == ["/rooms"] * 3


def test_a_meeting_is_ended_by_key_once(client: EyesonClient, join: Join) -> None:
    key = join()

    client.rooms.end_with_access_key(access_key=key)

    assert client.rooms.list().value == []
    with pytest.raises(MeetingEndedError):
        client.rooms.end_with_access_key(access_key=key)


def test_what_does_not_run_cannot_be_ended(client: EyesonClient) -> None:
    with pytest.raises(NotFoundError):
        client.rooms.end(room_id="nowhere")


@pytest.mark.parametrize("status", [401, 404])
def test_an_unknown_access_key_is_not_found(
    client: EyesonClient, sandbox: SandboxServer, status: int
) -> None:
    sandbox.knobs.turn(unknown_access_key_status=status)

    for call in (
        lambda: client.rooms.get(access_key=UNKNOWN),
        lambda: client.users.get(access_key=UNKNOWN, user_id="ada"),
        lambda: client.recordings.start(access_key=UNKNOWN),
        lambda: client.recordings.stop(access_key=UNKNOWN),
        lambda: client.snapshots.take(access_key=UNKNOWN),
    ):
        with pytest.raises(NotFoundError):
            call()


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_api_key_is_refused(sandbox: SandboxServer, status: int) -> None:
    sandbox.knobs.turn(bad_api_key_status=status)
    client = EyesonClient(api_key="another-key", base_url=sandbox.url, sandbox=True)

    for call in (
        lambda: client.rooms.join(user_name="Ada"),
        lambda: client.rooms.list(),
        lambda: client.rooms.end(room_id="standup"),
        lambda: client.users.list(room_id="standup"),
        lambda: client.recordings.get(recording_id="r"),
        lambda: client.snapshots.list(room_id="standup"),
        lambda: client.webhooks.get(),
    ):
        with pytest.raises(KeyRefusedError):
            call()
    client.close()


def test_an_api_key_over_its_limits_is_locked(client: EyesonClient, sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(api_key_locked=True)

    with pytest.raises(KeyLockedError):
        client.rooms.join(user_name="Ada")


def test_a_name_is_required(client: EyesonClient) -> None:
    with pytest.raises(InvalidRequestError, match=r"user\[name\] is required"):
        client.rooms.join(user_name="")


def test_trouble_that_passes_is_not_noticed(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    sandbox.service.faults.add("status", route="/rooms/{access_key}", status=503, times=1)
    sandbox.service.faults.add("cut", route="/rooms/{access_key}", times=1)

    assert client.rooms.get(access_key=key).value.ready


def test_trouble_that_stays_is_told(client: EyesonClient, sandbox: SandboxServer) -> None:
    sandbox.service.faults.add(
        "status", route="/rooms", status=429, retry_after_seconds=90, times=9
    )

    with pytest.raises(UnavailableError) as caught:
        client.rooms.list()

    assert caught.value.retry_after_seconds == 90
    assert len(sandbox.calls) == 1


def test_people_are_listed_by_presence_and_told_one_by_one(
    client: EyesonClient, sandbox: SandboxServer
) -> None:
    key = client.rooms.join(room_id="standup", user_name="Ada", user_id="ada").value.access_key
    client.rooms.join(room_id="standup", user_name="Bo", user_id="bo@example.org")
    assert key is not None
    sandbox.advance(1)

    client.users.kick(access_key=key, user_id="bo@example.org")

    def names(online: bool | None) -> set[str | None]:
        return {person.name for person in client.users.list(room_id="standup", online=online).value}

    assert (names(None), names(True), names(False)) == ({"Ada", "Bo"}, {"Ada"}, {"Bo"})
    user = client.users.get(access_key=key, user_id="bo@example.org").value
    assert (user.id, user.name, user.guest) == ("bo@example.org", "Bo", False)
    assert user.joined_at is not None
    with pytest.raises(NotFoundError):
        client.users.get(access_key=key, user_id="nobody")


def test_nobody_is_listed_where_no_meeting_runs(client: EyesonClient) -> None:
    with pytest.raises(NotFoundError):
        client.users.list(room_id="nowhere")


def test_options_may_forbid_to_kick(client: EyesonClient, join: Join) -> None:
    key = join(kick_available=False)

    with pytest.raises(FeatureDisabledError):
        client.users.kick(access_key=key, user_id="ada")


def test_a_guest_enters_a_running_meeting(client: EyesonClient, sandbox: SandboxServer) -> None:
    token = client.rooms.join(room_id="standup", user_name="Ada").value.room.guest_token
    assert token is not None

    joined = client.guests.join(
        guest_token=token, name="Bo", guest_id="bo", avatar="https://example.org/b", locale="de"
    ).value

    assert joined.user is not None
    assert (joined.user.id, joined.user.name, joined.user.guest) == ("bo", "Bo", True)
    assert joined.room.id == "standup"
    assert joined.access_key
    sandbox.state.meetings[0].locked = True
    with pytest.raises(MeetingLockedError):
        client.guests.join(guest_token=token, name="Cy")
    client.rooms.end(room_id="standup")
    with pytest.raises(MeetingEndedError):
        client.guests.join(guest_token=token, name="Cy")
    with pytest.raises(NotFoundError):
        client.guests.join(guest_token=UNKNOWN, name="Cy")


def test_a_room_without_guests_has_no_token(client: EyesonClient) -> None:
    joined = client.rooms.join(user_name="Ada", options={"guest_token_available": False}).value

    assert joined.room.guest_token is None
    assert joined.links.guest_join is None
