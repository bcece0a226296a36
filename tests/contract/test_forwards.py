"""Forwards and the lock, as the sandbox has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eyeson_meetings.client import EyesonClient, Secret
from eyeson_meetings.exceptions import (
    FeatureDisabledError,
    InvalidRequestError,
    KeyRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    NotFoundError,
)
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
WHIP = Secret("https://whip.example.org/in?token=1")


def test_single_streams_are_sent_on_and_stopped(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    client.playbacks.start(access_key=key, url="https://x.example.org/a.mp4", play_id="intro")
    (ada,) = client.users.list(room_id="standup").value

    client.forwards.source(
        room_id="standup", forward_id="f-1", user_id=ada.id, types=("audio", "video"), url=WHIP
    )
    client.forwards.mcu(room_id="standup", forward_id="f-2", types="audio", url=WHIP)
    client.forwards.playback(
        room_id="standup", forward_id="f-3", play_id="intro", types=["video"], url=WHIP
    )
    kept = sandbox.state.rooms["standup"].forwards
    told = {forward.id: (forward.kind, forward.source_id) for forward in kept.values()}
    client.forwards.stop(room_id="standup", forward_id="f-1")

    assert told == {"f-1": ("source", ada.id), "f-2": ("mcu", ""), "f-3": ("playback", "intro")}
    assert set(sandbox.state.rooms["standup"].forwards) == {"f-2", "f-3"}
    with pytest.raises(NotFoundError):
        client.forwards.stop(room_id="standup", forward_id="f-1")


@pytest.mark.parametrize("status", [200, 204])
def test_a_forward_ends_whatever_the_answer(
    client: EyesonClient, sandbox: SandboxServer, join: Join, status: int
) -> None:
    sandbox.knobs.turn(delete_status=status)
    join()
    client.forwards.mcu(room_id="standup", forward_id="f", types="audio", url=WHIP)

    client.forwards.stop(room_id="standup", forward_id="f")

    assert sandbox.state.rooms["standup"].forwards == {}


def test_a_forward_of_nothing_or_to_nowhere_is_refused(client: EyesonClient, join: Join) -> None:
    join()

    with pytest.raises(NotFoundError):
        client.forwards.mcu(room_id="nowhere", forward_id="f", types="audio", url=WHIP)
    with pytest.raises(NotFoundError):
        client.forwards.source(
            room_id="standup", forward_id="f", user_id="nobody", types="audio", url=WHIP
        )
    with pytest.raises(InvalidRequestError):
        client.forwards.mcu(room_id="standup", forward_id="f", types="smell", url=WHIP)
    with pytest.raises(InvalidRequestError) as caught:
        client.forwards.mcu(room_id="standup", forward_id="f", types="audio", url="canary://x")
    assert "canary" not in str(caught.value)


def test_forwards_refuse_a_wrong_api_key(sandbox: SandboxServer) -> None:
    client = EyesonClient(api_key="another-key", base_url=sandbox.url, sandbox=True)

    with pytest.raises(KeyRefusedError):
        client.forwards.mcu(room_id="standup", forward_id="f", types="audio", url=WHIP)
    client.close()


def test_a_locked_meeting_lets_no_more_guests_in(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join(lock_available=True)
    token = client.rooms.get(access_key=key).value.room.guest_token
    assert token is not None

    client.rooms.lock(access_key=key)

    assert client.rooms.get(access_key=key).value.locked is True
    with pytest.raises(MeetingLockedError):
        client.guests.join(guest_token=token, name="Bo")
    client.rooms.end(room_id="standup")
    with pytest.raises(MeetingEndedError):
        client.rooms.lock(access_key=key)


def test_a_meeting_may_be_locked_only_where_options_allow_it(
    client: EyesonClient, join: Join
) -> None:
    with pytest.raises(FeatureDisabledError):
        client.rooms.lock(access_key=join())
