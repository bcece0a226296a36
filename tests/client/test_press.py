"""One press has ten seconds for all its calls, begins no act too late, and never pauses between tries."""

from __future__ import annotations

import time
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient, press
from eyeson_meetings.client.press import Press, current_press, one_press
from eyeson_meetings.exceptions import NetworkError, TooSlowError, UnavailableError

from .rawserver import RawServer, answer

RECORDING = answer(200, {"id": "r"})
DONE = answer(201)


def at_second(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so many seconds of the press have passed."""
    running = current_press()
    assert running is not None
    monkeypatch.setattr(running, "_ends_at", time.monotonic() + press.PRESS_SECONDS - seconds)


def test_a_press_inside_a_press_is_the_same() -> None:
    assert current_press() is None
    with one_press() as outer:
        with one_press() as inner:
            assert inner is outer
        assert current_press() is outer
    assert current_press() is None


def test_an_act_begins_only_with_five_seconds_left(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.normally = DONE
    with one_press():
        at_second(monkeypatch, 4.5)
        client.recordings.start(access_key="k")
        at_second(monkeypatch, 5.5)
        for act in (
            lambda: client.recordings.start(access_key="k"),
            lambda: client.recordings.stop(access_key="k"),
            lambda: client.broadcasts.set_player_url(access_key="k", player_url="https://tv"),
        ):
            with pytest.raises(TooSlowError) as refused:
                act()
            assert not refused.value.may_be_done

    assert len(server.requests) == 1


def test_questions_and_entries_may_use_all_of_the_time(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.normally = answer(201, {"id": "r", "room": {"id": "standup"}})
    with one_press():
        at_second(monkeypatch, 9.0)
        client.recordings.get(recording_id="r")
        client.rooms.join(user_name="Ada")
        client.guests.join(guest_token="g", name="Bo")
        client.permalinks.join(user_token="u")
        at_second(monkeypatch, 10.0)
        with pytest.raises(TooSlowError):
            client.recordings.get(recording_id="r")

    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("call", "may_be_done"),
    [
        (lambda client: client.recordings.start(access_key="k"), True),
        (lambda client: client.rooms.join(user_name="Ada"), True),
        (lambda client: client.recordings.get(recording_id="r"), False),
    ],
)
def test_an_answer_that_does_not_come_in_time_ends_the_press(
    client: EyesonClient,
    server: RawServer,
    monkeypatch: pytest.MonkeyPatch,
    call: Any,
    may_be_done: bool,
) -> None:
    monkeypatch.setattr(press, "PRESS_SECONDS", 0.6)
    monkeypatch.setattr(press, "ACT_SECONDS", 0.3)
    server.normally = lambda connection: connection.recv(1)
    began_at = time.monotonic()

    with one_press(), pytest.raises(NetworkError) as lost:
        call(client)

    # The client's own limit is a minute.
    assert time.monotonic() - began_at < 30
    assert lost.value.may_be_done is may_be_done


def test_an_answer_that_drips_is_cut_off_with_the_press(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b" ")
            time.sleep(0.05)

    monkeypatch.setattr(press, "PRESS_SECONDS", 0.6)
    server.normally = drip
    began_at = time.monotonic()

    with one_press(), pytest.raises(NetworkError):
        client.recordings.get(recording_id="r")

    assert time.monotonic() - began_at < 30


def late_and_stalled(connection: Any) -> None:
    """Send the headers shortly before the end of the press, and never the body."""
    time.sleep(2.7)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n ")
    connection.recv(1)


def late_and_dripping(connection: Any) -> None:
    """Send the headers shortly before the end of the press, and the body slowly."""
    time.sleep(2.7)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("speak", [late_and_stalled, late_and_dripping])
def test_the_body_of_a_late_answer_ends_with_the_press(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch, speak: Any
) -> None:
    monkeypatch.setattr(press, "PRESS_SECONDS", 3.0)
    server.normally = speak
    began_at = time.monotonic()

    with one_press(), pytest.raises(NetworkError):
        client.recordings.get(recording_id="r")

    # The wait for the headers and another such wait for the body would be 5.7 s.
    assert time.monotonic() - began_at < 5.0


def test_a_call_that_begins_as_the_press_ends_fails_like_one_that_is_too_late(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.normally = lambda connection: connection.recv(1)
    with one_press() as running:
        # The check before the call still sees time left, the call does not.
        left = iter([0.1])
        monkeypatch.setattr(Press, "seconds_left", property(lambda press: next(left, 0.0)))
        with pytest.raises(NetworkError):
            client.recordings.get(recording_id="r")
        assert running.seconds_left == 0.0


def test_a_press_repeats_a_broken_question_once_and_at_once(
    client: EyesonClient, server: RawServer, waits: list[float]
) -> None:
    server.script = [b"", RECORDING, b"", b""]

    with one_press():
        assert client.recordings.get(recording_id="r").value.id == "r"
        with pytest.raises(NetworkError):
            client.recordings.get(recording_id="r")

    assert len(server.requests) == 4
    assert set(waits) <= {0.0}


@pytest.mark.parametrize("status", [429, 503])
def test_a_press_does_not_ask_again_where_eyeson_asks_for_a_pause(
    client: EyesonClient, server: RawServer, waits: list[float], status: int
) -> None:
    server.normally = answer(status, Retry_After="1")

    with one_press(), pytest.raises(UnavailableError) as busy:
        client.recordings.get(recording_id="r")

    assert busy.value.retry_after_seconds == 1
    assert len(server.requests) == 1


def test_a_stop_is_not_repeated_too_late(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(connection: Any) -> None:
        monkeypatch.setattr(press, "ACT_SECONDS", 11.0)

    server.normally = break_off
    with one_press(), pytest.raises(NetworkError) as lost:
        client.recordings.stop(access_key="k")

    assert len(server.requests) == 1
    assert lost.value.may_be_done


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_of_eyeson_leaves_an_act_in_doubt_and_no_question(
    client: EyesonClient, server: RawServer, waits: list[float], status: int
) -> None:
    server.normally = answer(status)

    with pytest.raises(UnavailableError) as failed:
        client.recordings.start(access_key="k")
    assert failed.value.may_be_done
    with pytest.raises(UnavailableError) as failed:
        client.recordings.get(recording_id="r")
    assert not failed.value.may_be_done


def test_what_was_refused_or_never_left_is_not_done(waits: list[float], server: RawServer) -> None:
    away = EyesonClient(api_key="k", base_url="http://127.0.0.1:9", sandbox=True)

    with pytest.raises(NetworkError) as lost:
        away.recordings.start(access_key="k")

    assert not lost.value.may_be_done


def test_a_pause_before_an_act_is_left_out_when_the_act_would_be_too_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with one_press() as running:
        assert running.pause_before_act(0.01)
        at_second(monkeypatch, 4.9)
        began_at = time.monotonic()
        assert not running.pause_before_act(30)
        assert time.monotonic() - began_at < 10
