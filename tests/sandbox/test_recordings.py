"""Recordings, snapshots and their files: API reference 7 and 8."""

import hashlib
import math
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api


def record(api: Api, sandbox: SandboxServer, key: str, seconds: float = 65) -> Any:
    assert api.bare("POST", f"/rooms/{key}/recording").status_code == 201
    sandbox.advance(seconds)
    assert api.bare("DELETE", f"/rooms/{key}/recording").status_code == 200
    sandbox.advance(1)
    return api.with_key("GET", "/rooms/standup/recordings").json()[0]


def test_a_recording_goes_through_its_three_states(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    started = api.bare("POST", f"/rooms/{key}/recording")
    running = api.bare("GET", f"/rooms/{key}").json()["recording"]
    sandbox.advance(65)
    api.bare("DELETE", f"/rooms/{key}/recording")
    stopped = api.with_key("GET", f"/recordings/{running['id']}").json()
    sandbox.advance(1)
    finished = api.with_key("GET", f"/recordings/{running['id']}").json()

    assert (started.status_code, started.content) == (201, b"")
    assert (running["duration"], running["links"]["download"]) == (None, None)
    assert (stopped["duration"], stopped["links"]["download"]) == (65, None)
    assert finished["duration"] == 65
    assert isinstance(finished["created_at"], int)
    assert "X-Amz-Expires=3600" in finished["links"]["download"]


def test_recording_refuses_what_cannot_be(api: Api, sandbox: SandboxServer, key: str) -> None:
    assert api.bare("DELETE", f"/rooms/{key}/recording").status_code == 404
    api.bare("POST", f"/rooms/{key}/recording")
    assert api.bare("POST", f"/rooms/{key}/recording").status_code == 406

    unready = api.join("fresh")["access_key"]
    assert api.bare("POST", f"/rooms/{unready}/recording").status_code == 406
    without = api.join("without", **{"options[recording_available]": "false"})["access_key"]
    assert api.bare("POST", f"/rooms/{without}/recording").status_code == 405


def test_the_end_stops_a_recording_which_finishes_later(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    api.bare("POST", f"/rooms/{key}/recording")
    sandbox.advance(10)
    api.with_key("DELETE", "/rooms/standup")
    sandbox.advance(1)

    found = api.with_key("GET", "/rooms/standup/recordings").json()[0]

    assert found["duration"] == 10
    assert found["links"]["download"]
    assert found["room"]["shutdown"] is True


def test_recordings_are_filtered_by_meeting_and_time(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    first = record(api, sandbox, key)
    api.with_key("DELETE", "/rooms/standup")
    again = api.join()
    sandbox.advance(1)
    second = record(api, sandbox, again["access_key"])

    def ids(**query: str) -> list[str]:
        answer = api.with_key("GET", "/rooms/standup/recordings", params=query)
        return [recording["id"] for recording in answer.json()]

    assert ids() == [second["id"], first["id"]]
    assert ids(started_at=again["room"]["started_at"]) == [second["id"]]
    assert ids(until=again["room"]["started_at"]) == [first["id"]]
    assert ids(since=again["room"]["started_at"]) == [second["id"]]
    assert ids(page="2") == []
    bad = api.with_key("GET", "/rooms/standup/recordings?since=yesterday")
    assert bad.status_code == 400
    assert api.with_key("GET", "/rooms/nowhere/recordings").status_code == 404


@pytest.mark.parametrize("kind", ["recordings", "snapshots"])
def test_started_at_matches_whole_seconds_and_exact_milliseconds(
    api: Api, sandbox: SandboxServer, key: str, kind: str
) -> None:
    clock = sandbox.state.clock
    sandbox.advance(math.ceil(clock.now()) + 0.25 - clock.now())
    path = "/rooms/planning/" + kind
    made = []
    for _ in range(2):
        joined = api.join("planning")
        with sandbox.state.locked():
            meeting = sandbox.state.rooms["planning"]
            meeting.ready = True
            person = next(iter(meeting.people.values()))
            sandbox.state.take_snapshot(meeting, person)
            sandbox.state.start_recording(meeting, person)
        api.with_key("DELETE", "/rooms/planning")
        made.append(joined["room"]["started_at"])
        sandbox.advance(0.5)
    first, second = made

    def found(started_at: str) -> list[str]:
        answer = api.with_key("GET", path, params={"started_at": started_at})
        return [entry["room"]["started_at"] for entry in answer.json()]

    assert first != second
    assert found(first) == [first]
    assert found(second) == [second]
    assert found(first[:19] + "Z") == [second, first]
    assert found(first[:19] + "+00:00") == [second, first]
    assert found(first[:19] + ".000Z") == []
    assert found("2020-01-01T00:00:00Z") == []


def test_a_deleted_recording_is_gone_with_its_file(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    recording = record(api, sandbox, key)

    assert api.with_key("DELETE", f"/recordings/{recording['id']}").status_code == 200
    assert api.with_key("GET", f"/recordings/{recording['id']}").status_code == 404
    assert requests.get(recording["links"]["download"], timeout=60).status_code == 404


def test_recordings_are_kept_for_14_days(api: Api, sandbox: SandboxServer, key: str) -> None:
    recording = record(api, sandbox, key)

    sandbox.advance(14 * 86400)

    assert api.with_key("GET", f"/recordings/{recording['id']}").status_code == 404


@pytest.mark.parametrize("size", [0, 500_000])
def test_the_file_is_webm_of_the_size_asked_for(
    api: Api, sandbox: SandboxServer, key: str, size: int
) -> None:
    sandbox.knobs.turn(recording_bytes=size)
    recording = record(api, sandbox, key)

    served = requests.get(recording["links"]["download"], timeout=60)
    told = api.bare("GET", f"/_sandbox/recordings/{recording['id']}").json()

    assert served.headers["Content-Type"] == "video/webm"
    assert served.content.startswith(b"\x1a\x45\xdf\xa3")
    assert recording["id"].encode() in served.content
    assert size in (0, len(served.content))
    assert told == {
        "bytes": len(served.content),
        "sha256": hashlib.sha256(served.content).hexdigest(),
    }


def test_ranges_put_together_are_the_file(api: Api, sandbox: SandboxServer, key: str) -> None:
    sandbox.knobs.turn(recording_bytes=300_001)
    link = record(api, sandbox, key)["links"]["download"]
    whole = requests.get(link, timeout=60)

    parts = b""
    for start in range(0, 300_001, 70_001):
        headers = {"Range": f"bytes={start}-{start + 70_000}", "If-Range": whole.headers["ETag"]}
        part = requests.get(link, headers=headers, timeout=60)
        assert part.status_code == 206
        parts += part.content

    assert parts == whole.content


@pytest.mark.parametrize(
    ("headers", "status", "length"),
    [
        ({"Range": "bytes=-5"}, 206, 5),
        ({"Range": "bytes=10-"}, 206, 299_990),
        ({"Range": "bytes=0-0"}, 206, 1),
        ({"Range": "bytes=300000-"}, 416, None),
        ({"Range": "bytes=0-1,5-6"}, 200, 300_000),
        ({"Range": "bytes=5-6", "If-Range": '"other"'}, 200, 300_000),
        ({"Authorization": "key"}, 400, None),
    ],
)
def test_range_requests(
    api: Api,
    sandbox: SandboxServer,
    key: str,
    headers: dict[str, str],
    status: int,
    length: int | None,
) -> None:
    sandbox.knobs.turn(recording_bytes=300_000)
    link = record(api, sandbox, key)["links"]["download"]

    answer = requests.get(link, headers=headers, timeout=60)

    assert answer.status_code == status
    assert length in (None, len(answer.content))


def test_links_expire_and_are_signed(api: Api, sandbox: SandboxServer, key: str) -> None:
    recording = record(api, sandbox, key)
    link = recording["links"]["download"]

    forged = requests.get(link.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999"), timeout=60)
    sandbox.advance(3600)
    expired = requests.get(link, timeout=60)
    fresh = api.with_key("GET", f"/recordings/{recording['id']}").json()["links"]["download"]

    assert forged.status_code == 403
    assert expired.status_code == 403
    assert "Request has expired" in expired.text
    assert requests.get(fresh, timeout=60).status_code == 200


def test_downloads_go_wrong_when_asked_to(api: Api, sandbox: SandboxServer, key: str) -> None:
    link = record(api, sandbox, key)["links"]["download"]
    faults = sandbox.service.faults

    faults.add("truncated", after_bytes=1000)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = requests.get(link, timeout=60).content
    faults.add("html")
    assert requests.get(link, timeout=60).headers["Content-Type"].startswith("text/html")
    faults.add("expired")
    assert requests.get(link, timeout=60).status_code == 403
    faults.add("ignore_range")
    assert requests.get(link, headers={"Range": "bytes=5-6"}, timeout=60).status_code == 200
    faults.add("slow", route="/_media/meetings/{conference_id}/{name}", bytes_per_second=2_000_000)
    assert requests.get(link, timeout=60).status_code == 200
    etag = requests.get(link, timeout=60).headers["ETag"]
    faults.add("other_etag")
    assert requests.get(link, timeout=60).headers["ETag"] != etag


def test_snapshots_are_taken_listed_shown_and_deleted(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    assert api.bare("POST", f"/rooms/{key}/snapshot").status_code == 201
    snapshot = api.with_key("GET", "/rooms/standup/snapshots").json()[0]
    path = f"/snapshots/{snapshot['id']}"

    assert snapshot["name"].isdigit()
    assert snapshot["created_at"].endswith("Z")
    assert snapshot["creator"]["name"] == "Ada"
    assert api.with_key("GET", path).json()["id"] == snapshot["id"]
    assert api.bare("GET", f"/rooms/{key}{path}").json()["id"] == snapshot["id"]
    picture = requests.get(snapshot["links"]["download"], timeout=60)
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert api.with_key("DELETE", path).status_code == 200
    assert api.with_key("GET", path).status_code == 404
    assert api.bare("GET", f"/rooms/{key}{path}").status_code == 404
