"""No key, token or link in a log, a message, a repr or a traceback, whatever goes wrong."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient, LinkRules, Secret, open_download, records
from eyeson_meetings.client.quiet_logs import paths_hidden
from eyeson_meetings.exceptions import EyesonMeetingsError

from .conftest import API_KEY
from .rawserver import RawServer, answer

ACCESS_KEY = "canary-access-key"
GUEST_TOKEN = "canary-guest-token"
SIGNATURE = "canary-signature"
STREAM_URL = "rtmp://live.example.org/app/canary-stream-key"
AUTH_TOKEN = "canary-auth-token"
TURN = {"urls": ["turn:turn.example.net"], "username": "1:x", "password": "canary-turn-password"}
SIP = {"uri": "canary-user@conf.example.net", "password": "canary-sip-password"}
#: Media credentials as a room response has them, `sip` until 2023.
MEDIA = {
    "signaling": {"options": {"auth_token": AUTH_TOKEN, "turn_servers": [TURN]}},
    "user": {"id": "ada", "name": "Ada", "sip": {**SIP, "turnServers": [TURN]}},
}

CALLS: list[Callable[[EyesonClient], Any]] = [
    lambda client: client.rooms.join(user_name="Ada"),
    lambda client: client.rooms.list(),
    lambda client: client.rooms.get(access_key=Secret(ACCESS_KEY)),
    lambda client: client.rooms.end_with_access_key(access_key=Secret(ACCESS_KEY)),
    lambda client: client.users.get(access_key=Secret(ACCESS_KEY), user_id="u"),
    lambda client: client.users.kick(access_key=Secret(ACCESS_KEY), user_id="u"),
    lambda client: client.guests.join(guest_token=Secret(GUEST_TOKEN), name="Bo"),
    lambda client: client.recordings.start(access_key=Secret(ACCESS_KEY)),
    lambda client: client.recordings.stop(access_key=Secret(ACCESS_KEY)),
    lambda client: client.snapshots.take(access_key=Secret(ACCESS_KEY)),
    lambda client: client.snapshots.get_in_meeting(access_key=Secret(ACCESS_KEY), snapshot_id="s"),
    lambda client: client.broadcasts.start(
        access_key=Secret(ACCESS_KEY), stream_url=Secret(STREAM_URL)
    ),
    lambda client: client.broadcasts.stop(access_key=Secret(ACCESS_KEY), platform="youtube"),
    lambda client: client.files.list(access_key=Secret(ACCESS_KEY)),
    lambda client: client.files.upload(
        access_key=Secret(ACCESS_KEY), file=io.BytesIO(b"canary"), name="a.txt"
    ),
    lambda client: client.playbacks.start(access_key=Secret(ACCESS_KEY), url=Secret(STREAM_URL)),
    lambda client: client.permalinks.join(user_token=Secret(GUEST_TOKEN)),
    lambda client: client.permalinks.remove_host(permalink_id="p", user_token=Secret(GUEST_TOKEN)),
    lambda client: client.forwards.mcu(
        room_id="standup", forward_id="f", types="audio", url=Secret(STREAM_URL)
    ),
]
#: eyeson repeats every secret in its answer, in body and headers.
TELLTALE = (
    f"{API_KEY} {ACCESS_KEY} {GUEST_TOKEN} https://x.org/?{SIGNATURE} {STREAM_URL} {AUTH_TOKEN}"
    f" {TURN['password']} {SIP['password']}"
)
FAULTS: dict[str, bytes] = {
    "400": answer(400, {"error": f"https://api.eyeson.team/rooms/{ACCESS_KEY}?x={GUEST_TOKEN}"}),
    "404": answer(404, f"<html>{TELLTALE}".encode()),
    "302": answer(302, Location=f"https://example.org/{ACCESS_KEY}?{GUEST_TOKEN}"),
    "500": answer(500, {"error": [TELLTALE]}),
    "429": answer(429, Retry_After=TELLTALE),
    "garbage": answer(200, f'{{"access_key": "{ACCESS_KEY}", "{GUEST_TOKEN}'.encode()),
    "no record": answer(200, {"canary-field": TELLTALE}),
    "no room": answer(200, {**MEDIA, "room": {"sip": SIP}}),
    "no HTTP": f"{TELLTALE}\r\nConnection: close\r\n\r\n".encode(),
    "odd header": f"HTTP/1.1 200 OK\r\n{TELLTALE}\r\nConnection: close\r\n\r\n{{}}".encode(),
    "cut": answer(200, TELLTALE.encode(), Connection="close")[:-5],
    "nothing": b"",
}


def failure_of(call: Callable[[], object]) -> EyesonMeetingsError | None:
    """What the call raised, if it did."""
    try:
        call()
    except EyesonMeetingsError as error:
        return error
    return None


def said_by(error: EyesonMeetingsError | None) -> str:
    """Text, repr, attributes and traceback, and what the package's frames hold, of it and its causes."""
    said = []
    while error is not None:
        said += [str(error), repr(error), repr(vars(error)), repr(frames_of(error))]
        said += traceback.format_exception_only(error)
        error = error.__cause__ or error.__context__  # type: ignore[assignment]  # as good as ours
    return "\n".join(said)


def frames_of(error: BaseException) -> list[dict[str, Any]]:
    """Local variables of the package's own frames in the traceback."""
    return [
        frame.f_locals
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if "eyeson_meetings" in frame.f_code.co_filename and "tests" not in frame.f_code.co_filename
    ]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_nothing_secret_is_said_of_a_call_that_goes_wrong(
    client: EyesonClient,
    server: RawServer,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
    fault: str,
    number: int,
) -> None:
    server.normally = FAULTS[fault]
    caplog.set_level(logging.DEBUG)

    error = failure_of(lambda: CALLS[number](client))

    assert server.requests
    assert "canary" not in said_by(error)
    assert "canary" not in caplog.text
    assert not any("canary" in str(vars(record)) for record in caplog.records)


