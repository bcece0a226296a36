"""The socket of a room: who may open it, what it says, when it closes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings import signals
from eyeson_meetings.live import consumers, feeds
from eyeson_meetings.live.hints import MEMBERS_CHANGED, send_hint
from eyeson_meetings.models import Meeting, Room, RoomMember, Snapshot
from tests.factories import (
    AccessKeyFactory,
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

from .sockets import WAIT_SECONDS, Browser, beside, run

pytestmark = pytest.mark.django_db


def start_meeting(room: Room) -> Meeting:
    meeting: Meeting = MeetingFactory(room=room)
    send_hint(room.pk)
    return meeting


def let_nobody_in(room: Room) -> None:
    RoomMember.objects.filter(room=room).delete()
    send_hint(room.pk, kind=MEMBERS_CHANGED)


def test_a_member_sees_the_state_that_the_status_endpoint_has(
    room: Room, member: Any, client: Client
) -> None:
    MeetingFactory(room=room)
    answer = client.get(reverse("eyeson:status", args=[room.uuid]))

    async def main() -> None:
        browser = Browser(room, client)
        assert await browser.open() == {"etag": answer.headers["ETag"], "state": answer.json()}
        await browser.disconnect()

    run(main)


def test_a_change_is_shown_at_once_to_everybody(room: Room, member: Any, client: Client) -> None:
    async def main() -> None:
        browsers = [Browser(room, client) for _ in range(3)]
        for browser in browsers:
            assert (await browser.open())["state"]["state"] == "idle"
        await beside(start_meeting, room)
        for browser in browsers:
            assert (await browser.hear())["state"]["state"] == "running"
            await browser.disconnect()

    run(main)


def test_a_picture_is_told_when_it_is_taken_and_when_it_is_here(
    room: Room, member: Any, client: Client
) -> None:
    meeting = MeetingFactory(room=room)

    def take() -> None:
        SnapshotFactory(meeting=meeting, available_at=None)
        send_hint(room.pk)

    def bring_home() -> None:
        room.snapshots.update(store_state="stored", size_bytes=3, sha256="0" * 64)
        signals.snapshot_stored.send_robust(sender=Snapshot, room=room)

    async def main() -> None:
        browser = Browser(room, client)
        told = [await browser.open()]
        for change in (take, bring_home):
            await beside(change)
            told.append(await browser.hear())
        pictures = [message["state"]["snapshots"] for message in told]
        assert [(each["stored"], each["coming"]) for each in pictures] == [(0, 0), (0, 1), (1, 0)]
        await browser.disconnect()

    run(main)


def test_a_hint_that_changes_nothing_says_nothing(room: Room, member: Any, client: Client) -> None:
    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(send_hint, room.pk)
        assert await browser.receive_nothing(timeout=0.5)
        await browser.disconnect()

    run(main)


def test_many_changes_are_few_messages_and_the_last_is_the_truth(
    room: Room, member: Any, client: Client
) -> None:
    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        for number in range(40):
            await beside(Room.objects.filter(pk=room.pk).update, name=f"Name {number}")
            await beside(send_hint, room.pk)
        names = [""]
        while names[-1] != "Name 39":
            names.append((await browser.hear())["state"]["name"])
        # At most four a second, and those around them.
        assert len(names) <= 3 + (loop.time() - began_at) / feeds.SHORTEST_PAUSE_SECONDS
        assert await browser.receive_nothing(timeout=0.4)
        await browser.disconnect()

    run(main)


def test_a_second_socket_costs_no_second_look_at_the_room(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No look without a hint, however long this takes.
    monkeypatch.setattr(feeds, "REREAD_SECONDS", 3600)

    def reads(queries: Any) -> int:
        return sum("eyeson_meetings_recording" in query["sql"] for query in queries)

    async def main() -> None:
        browsers = [Browser(room, client) for _ in range(5)]
        for browser in browsers:
            await browser.open()
        await beside(start_meeting, room)
        for browser in browsers:
            await browser.hear()
        for browser in browsers:
            await browser.disconnect()

    with CaptureQueriesContext(connection) as queries:
        run(main)
    # The first look, perhaps one more because listening began, and one after the change.
    assert reads(queries) <= 3


@pytest.mark.parametrize("who", ["nobody", "stranger"])
@pytest.mark.parametrize("what", ["room", "unknown", "garbage", "nul"])
def test_strangers_and_unknown_rooms_are_refused_alike(
    room: Room, client: Client, who: str, what: str
) -> None:
    if who == "stranger":
        client.force_login(UserFactory())
    target: Room | str = {
        "room": room,
        "unknown": "00000000-0000-4000-8000-000000000000",
        "garbage": "not-a-room",
        "nul": "%00",
    }[what]

    async def main() -> None:
        browser = Browser(target, client)
        assert await browser.refusal() == consumers.NOT_VISIBLE

    run(main)


def test_a_member_is_refused_at_an_unknown_room_as_a_stranger_is(
    room: Room, member: Any, client: Client
) -> None:
    async def main() -> None:
        assert await Browser("00000000-0000-4000-8000-000000000000", client).refusal() == 4404

    run(main)


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "http://testserver.evil.example", "null", "garbage"]
)
def test_a_page_of_another_site_is_refused(
    room: Room, member: Any, client: Client, origin: str | None
) -> None:
    async def main() -> None:
        assert await Browser(room, client, origin=origin).refusal() is not None

    run(main)


def test_who_is_shut_out_loses_the_socket_at_once(room: Room, member: Any, client: Client) -> None:
    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(let_nobody_in, room)
        assert await browser.close_code() == consumers.NOT_VISIBLE
        await browser.disconnect()

    run(main)


def test_who_stays_in_keeps_it_when_others_are_shut_out(
    room: Room, member: Any, client: Client
) -> None:
    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(send_hint, room.pk, kind=MEMBERS_CHANGED)
        await beside(start_meeting, room)
        assert (await browser.hear())["state"]["state"] == "running"
        await browser.disconnect()

    run(main)


def sign_out(room: Room, user: Any, client: Client) -> None:
    client.session.flush()


def deactivate(room: Room, user: Any, client: Client) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def change_password(room: Room, user: Any, client: Client) -> None:
    user.set_password("another one")
    user.save()


def shut_out_unheard(room: Room, user: Any, client: Client) -> None:
    RoomMember.objects.filter(room=room)._raw_delete("default")


@pytest.mark.parametrize("lose", [sign_out, deactivate, change_password, shut_out_unheard])
def test_the_policy_is_asked_again_after_a_while(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch, lose: Any
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(lose, room, member, client)
        assert await browser.close_code() == consumers.NOT_VISIBLE
        await browser.disconnect()

    run(main)


def test_who_sees_the_room_by_a_permission_that_is_taken_away_loses_the_socket(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="join_room"))
    client.force_login(user)

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(user.user_permissions.clear)
        assert await browser.close_code() == consumers.NOT_VISIBLE
        await browser.disconnect()

    run(main)


def test_the_same_state_is_said_again_after_a_while(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)

    async def main() -> None:
        browser = Browser(room, client)
        first = await browser.open()
        assert await browser.hear() == first
        assert await browser.hear() == first
        await browser.disconnect()

    run(main)


def test_a_deleted_room_closes_its_sockets(room: Room, member: Any, client: Client) -> None:
    def delete() -> None:
        pk = room.pk
        Room.objects.filter(pk=pk).delete()
        send_hint(pk)

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(delete)
        assert await browser.close_code() == consumers.NOT_VISIBLE
        await browser.disconnect()

    run(main)


@pytest.mark.parametrize(
    "frame", ["hello", "[" * 900, "\x00", b"\xff\xfe", "{}", '{"follow": 7}', '{"follow": [7]}']
)
def test_what_a_client_says_is_ignored(
    room: Room, member: Any, client: Client, frame: str | bytes
) -> None:
    options: Any = {"text_data": frame} if isinstance(frame, str) else {"bytes_data": frame}

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await browser.send_to(**options)
        await beside(start_meeting, room)
        assert (await browser.hear())["state"]["state"] == "running"
        await browser.disconnect()

    run(main)


@pytest.mark.parametrize("frame", ["x" * 2000, b"x" * 1_000_000])
def test_who_says_too_much_is_closed_on(
    room: Room, member: Any, client: Client, frame: str | bytes
) -> None:
    options: Any = {"text_data": frame} if isinstance(frame, str) else {"bytes_data": frame}

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await browser.send_to(**options)
        assert await browser.close_code() == consumers.TOO_LONG
        await browser.disconnect()

    run(main)


def test_who_says_something_too_often_is_closed_on(room: Room, member: Any, client: Client) -> None:
    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        for _ in range(consumers.MOST_MESSAGES + 1):
            await browser.send_to(text_data="{}")
        assert await browser.close_code() == consumers.TOO_MANY
        await browser.disconnect()

    run(main)


def test_nothing_is_left_running_when_all_have_gone(
    room: Room, member: Any, client: Client
) -> None:
    async def main() -> None:
        before = asyncio.all_tasks()
        browsers = [Browser(room, client) for _ in range(2)]
        for browser in browsers:
            await browser.open()
        assert len(feeds._feeds[asyncio.get_running_loop()]) == 1
        for browser in browsers:
            await browser.disconnect()
        assert feeds._feeds[asyncio.get_running_loop()] == {}
        assert asyncio.all_tasks() == before

    run(main)


def test_no_message_is_longer_than_2_kb_or_holds_a_secret(
    member: Any, client: Client, room: Room
) -> None:
    Room.objects.filter(pk=room.pk).update(name="🙂" * 255, closed_at=timezone.now())
    meeting = MeetingFactory(room=room, locked=True, guest_token_encrypted="guest-token-canary")
    person = ParticipantFactory(room=room, name="Grace Canary", online=True)
    AccessKeyFactory(meeting=meeting, participant=person, key="access-key-canary")
    for _ in range(30):
        RecordingFactory(meeting=meeting, store_state="fetching")
        SnapshotFactory(meeting=meeting)

    async def main() -> None:
        browser = Browser(room, client)
        message = await browser.open()
        assert len(json.dumps(message, separators=(",", ":"))) < 2048
        assert "anary" not in json.dumps(message)
        assert room.eyeson_id not in json.dumps(message)
        assert message["state"]["online"] == 1
        await browser.disconnect()

    run(main)


def test_rooms_do_not_mix(room: Room, member: Any, client: Client) -> None:
    other = RoomFactory()

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(start_meeting, other)
        assert await browser.receive_nothing(timeout=0.4)
        await browser.disconnect()

    run(main)


def test_one_socket_shows_all_rooms_that_a_page_asks_for(
    room: Room, member: Any, client: Client
) -> None:
    other, third = RoomMemberFactory(user=member).room, RoomMemberFactory(user=member).room
    foreign = RoomFactory()

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await browser.follow(other, third, foreign, "garbage")
        await browser.follow(other, room)
        answers = [await browser.hear() for _ in range(4)]
        shown = {answer["state"]["room"] for answer in answers if "state" in answer}
        assert shown == {str(other.uuid), str(third.uuid)}
        # What they may not see and what does not exist is refused alike.
        for name in (str(foreign.uuid), "garbage"):
            assert {"room": name, "gone": True} in answers
        for changed in (other, room, third):
            await beside(start_meeting, changed)
            state = (await browser.hear())["state"]
            assert (state["room"], state["state"]) == (str(changed.uuid), "running")
        await browser.disconnect()

    run(main)


def test_a_user_has_20_sockets_to_a_room_and_others_have_theirs(
    room: Room, member: Any, client: Client
) -> None:
    elsewhere, colleague = RoomMemberFactory(user=member).room, Client()
    colleague.force_login(RoomMemberFactory(room=room).user)

    async def main() -> None:
        tabs = [Browser(room, client) for _ in range(consumers.MOST_SOCKETS)]
        for tab in tabs:
            await tab.open()
        assert await Browser(room, client).refusal() == consumers.TOO_MANY
        # However the room is spelled.
        assert await Browser(str(room.uuid).upper(), client).refusal() == consumers.TOO_MANY

        others = [Browser(elsewhere, client), Browser(room, colleague)]
        for other in others:
            await other.open()
        await tabs.pop().disconnect()
        late = Browser(room, client)
        await late.open()
        for socket in (*tabs, *others, late):
            await socket.disconnect()
        assert not consumers.RoomConsumer._open

    run(main)


def test_a_room_that_is_lost_leaves_the_socket_to_the_others(
    room: Room, member: Any, client: Client
) -> None:
    other = RoomMemberFactory(user=member).room

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await browser.follow(other)
        await browser.hear()
        await beside(let_nobody_in, room)
        assert await browser.hear() == {"room": str(room.uuid), "gone": True}
        await beside(start_meeting, room)
        await beside(start_meeting, other)
        assert (await browser.hear())["state"]["room"] == str(other.uuid)
        await beside(let_nobody_in, other)
        assert await browser.close_code() == consumers.NOT_VISIBLE
        await browser.disconnect()

    run(main)


def test_a_followed_room_is_asked_about_again_after_a_while(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)
    other = RoomMemberFactory(user=member).room

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await browser.follow(other)
        await beside(shut_out_unheard, other, member, client)
        while "gone" not in (message := await browser.hear()):
            pass
        assert message["room"] == str(other.uuid)
        await browser.disconnect()

    run(main)


def test_who_asks_for_too_many_rooms_is_closed_on(room: Room, member: Any, client: Client) -> None:
    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        names = [f"room {number}" for number in range(consumers.MOST_ROOMS)]
        await browser.follow(*names[:25])
        await browser.follow(*names[25:])
        assert await browser.close_code() == consumers.TOO_MANY
        await browser.disconnect()

    run(main)


def test_a_heartbeat_comes_though_nothing_changes(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.05)

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        for _ in range(2):
            assert await browser.receive_from(timeout=WAIT_SECONDS) == '{"heartbeat":true}'
        await browser.disconnect()

    run(main)
