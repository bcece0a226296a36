"""What happens in a meeting, told by the sandbox's sockets while it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from eyeson_meetings.client import Answer, EyesonClient, Secret, SocketEvent
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.exceptions import NotFoundError
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
#: More than a connection or an answer takes on any machine.
PATIENT = (60.0, 60.0)
Events = Iterator[Answer[SocketEvent]]


@pytest.fixture
def sockets(sandbox: SandboxServer, client: EyesonClient) -> Sockets:
    """Sockets of the sandbox."""
    return Sockets(
        api_key="sandbox-api-key", base_url=sandbox.url, timeouts_seconds=PATIENT, sandbox=True
    )


def next_of(events: Events, kind: str) -> SocketEvent:
    """The next event of this type; others are passed over."""
    return next(event.value for event in events if event.value.type == kind)


def test_an_observer_is_told_what_happens(
    client: EyesonClient, sandbox: SandboxServer, join: Join, sockets: Sockets
) -> None:
    key = join()
    with sockets.observe(room_id="standup") as socket:
        events = socket.events()
        first = next_of(events, "room_update")
        join(user_name="Bo")
        came = next_of(events, "participant_update")
        client.broadcasts.start(access_key=key, stream_url="rtmp://live.example.org/app/key")
        streaming = next_of(events, "broadcasts_update")
        client.playbacks.start(access_key=key, url="https://x.example.org/a.mp4", play_id="intro")
        playing = next_of(events, "playback_update")
        client.recordings.start(access_key=key)
        recording = next_of(events, "recording_update")
        client.messages.send(access_key=key, content="hello")
        said = next_of(events, "chat")
        client.layout.set(access_key=key, layout="custom", name="four")
        seen = next_of(events, "podium_update")
        client.snapshots.take(access_key=key)
        taken = next_of(events, "snapshot_update")
        client.rooms.end(room_id="standup")
        last = [event.value for event in events][-1]

    assert first.room_response is not None
    assert first.room_response.room.id == "standup"
    assert [person.name for person in first.participants] == ["Ada"]
    assert came.participant is not None
    assert came.participant.name == "Bo"
    assert [stream.platform for stream in streaming.broadcasts] == ["generic"]
    assert [playback.play_id for playback in playing.playbacks] == ["intro"]
    assert recording.recording is not None
    assert recording.recording.duration is None
    assert (said.content, said.user_id) == ("hello", first.participants[0].id)
    assert first.participants[0].id in {place.user_id for place in seen.podium}
    assert len(taken.snapshots) == 1
    assert last.room_response is not None
    assert last.room_response.room.shutdown is True
    # eyeson closes this socket without a `disconnect` frame, which would say whether to come back.
    assert socket.may_reconnect is True


def test_somebody_in_the_meeting_is_told_what_happens(
    client: EyesonClient, join: Join, sockets: Sockets
) -> None:
    key = join(lock_available=True)
    with sockets.join(access_key=key) as socket:
        events = socket.events()
        first = next_of(events, "room_setup")
        client.screen_capture.start(access_key=key)
        shown = next_of(events, "presentation_update")
        client.rooms.lock(access_key=key)
        locked = next_of(events, "lock")
        client.layout.set(access_key=key, layout="custom", name="four")
        options = next_of(events, "options_update")
        socket.act("stfu")
        silenced = next_of(events, "stfu")
        client.rooms.end(room_id="standup")
        rest = list(events)

    assert first.room_response is not None
    assert first.room_response.access_key == key
    assert shown.presentation is not None
    assert shown.presentation.user is not None
    assert shown.presentation.user.name == "Ada"
    assert locked.locked is True
    assert options.options["layout_name"] == "four"
    assert silenced.user is not None
    assert silenced.user.name == "Ada"
    assert "chat" not in {event.value.type for event in rest}
    assert socket.may_reconnect is False


def test_who_may_not_listen_is_refused(
    client: EyesonClient, sandbox: SandboxServer, join: Join, sockets: Sockets
) -> None:
    key = join()
    stranger = Sockets(
        api_key="another-key", base_url=sandbox.url, timeouts_seconds=PATIENT, sandbox=True
    )
    for opening in (
        sockets.observe(room_id="nowhere"),
        stranger.observe(room_id="standup"),
        sockets.join(access_key=Secret("x" * 24)),
    ):
        with pytest.raises(NotFoundError), opening:
            pytest.fail("It was let in.")
    client.rooms.end(room_id="standup")
    for opening in (sockets.observe(room_id="standup"), sockets.join(access_key=key)):
        with pytest.raises(NotFoundError), opening:
            pytest.fail("It was let in.")
