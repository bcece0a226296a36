"""Invented media credentials: `signaling` (API reference 3.10), and `sip` until 2023 (3.2, 3.3)."""

import base64
import json
from typing import Any

from eyeson_meetings.sandbox.server import SandboxServer
from tests.receiver import Receiver

from .conftest import Api
from .sockets import Open, read, subscribe


def claims_of(token: str) -> tuple[Any, Any]:
    """Header and claims of a text that looks like a JWT."""
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]
    assert len(parts) == 3
    return json.loads(parts[0]), json.loads(parts[1])


def test_signaling_has_all_fields_and_a_token_like_a_jwt(api: Api, sandbox: SandboxServer) -> None:
    joined = api.join(**{"user[id]": "ada"})
    sandbox.advance(1)
    later = api.bare("GET", f"/rooms/{joined['access_key']}").json()

    signaling = joined["signaling"]
    options = signaling["options"]
    header, claims = claims_of(options["auth_token"])
    (turn,) = options["turn_servers"]
    assert signaling["type"] == "sepp"
    assert set(options) == {
        *("client_id", "conf_id", "auth_token", "endpoint", "stun_servers", "turn_servers")
    }
    assert header["alg"] == "ES384"
    assert (claims["iss"], claims["exp"] > sandbox.state.clock.now()) == ("eyeson-comapi", True)
    assert (claims["client_id"], claims["conf_id"]) == (options["client_id"], options["conf_id"])
    assert options["endpoint"].startswith("wss://")
    assert all(address.startswith("stun:") for address in options["stun_servers"])
    assert set(turn) == {"urls", "username", "password"}
    assert turn["urls"][0].startswith("turn:")
    assert later["signaling"] == signaling


def test_each_person_has_credentials_of_their_own(api: Api) -> None:
    options = [api.join(user_name=name)["signaling"]["options"] for name in ("Ada", "Bob")]

    assert options[0]["conf_id"] == options[1]["conf_id"]
    for name in ("client_id", "auth_token", "turn_servers"):
        assert options[0][name] != options[1][name]


def test_sip_is_absent_unless_a_knob_adds_it(api: Api, sandbox: SandboxServer) -> None:
    joined = api.join()

    assert "sip" not in joined["room"]
    assert "sip" not in joined["user"]
    sandbox.knobs.turn(sip=True)
    shown = api.bare("GET", f"/rooms/{joined['access_key']}").json()
    sandbox.advance(1)
    ready = api.bare("GET", f"/rooms/{joined['access_key']}").json()

    assert shown["room"]["sip"]["uri"] == "@"
    assert shown["room"]["sip"]["domain"] is None
    assert ready["room"]["sip"] == {
        "uri": f"conf_{joined['signaling']['options']['conf_id']}@conf.example.net",
        "domain": "conf.example.net",
        "authorizationUser": f"conf_{joined['signaling']['options']['conf_id']}",
    }
    sip = ready["user"]["sip"]
    assert set(sip) == {
        *("uri", "domain", "wsServers", "instanceId", "userAgentString", "authorizationUser"),
        *("displayName", "stunServers", "turnServers", "registerExpires", "password"),
    }
    assert (sip["displayName"], sip["registerExpires"]) == ("Ada", 60)
    assert sip["turnServers"][0]["password"]
    assert sip["password"] not in json.dumps(ready["signaling"])


def test_sip_of_the_room_is_wherever_a_room_is(
    api: Api, sandbox: SandboxServer, hook: Receiver, open_socket: Open
) -> None:
    sandbox.knobs.turn(sip=True)
    key = api.join()["access_key"]
    sandbox.advance(1)
    socket = open_socket(key)
    read(socket)
    subscribe(socket)
    room_setup = read(socket)["message"]["content"]
    meeting = sandbox.state.rooms["standup"]
    api.bare("POST", f"/rooms/{key}/recording")
    api.bare("POST", f"/rooms/{key}/snapshot")
    api.bare("DELETE", f"/rooms/{key}/recording")
    sandbox.advance(1)
    sandbox.settle()

    with sandbox.state.locked():
        observed = sandbox.service.answers.observed_room(meeting)
    uri = observed["sip"]["uri"]
    assert uri.startswith("conf_")
    assert api.with_key("GET", "/rooms").json()[0]["sip"]["uri"] == uri
    assert api.with_key("GET", "/rooms/standup/recordings").json()[0]["room"]["sip"]["uri"] == uri
    assert room_setup["room"]["sip"]["uri"] == uri
    assert room_setup["user"]["sip"]["password"]
    holders = [body.get("recording") or body.get("snapshot") or body for body in hook.bodies]
    rooms = [holder["room"] for holder in holders if "room" in holder]
    assert len(rooms) == 3
    assert {room["sip"]["uri"] for room in rooms} == {uri}


def test_the_console_shows_no_media_credentials(
    api: Api, sandbox: SandboxServer, hook: Receiver
) -> None:
    sandbox.knobs.turn(sip=True)
    joined = api.join()
    key = joined["access_key"]
    sandbox.advance(1)
    api.bare("POST", f"/rooms/{key}/snapshot")
    sandbox.settle()

    shown = [api.bare("GET", f"/_sandbox/{path}").text for path in ("deliveries", "state", "calls")]

    options, sip = joined["signaling"]["options"], joined["user"]["sip"]
    secrets = [
        options["auth_token"],
        options["turn_servers"][0]["password"],
        sip["password"],
        "conf_" + options["conf_id"],
    ]
    assert [secret for secret in secrets for text in shown if secret in text] == []
    assert "conf_" + options["conf_id"] in hook.raw[-1].decode()
    assert all(secret not in repr(sandbox.state.rooms) for secret in secrets)