def test_a_key_that_came_as_plain_text_is_in_no_message(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = answer(410, {"error": TELLTALE})

    error = failure_of(lambda: client.users.get(access_key=ACCESS_KEY, user_id="u"))

    assert error is not None
    assert ACCESS_KEY not in "".join(traceback.format_exception_only(error))


def test_the_frames_of_an_error_are_looked_at(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(410)

    error = failure_of(lambda: client.users.get(access_key=Secret(ACCESS_KEY), user_id="u"))

    assert error is not None
    assert len(frames_of(error)) >= 3


def test_logs_name_the_template_of_the_path(
    client: EyesonClient, server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.normally = answer(200, {"room": {"id": "standup"}})
    caplog.set_level(logging.DEBUG)

    client.rooms.get(access_key=Secret(ACCESS_KEY))

    assert '"GET /rooms/:access_key HTTP/1.1" 200' in caplog.text


def test_the_logs_of_others_are_as_they_were(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    caplog.set_level(logging.DEBUG)

    with paths_hidden("(hidden)"):
        logger.debug('%s "%s %s" %s', "https", "GET", "/secret?path", 200)
    logger.debug('%s "%s %s" %s', "https", "GET", "/others?path", 200)

    assert 'https "GET (hidden)" 200' in caplog.text
    assert 'https "GET /others?path" 200' in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        answer(403, f"<Error>{SIGNATURE}</Error>".encode()),
        answer(302, Location=f"https://example.org/?{SIGNATURE}"),
        answer(302, Location=f"http://[{SIGNATURE}"),
        answer(500),
        answer(200, b"short", Connection="close")[:-2],
        answer(206, Content_Range=SIGNATURE),
        f"HTTP/1.1 200 OK\r\n{SIGNATURE}\r\nConnection: close\r\n\r\n".encode(),
        f"{SIGNATURE}\r\nConnection: close\r\n\r\n".encode(),
        b"",
    ],
)
def test_nothing_secret_is_said_of_a_download_that_goes_wrong(
    server: RawServer, caplog: pytest.LogCaptureFixture, fault: bytes
) -> None:
    server.normally = fault
    caplog.set_level(logging.DEBUG)
    rules = LinkRules(allowed_hosts=(), sandbox=True)
    link = Secret(f"{server.url}/meetings/a.webm?X-Amz-Signature={SIGNATURE}")

    def fetch() -> None:
        with open_download(link, offset=0, etag=None, rules=rules) as download:
            list(download.chunks(1000))

    error = failure_of(fetch)

    assert server.requests
    assert "canary" not in said_by(error)
    assert "canary" not in caplog.text


def test_a_link_that_is_refused_is_not_shown() -> None:
    rules = LinkRules(allowed_hosts=())
    for text in (
        f"https://example.org/?{SIGNATURE}",
        f"https://example.org:{SIGNATURE}/",
        f"https://[{SIGNATURE}/",
        f"https://{SIGNATURE}@example.org/",
    ):
        with (
            pytest.raises(EyesonMeetingsError) as caught,
            open_download(Secret(text), offset=0, etag=None, rules=rules),
        ):
            pytest.fail("A foreign host was asked.")

        assert "canary" not in repr(frames_of(caught.value))
        assert "canary" not in "".join(
            traceback.format_exception(caught.value.with_traceback(None))
        )


def test_records_show_no_secret() -> None:
    response = records.RoomResponse.from_json(
        {
            "access_key": ACCESS_KEY,
            "room": {"id": "standup", "guest_token": GUEST_TOKEN, "sip": SIP},
            "links": {
                "gui": f"https://app.eyeson.team/?{ACCESS_KEY}",
                "guest_join": f"https://app.eyeson.team/?guest={GUEST_TOKEN}",
                "websocket": f"https://api.eyeson.team/rt?access_key={ACCESS_KEY}",
            },
            "recording": {"id": "r", "links": {"download": f"https://x.org/?{SIGNATURE}"}},
            "snapshots": [{"id": "s", "links": {"download": f"https://x.org/?{SIGNATURE}"}}],
            **MEDIA,
        }
    )

    assert response.access_key == Secret(ACCESS_KEY)
    assert "canary" not in repr(response)


def test_a_client_shows_no_key(client: EyesonClient) -> None:
    assert "canary" not in repr(vars(client)) + repr(vars(client._transport))


def test_a_secret_can_be_neither_written_nor_copied_elsewhere() -> None:
    secret = Secret("canary")

    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    with pytest.raises(TypeError):
        json.dumps({"key": secret})
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            copying(secret)
        assert "canary" not in str(caught.value)


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")


def test_no_frame_of_ours_shows_a_secret_when_a_call_breaks_in_an_unforeseen_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    client = EyesonClient(api_key=API_KEY, base_url="https://eyeson.example")
    # The network cannot be had to raise what no code of ours catches.
    monkeypatch.setattr("requests.Session.request", broken)

    with pytest.raises(RuntimeError) as caught:
        client.broadcasts.start(access_key=ACCESS_KEY, stream_url=Secret(STREAM_URL))
    with pytest.raises(RuntimeError) as caught_with_key:
        client.rooms.join(user_name="Ada")

    shown = [
        repr(value)
        for error in (caught.value, caught_with_key.value)
        for frame, _line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.endswith("client/transport.py")
        for value in frame.f_locals.values()
    ]
    assert len(shown) > 10
    assert not [text for text in shown if API_KEY in text or "canary" in text]
