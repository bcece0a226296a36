"""Webhooks: registration, bodies, signatures, and the trouble one can ask for."""

import hashlib
import hmac

import pytest

from eyeson_meetings.sandbox.deliveries import write_body
from eyeson_meetings.sandbox.server import SandboxServer
from tests.receiver import Receiver

from .conftest import Api


def test_there_is_one_webhook_per_api_key(api: Api) -> None:
    assert api.with_key("GET", "/webhooks").json() is None

    form = {"url": "http://127.0.0.1:9/hook", "types": "room_update, recording_update"}
    assert api.with_key("POST", "/webhooks", data=form).status_code == 201
    webhook = api.with_key("GET", "/webhooks").json()

    assert webhook["types"] == ["room_update", "recording_update"]
    assert webhook["last_request_sent_at"] is None
    assert api.with_key("DELETE", "/webhooks/other").status_code == 404
    assert api.with_key("DELETE", f"/webhooks/{webhook['id']}").status_code == 204
    assert api.with_key("GET", "/webhooks").json() is None


def test_a_second_registration_replaces_unless_told_otherwise(
    api: Api, sandbox: SandboxServer
) -> None:
    for name in ("a", "b"):
        form = {"url": f"http://{name}.example/", "types": "room_update"}
        api.with_key("POST", "/webhooks", data=form)
    assert api.with_key("GET", "/webhooks").json()["url"] == "http://b.example/"

    sandbox.knobs.turn(webhook_post_replaces=False, webhook_types_as_text=True)
    api.with_key("POST", "/webhooks", data={"url": "http://c.example/", "types": "room_update"})
    kept = api.with_key("GET", "/webhooks").json()
    assert (kept["url"], kept["types"]) == ("http://b.example/", "room_update")


def test_bad_registrations_are_refused_and_a_list_of_types_ignored(api: Api) -> None:
    for form in ({"types": "a"}, {"url": "http://a.example/"}, {"url": "ftp://x", "types": "a"}):
        assert api.with_key("POST", "/webhooks", data=form).status_code == 400

    api.with_key("POST", "/webhooks", data={"url": "http://a/", "types[]": ["room_update"]})
    assert api.with_key("GET", "/webhooks").json()["types"] == []


def test_a_meeting_is_told_from_ready_to_shutdown(
    api: Api, sandbox: SandboxServer, hook: Receiver
) -> None:
    sandbox.knobs.turn(auto_connect=True)
    key = api.join()["access_key"]
    sandbox.advance(1)
    api.bare("POST", f"/rooms/{key}/recording")
    api.bare("POST", f"/rooms/{key}/snapshot")
    sandbox.advance(5)
    api.with_key("DELETE", "/rooms/standup")
    sandbox.advance(1)
    assert sandbox.settle()

    assert [body["type"] for body in hook.bodies] == [
        "participant_update",
        "room_update",
        "snapshot_update",
        "participant_update",
        "room_update",
        "recording_update",
    ]
    assert hook.bodies[1]["room"]["ready"] is True
    assert hook.bodies[3]["participant"]["online"] is False
    closing = hook.bodies[4]["room"]
    assert closing == {
        "id": "standup",
        "name": "Stand-up",
        "ready": False,
        "started_at": None,
        "shutdown": True,
    }
    assert hook.bodies[5]["recording"]["links"]["download"]
    assert all(hook.signatures_ok)
    assert b"\\u0026X-Amz" in hook.raw[5]
    assert b"&" not in hook.raw[5]
    webhook = api.with_key("GET", "/webhooks").json()
    assert webhook["last_response_code"] == "204"
    assert webhook["last_request_sent_at"].endswith("+00:00")


def test_the_worked_example_of_the_reference_comes_out() -> None:
    body = write_body(
        {
            "timestamp": 1756974615,
            "type": "room_update",
            "room": {
                "id": "support-desk-17",
                "name": "R&D weekly",
                "ready": True,
                "started_at": "2025-09-04T08:30:12.418Z",
                "shutdown": False,
                "guest_token": "Gt5uJw9XeQ3aSf7ZnC2kVb8m",
            },
        }
    )

    assert len(body) == 213
    signature = hmac.new(b"docs-demo-key-not-a-real-one", body, hashlib.sha256).hexdigest()
    assert signature == "0566b71754e181d8ebd7871442e3b66447570eb66f4f9097f2207e49e22c2d62"


