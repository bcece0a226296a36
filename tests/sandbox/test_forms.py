"""No odd request breaks the sandbox: every answer is JSON or empty, and none is a 500."""

import json
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import API_KEY, Api

NAMES = [
    *("url", "name", "file", "users", "map", "layout", "show_names", "voice_activation", "slide"),
    *("audio_insert", "audio_insert_position", "play_id", "playback", "audio", "loop_count"),
    *("replacement_id", "insert", "id", "z-index", "expires_at", "type", "content", "stream_url"),
    *("player_url", "platform", "forward_id", "user_id", "types"),
]
VALUES: list[Any] = [
    *(None, True, 10**30, 1.5, "", "\x00", "9999-12-31T23:59:59-23:59"),
    *([[0, 0, 10**30, 1]], [{}], {"": None}, {"name": {}, "custom_fields": 5}, {"layout_map": 5}),
]
PATHS = [
    ("POST", "/rooms/{key}/layers"),
    ("POST", "/rooms/{key}/layout"),
    ("POST", "/rooms/{key}/playbacks"),
    ("POST", "/rooms/{key}/presentation"),
    ("PUT", "/rooms/{key}/presentation"),
    ("POST", "/rooms/{key}/messages"),
    ("POST", "/rooms/{key}/broadcasts"),
    ("PUT", "/rooms/{key}/broadcasts"),
    ("POST", "/guests/{guest}"),
    ("POST", "/rooms"),
    ("POST", "/permalink"),
    ("PUT", "/permalink/{permalink}"),
    ("POST", "/permalink/{permalink}/users"),
    ("POST", "/rooms/standup/forward/source"),
    ("POST", "/webhooks"),
]


@pytest.mark.begun_first
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_no_value_breaks_an_endpoint(
    api: Api, sandbox: SandboxServer, method: str, path: str
) -> None:
    joined = api.join()
    permalink = api.with_key("POST", "/permalink", data={"user[name]": "M"}).json()["permalink"]
    filled = path.format(
        key=joined["access_key"], guest=joined["room"]["guest_token"], permalink=permalink["id"]
    )
    call = api.with_key if "{key}" not in path and "{guest}" not in path else api.bare

    for value in VALUES:
        sound = {"user": {"name": "A", "id": value}, "options": value}
        for fields in (dict.fromkeys(NAMES, value), {"url": "https://e.org", "name": value}):
            answer = call(method, filled, json={**fields, **sound})
            assert answer.status_code < 500, value
            assert_is_json_or_empty(answer)
    assert api.bare("GET", f"/rooms/{joined['access_key']}").status_code == 200
    assert api.bare("GET", "/_sandbox/state").status_code == 200


def assert_is_json_or_empty(answer: requests.Response) -> None:
    if answer.content:
        assert answer.headers["Content-Type"] == "application/json"
        json.loads(answer.content)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"5",
        b'"text"',
        b"\xff\xfe",
        b'{"user": {"name": "\\ud800"}}',
        b'{"user": {"name": "A"}, "options": {"custom_fields": {"a": NaN}}}',
        b'{"user": {"name": "A"}, "expires_at": 1e999}',
        b'{"a":' * 100_000,
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_proper_json_is_refused(api: Api, body: bytes) -> None:
    headers = {"Authorization": API_KEY, "Content-Type": "application/json"}

    for path in ("/rooms", "/permalink"):
        answer = requests.post(api.url + path, data=body, headers=headers, timeout=60)
        assert answer.status_code == 400
        assert "error" in answer.json()


def test_a_broken_multipart_body_is_refused(api: Api) -> None:
    headers = {"Authorization": API_KEY, "Content-Type": "multipart/form-data"}

    answer = requests.post(f"{api.url}/permalink", data=b"--x\r\n", headers=headers, timeout=60)

    assert answer.status_code == 400
    assert "error" in answer.json()


def test_json_comes_in_chunks_too(api: Api) -> None:
    body = json.dumps({"user": {"name": "Ada"}, "options": {"show_names": False}}).encode()
    headers = {"Authorization": API_KEY, "Content-Type": "application/json"}

    answer = requests.post(
        f"{api.url}/rooms", data=iter([body[:9], body[9:]]), headers=headers, timeout=5
    )

    assert "Content-Length" not in answer.request.headers
    assert answer.json()["options"]["show_names"] is False


@pytest.mark.parametrize("sent_as", ["form", "query", "json"])
@pytest.mark.parametrize(
    ("text", "value"),
    [(text, True) for text in ("1", "t", "True", "ON", "yes")]
    + [(text, False) for text in ("0", "F", "false", "Off", "no")],
)
def test_booleans_are_the_usual_texts_in_any_case(
    api: Api, sent_as: str, text: str, value: bool
) -> None:
    fields = {"user[name]": "Ada", "options[show_names]": text}
    carried = {"form": "data", "query": "params", "json": "json"}[sent_as]

    joined = api.with_key("POST", "/rooms", **{carried: fields})

    assert joined.json()["options"]["show_names"] is value


@pytest.mark.parametrize(("sent", "value"), [(True, True), (1, True), (False, False), (0, False)])
def test_json_booleans_may_be_numbers(api: Api, sent: Any, value: bool) -> None:
    body = {"user": {"name": "Ada"}, "options": {"show_names": sent}}

    assert api.with_key("POST", "/rooms", json=body).json()["options"]["show_names"] is value


@pytest.mark.parametrize("sent", ["", "y", "2", "wahr", 2, 1.0, None, [True], {"a": 1}])
def test_other_booleans_are_refused(api: Api, sent: Any) -> None:
    body = {"user": {"name": "Ada"}, "options": {"show_names": sent}}

    assert api.with_key("POST", "/rooms", json=body).status_code == 400


def test_query_filters_are_booleans_as_well(api: Api) -> None:
    api.join()

    assert api.with_key("GET", "/rooms/standup/users?online=OFF").json()[0]["name"] == "Ada"
    assert api.with_key("GET", "/rooms/standup/users?online=on").json() == []
    assert api.with_key("GET", "/rooms/standup/users?online=maybe").status_code == 400
    assert api.with_key("GET", "/permalink?expired=No").json()["total"] == 0
    assert api.with_key("GET", "/permalink?expired=maybe").status_code == 400


def test_the_layout_endpoint_alone_sets_places(api: Api) -> None:
    made = api.with_key(
        "POST",
        "/rooms",
        json={"user": {"name": "A"}, "options": {"layout_map": 5, "layout_name": "nine"}},
    )

    assert made.json()["options"]["layout_map"] is None
    assert made.json()["options"]["layout_name"] is None


def test_a_fault_of_its_own_is_a_500_without_a_body(api: Api, sandbox: SandboxServer) -> None:
    key = api.join()["access_key"]
    del sandbox.state.rooms["standup"].options["layout_available"]

    answer = api.bare("POST", f"/rooms/{key}/layout")

    assert (answer.status_code, answer.content) == (500, b"")
