"""`/_sandbox/`: looking in, steering, trouble, and who may."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer, listen

from .conftest import Api


def test_the_state_shows_everything_but_secrets(api: Api, sandbox: SandboxServer) -> None:
    joined = api.join()
    sandbox.advance(1)
    api.bare("POST", f"/rooms/{joined['access_key']}/recording")
    api.bare("POST", f"/rooms/{joined['access_key']}/snapshot")

    answer = api.bare("GET", "/_sandbox/state")

    state = answer.json()
    assert state["meetings"][0]["people"][0]["name"] == "Ada"
    assert state["recordings"][0]["state"] == "started"
    assert len(state["snapshots"]) == 1
    assert joined["access_key"] not in answer.text
    assert joined["room"]["guest_token"] not in answer.text


def test_the_state_shows_the_stage_and_permalinks(api: Api) -> None:
    key = api.join(**{"user[id]": "ada"})["access_key"]
    url = "https://media.example.org/intro.mp4"
    api.bare("POST", f"/rooms/{key}/layers", data={"insert[title]": "Soon", "id": "box"})
    api.bare("POST", f"/rooms/{key}/layout", data={"name": "nine"})
    api.bare("POST", f"/rooms/{key}/playbacks", data={"url": url, "play_id": "intro"})
    api.bare("POST", f"/rooms/{key}/presentation")
    made = api.with_key("POST", "/permalink", data={"user[name]": "Mira", "user[id]": "mira"})

    answer = api.bare("GET", "/_sandbox/state")

    meeting = answer.json()["meetings"][0]
    assert meeting["layers"][0]["text"] == {"title": "Soon"}
    assert (meeting["layout"], meeting["layout_name"]) == ("auto", "nine")
    assert meeting["podium"][0]["play_id"] == "intro"
    assert meeting["playbacks"] == ["intro"]
    assert meeting["presentation"] == {"user_id": "ada", "slide": None}
    assert answer.json()["permalinks"][0]["hosts"] == [{"id": "mira", "name": "Mira"}]
    for token in ("user_token", "guest_token"):
        assert made.json()["permalink"][token] not in answer.text


def test_calls_are_told_by_route_without_keys(api: Api, sandbox: SandboxServer) -> None:
    key = api.join()["access_key"]
    api.bare("GET", f"/rooms/{key}")

    assert [(c.method, c.route, c.status) for c in sandbox.calls] == [
        ("POST", "/rooms", 201),
        ("GET", "/rooms/{access_key}", 200),
    ]
    assert key not in api.bare("GET", "/_sandbox/calls").text
    api.bare("DELETE", "/_sandbox/calls")
    assert sandbox.calls == []


def test_calls_of_the_own_pages_do_not_count(api: Api, sandbox: SandboxServer) -> None:
    key = api.join()["access_key"]
    api.bare("POST", f"/rooms/{key}/snapshot", headers={"Sec-Fetch-Site": "same-origin"})

    assert [call.route for call in sandbox.calls] == ["/rooms"]


def test_time_moves_on_request(api: Api, sandbox: SandboxServer) -> None:
    before = sandbox.state.clock.now()

    assert api.bare("POST", "/_sandbox/clock", json={"advance": 3600}).status_code == 200

    assert sandbox.state.clock.now() - before >= 3600
    for wrong in ({"advance": -1}, {"advance": "x"}, {}):
        assert api.bare("POST", "/_sandbox/clock", json=wrong).status_code == 400


def test_time_stands_still_until_it_goes_on(api: Api, sandbox: SandboxServer) -> None:
    clock = sandbox.state.clock
    fallen_due = threading.Event()
    started_at = clock.now()
    clock.after(0.05, fallen_due.set)

    time.sleep(0.1)
    clock.catch_up()
    assert (clock.now(), fallen_due.is_set()) == (started_at, False)
    sandbox.advance(0.04)
    assert (clock.now(), fallen_due.is_set()) == (started_at + 0.04, False)
    clock.go_on()

    assert fallen_due.wait(60)
    assert clock.now() >= started_at + 0.05


def test_knobs_are_turned_by_name(api: Api, sandbox: SandboxServer) -> None:
    turned = api.bare("POST", "/_sandbox/knobs", json={"leave_grace_seconds": 5})

    assert turned.json()["leave_grace_seconds"] == 5.0
    for wrong in ({"no_such": 1}, {"drop_deliveries": "yes"}):
        assert api.bare("POST", "/_sandbox/knobs", json=wrong).status_code == 400


def test_calls_go_wrong_when_asked_to(api: Api) -> None:
    def plan(**fault: object) -> None:
        assert api.bare("POST", "/_sandbox/faults", json=fault).status_code == 200

    plan(kind="status", route="/rooms", method="GET", status=429, retry_after_seconds=7, times=2)
    for _ in range(2):
        refused = api.with_key("GET", "/rooms")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert api.with_key("GET", "/rooms").status_code == 200

    plan(kind="status", status=500)
    assert api.with_key("GET", "/rooms").content == b""
    plan(kind="garbage")
    with pytest.raises(requests.JSONDecodeError):
        api.with_key("GET", "/rooms").json()
    plan(kind="cut")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.with_key("GET", "/rooms")
    plan(kind="slow", seconds=0.2)
    started = time.monotonic()
    assert api.with_key("GET", "/rooms").status_code == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(("is_done", "started"), [(True, ["standup"]), (False, [])])
def test_a_call_whose_answer_is_lost_is_carried_out_if_asked_for(
    api: Api, sandbox: SandboxServer, is_done: bool, started: list[str]
) -> None:
    fault = {"kind": "status", "status": 500, "method": "POST", "is_done": is_done}
    api.bare("POST", "/_sandbox/faults", json=fault)

    lost = api.with_key("POST", "/rooms", data={"id": "standup", "user[name]": "Ada"})

    assert (lost.status_code, lost.content) == (500, b"")
    assert [call.status for call in sandbox.calls] == [500]
    assert list(sandbox.state.rooms) == started


def test_a_slow_answer_is_given_when_it_is_released(api: Api, sandbox: SandboxServer) -> None:
    slow = sandbox.service.faults.add("slow", seconds=3600)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(api.with_key, "GET", "/rooms")
        while slow.times:
            time.sleep(0.01)
        assert sandbox.calls == []

        slow.release()

        assert asking.result(60).status_code == 200


def test_a_slow_call_with_a_body_is_carried_out_after_the_client_hung_up(
    api: Api, sandbox: SandboxServer
) -> None:
    slow = sandbox.service.faults.add("slow", seconds=3600)
    with pytest.raises(requests.ReadTimeout):
        api.with_key(
            "POST", "/rooms", data={"id": "standup", "user[name]": "Ada"}, timeout=(60, 0.5)
        )
    assert sandbox.calls == []

    slow.release()

    deadline = time.monotonic() + 60
    while not sandbox.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [call.status for call in sandbox.calls] == [201]
    assert sandbox.state.rooms["standup"].ended_at is None


def test_faults_are_listed_forgotten_and_checked(api: Api) -> None:
    api.bare("POST", "/_sandbox/faults", json={"kind": "garbage"})
    assert api.bare("GET", "/_sandbox/faults").json()[0]["kind"] == "garbage"
    assert api.bare("DELETE", "/_sandbox/faults").json() == []
    for wrong in (
        {"kind": "nonsense"},
        {"kind": "cut", "times": "2"},
        {"kind": "cut", "times": 0},
        {"kind": "cut", "is_done": "no"},
    ):
        assert api.bare("POST", "/_sandbox/faults", json=wrong).status_code == 400


def test_a_meeting_is_played_through_from_outside(api: Api, sandbox: SandboxServer) -> None:
    api.join()
    sandbox.advance(1)

    def act(action: str, **parameters: object) -> requests.Response:
        return api.bare("POST", f"/_sandbox/meetings/standup/{action}", json=parameters)

    joined = act("join", name="Zoe").json()
    meeting = sandbox.state.rooms["standup"]
    assert [person.name for person in meeting.online] == ["Zoe"]
    assert joined["gui"].startswith(f"{sandbox.url}/?")
    act("leave", id=joined["id"])
    assert meeting.online == []
    act("connect", id=joined["id"])
    recording = act("start-recording").json()["id"]
    assert act("start-recording").status_code == 406
    act("stop-recording")
    assert api.bare("DELETE", f"/_sandbox/recordings/{recording}").status_code == 200
    assert api.bare("GET", f"/_sandbox/recordings/{recording}").status_code == 404
    assert act("dance").status_code == 404
    act("end")
    assert meeting.ended_at is not None
    assert act("end").status_code == 404


def test_a_reset_forgets(api: Api, sandbox: SandboxServer) -> None:
    api.join()

    assert api.bare("POST", "/_sandbox/reset").status_code == 200

    assert sandbox.state.meetings == []
    assert sandbox.calls == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_a_page_elsewhere_cannot_steer(api: Api, headers: dict[str, str]) -> None:
    assert api.bare("POST", "/_sandbox/reset", headers=headers).status_code == 403


def test_the_pages_load_nothing_from_elsewhere(api: Api) -> None:
    for path in ("/?key", "/?guest=token", "/_sandbox/console"):
        page = api.bare("GET", path)
        assert page.status_code == 200
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert "http" not in page.text
        assert "<style" not in page.text
    assert api.bare("GET", "/").url.endswith("/_sandbox/console")
    assert api.bare("GET", "/_sandbox/assets/console.js").status_code == 200
    assert api.bare("GET", "/_sandbox/assets/no.css").status_code == 404


def test_an_answer_does_not_wait_for_the_client_to_confirm_the_one_before() -> None:
    with listen("127.0.0.1", 0) as listener:
        # asyncio asks for this before it turns Nagle's algorithm off.
        assert listener.proto == socket.IPPROTO_TCP