@pytest.mark.parametrize(
    "states", [None, ["started"], ["stopped"], ["started", "stopped", "finished"]]
)
def test_recording_webhooks_tell_the_finished_state_unless_a_knob_names_others(
    api: Api, sandbox: SandboxServer, hook: Receiver, states: list[str] | None
) -> None:
    if states is not None:
        sandbox.knobs.turn(recording_webhooks=states)
    key = api.join()["access_key"]
    sandbox.advance(1)
    api.bare("POST", f"/rooms/{key}/recording")
    sandbox.advance(5)
    api.bare("DELETE", f"/rooms/{key}/recording")
    sandbox.advance(1)
    sandbox.settle()

    recordings = [body["recording"] for body in hook.bodies if "recording" in body]
    told = [(one["duration"], bool(one["links"]["download"])) for one in recordings]
    bodies = {"started": (None, False), "stopped": (5, False), "finished": (5, True)}
    assert told == [bodies[state] for state in states or ["finished"]]


def test_an_account_without_participant_webhooks_never_gets_one(
    api: Api, sandbox: SandboxServer, hook: Receiver
) -> None:
    sandbox.knobs.turn(participant_webhooks=False, auto_connect=True)

    api.join()
    sandbox.advance(1)
    api.with_key("DELETE", "/rooms/standup")

    assert sandbox.settle()
    assert [body["type"] for body in hook.bodies] == ["room_update", "room_update"]
    shown = api.bare("GET", "/_sandbox/deliveries").json()
    assert {delivery["type"] for delivery in shown} == {"room_update"}
    assert "participant_update" in api.with_key("GET", "/webhooks").json()["types"]


def make_ready_and_end(api: Api, sandbox: SandboxServer) -> None:
    api.join()
    sandbox.advance(1)
    api.with_key("DELETE", "/rooms/standup")


def test_deliveries_are_dropped(api: Api, sandbox: SandboxServer, hook: Receiver) -> None:
    sandbox.knobs.turn(drop_deliveries=True)

    make_ready_and_end(api, sandbox)

    assert sandbox.settle()
    assert hook.bodies == []
    shown = api.bare("GET", "/_sandbox/deliveries").json()
    assert [delivery["state"] for delivery in shown] == ["dropped", "dropped"]


def test_deliveries_are_doubled(api: Api, sandbox: SandboxServer, hook: Receiver) -> None:
    sandbox.knobs.turn(duplicate_deliveries=1)

    make_ready_and_end(api, sandbox)

    sandbox.settle()
    assert len(hook.bodies) == 4
    assert hook.raw[0] == hook.raw[1]


def test_deliveries_are_delayed(api: Api, sandbox: SandboxServer, hook: Receiver) -> None:
    sandbox.knobs.turn(delay_deliveries_seconds=60)

    make_ready_and_end(api, sandbox)
    sandbox.settle()
    assert hook.bodies == []

    sandbox.advance(60)
    sandbox.settle()
    assert len(hook.bodies) == 2


def test_deliveries_are_swapped(api: Api, sandbox: SandboxServer, hook: Receiver) -> None:
    sandbox.knobs.turn(reorder_deliveries=True)

    make_ready_and_end(api, sandbox)

    sandbox.settle()
    assert [body["room"]["shutdown"] for body in hook.bodies] == [True, False]


def test_held_deliveries_come_in_the_order_asked_for(
    api: Api, sandbox: SandboxServer, hook: Receiver
) -> None:
    sandbox.knobs.turn(hold_deliveries=True)
    make_ready_and_end(api, sandbox)
    ids = [delivery["id"] for delivery in api.bare("GET", "/_sandbox/deliveries").json()]

    release = api.bare("POST", "/_sandbox/deliveries/release", json={"ids": ids[::-1]})

    assert release.json() == {"released": 2}
    sandbox.settle()
    assert [body["room"]["shutdown"] for body in hook.bodies] == [True, False]


def test_a_receiver_that_is_not_there_is_remembered(api: Api, sandbox: SandboxServer) -> None:
    form = {"url": "http://127.0.0.1:9/hook", "types": "room_update"}
    api.with_key("POST", "/webhooks", data=form)

    make_ready_and_end(api, sandbox)

    sandbox.settle()
    shown = api.bare("GET", "/_sandbox/deliveries").json()
    assert {delivery["state"] for delivery in shown} == {"failed"}
    assert api.with_key("GET", "/webhooks").json()["last_response_code"] is None


def test_an_error_of_the_receiver_is_remembered(
    api: Api, sandbox: SandboxServer, hook: Receiver
) -> None:
    hook.status = 500

    make_ready_and_end(api, sandbox)

    sandbox.settle()
    assert api.with_key("GET", "/webhooks").json()["last_response_code"] == "500"
