"""Live streams, as the sandbox has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eyeson_meetings.client import Broadcast, EyesonClient, Secret
from eyeson_meetings.exceptions import (
    FeatureDisabledError,
    InvalidRequestError,
    MeetingEndedError,
    NotFoundError,
    NotPossibleNowError,
)
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
STREAM_URL = Secret("rtmp://live.example.org/app/stream-key")
PLAYER_URL = "https://tv.example.org/desk"


def running(client: EyesonClient, key: Secret) -> tuple[Broadcast, ...]:
    return client.rooms.get(access_key=key).value.broadcasts


def test_a_stream_is_started_named_and_stopped(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    client.broadcasts.start(access_key=key, stream_url=STREAM_URL)
    (started,) = running(client, key)
    client.broadcasts.set_player_url(access_key=key, player_url=PLAYER_URL)
    (named,) = running(client, key)
    stream_urls = [b.stream_url for b in sandbox.state.rooms["standup"].broadcasts.values()]
    client.broadcasts.stop(access_key=key)

    assert (started.platform, started.player_url) == ("generic", None)
    assert started.user is not None
    assert started.user.name == "Ada"
    assert started.room is not None
    assert started.room.id == "standup"
    assert (named.id, named.player_url) == (started.id, PLAYER_URL)
    assert stream_urls == [STREAM_URL.reveal()]
    assert running(client, key) == ()


def test_a_stream_may_be_one_of_a_platform_as_until_2020(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    sandbox.knobs.turn(one_broadcast_per_platform=True)
    key = join()
    for platform in ("youtube", "facebook"):
        client.broadcasts.start(
            access_key=key, stream_url=STREAM_URL, player_url=PLAYER_URL, platform=platform
        )
    client.broadcasts.set_player_url(
        access_key=key, player_url="https://y.example.org", platform="youtube"
    )
    both = {stream.platform: stream.player_url for stream in running(client, key)}
    client.broadcasts.stop(access_key=key, platform="facebook")

    assert both == {"youtube": "https://y.example.org", "facebook": PLAYER_URL}
    assert [stream.platform for stream in running(client, key)] == ["youtube"]
    with pytest.raises(NotFoundError):
        client.broadcasts.stop(access_key=key, platform="facebook")


def test_streaming_twice_not_ready_or_switched_off_is_refused(
    client: EyesonClient, join: Join
) -> None:
    opening = client.rooms.join(room_id="opening", user_name="Ada").value.access_key
    assert opening is not None
    with pytest.raises(NotPossibleNowError):
        client.broadcasts.start(access_key=opening, stream_url=STREAM_URL)
    key = join()
    client.broadcasts.start(access_key=key, stream_url=STREAM_URL)
    with pytest.raises(NotPossibleNowError):
        client.broadcasts.start(access_key=key, stream_url=STREAM_URL)
    with pytest.raises(FeatureDisabledError):
        client.broadcasts.start(
            access_key=join("quiet", broadcast_available=False), stream_url=STREAM_URL
        )


def test_an_address_that_is_none_is_refused(client: EyesonClient, join: Join) -> None:
    key = join()
    for stream_url in ("", "https://example.org/", "canary-key"):
        with pytest.raises(InvalidRequestError) as caught:
            client.broadcasts.start(access_key=key, stream_url=stream_url)
        assert "canary" not in str(caught.value)
    client.broadcasts.start(access_key=key, stream_url=STREAM_URL)
    with pytest.raises(InvalidRequestError):
        client.broadcasts.set_player_url(access_key=key, player_url="")


def test_where_nothing_streams_nothing_can_be_named_or_stopped(
    client: EyesonClient, join: Join
) -> None:
    key = join()
    calls: list[Callable[[], object]] = [
        lambda: client.broadcasts.set_player_url(access_key=key, player_url=PLAYER_URL),
        lambda: client.broadcasts.stop(access_key=key),
    ]

    for call in calls:
        with pytest.raises(NotFoundError):
            call()
    client.rooms.end(room_id="standup")
    for call in calls:
        with pytest.raises(MeetingEndedError):
            call()
