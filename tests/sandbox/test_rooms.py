"""Rooms, users and guests: API reference 4 and 5."""

from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api


def test_the_first_answer_is_not_ready_but_has_a_start(api: Api, sandbox: SandboxServer) -> None:
    first = api.join()

    assert first["ready"] is False
    assert first["room"]["started_at"].endswith("Z")
    assert first["links"]["gui"] == f"{sandbox.url}/?{first['access_key']}"


def test_a_room_is_ready_after_a_second(api: Api, sandbox: SandboxServer) -> None:
    key = api.join()["access_key"]

    sandbox.advance(1)

    assert api.bare("GET", f"/rooms/{key}").json()["ready"] is True


@pytest.mark.parametrize("shape", ["form", "multipart", "json", "query", "literal json"])
def test_parameters_arrive_in_every_shape(api: Api, shape: str) -> None:
    flat = {"id": "r", "user[name]": "Ada", "options[kick_available]": "false"}
    nested = {"id": "r", "user": {"name": "Ada"}, "options": {"kick_available": False}}
    shapes: dict[str, Any] = {
        "form": {"data": flat},
        "multipart": {"files": {name: (None, value) for name, value in flat.items()}},
        "json": {"json": nested},
        "query": {"params": flat},
        "literal json": {"json": flat},
    }

    answer = api.with_key("POST", "/rooms", **shapes[shape]).json()

    assert answer["user"]["name"] == "Ada"
    assert answer["options"]["kick_available"] is False


def test_a_second_join_enters_the_running_meeting(api: Api) -> None:
    ada, bob = api.join(user_name="Ada"), api.join(user_name="Bob")

    assert ada["room"]["started_at"] == bob["room"]["started_at"]
    assert ada["access_key"] != bob["access_key"]
    assert len(api.with_key("GET", "/rooms/standup/users").json()) == 2


def test_the_same_user_id_is_one_person_with_two_keys(api: Api) -> None:
    first = api.join(**{"user[id]": "ada"})
    second = api.join(**{"user[id]": "ada"})

    assert first["access_key"] != second["access_key"]
    assert len(api.with_key("GET", "/rooms/standup/users").json()) == 1


def test_a_user_sent_as_text_breaks_the_service(api: Api) -> None:
    answer = api.with_key("POST", "/rooms", data={"user": "Anna"})

    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize(
    "form",
    [
        {"id": "r"},
        {"user[name]": "A", "options[show_names]": "perhaps"},
        {"user[name]": "A", "options": "text"},
    ],
)
def test_bad_parameters_are_refused(api: Api, form: dict[str, str]) -> None:
    answer = api.with_key("POST", "/rooms", data=form)

    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("#a1B2c3", "#a1B2c3"),
        ("#abc", "#121212"),
        ("a1b2c3", "#121212"),
        ("#a1b2c3d4", "#121212"),
        ("#a1b2c3\n", "#121212"),
        ("red", "#121212"),
        ("", "#121212"),
        (5, "#121212"),
        (None, "#121212"),
    ],
)
def test_an_invalid_background_color_becomes_the_default(api: Api, sent: Any, kept: str) -> None:
    body = {"user": {"name": "Ada"}, "options": {"background_color": sent}}

    joined = api.with_key("POST", "/rooms", json=body)

    assert joined.status_code == 201
    assert joined.json()["options"]["background_color"] == kept


def test_a_wrong_or_missing_api_key_is_refused(api: Api, sandbox: SandboxServer) -> None:
    wrong = requests.get(f"{sandbox.url}/rooms", headers={"Authorization": "no"}, timeout=60)

    assert wrong.status_code == 403
    assert api.bare("GET", "/rooms").status_code == 403
    sandbox.knobs.turn(bad_api_key_status=401)
    assert api.bare("GET", "/rooms").status_code == 401


def test_a_locked_api_key_answers_423(api: Api, sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(api_key_locked=True)

    assert api.with_key("GET", "/rooms").status_code == 423


def test_a_key_beside_an_access_key_matters_only_when_strict(
    api: Api, sandbox: SandboxServer
) -> None:
    key = api.join()["access_key"]

    assert api.with_key("GET", f"/rooms/{key}").status_code == 200
    sandbox.knobs.turn(strict_credentials=True)
    assert api.with_key("GET", f"/rooms/{key}").status_code == 404
    assert api.bare("GET", f"/rooms/{key}").status_code == 200


def test_the_header_tells_room_id_and_access_key_apart_at_the_end(
    api: Api, sandbox: SandboxServer
) -> None:
    sandbox.knobs.turn(strict_credentials=True)
    key = api.join()["access_key"]

    assert api.with_key("DELETE", f"/rooms/{key}").status_code == 404
    assert api.bare("DELETE", "/rooms/standup").status_code == 401
    assert api.bare("GET", f"/rooms/{key}").status_code == 200
    assert api.bare("DELETE", f"/rooms/{key}").status_code == 204
    api.join()
    assert api.with_key("DELETE", "/rooms/standup").status_code == 204


def test_an_unknown_access_key_is_401(api: Api) -> None:
    answer = api.bare("GET", "/rooms/unknown")

    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid access key"})


def test_ending_kills_keys_and_guest_token(api: Api) -> None:
    joined = api.join("room with space")

    assert api.with_key("DELETE", "/rooms/room%20with%20space").status_code == 204
    assert api.bare("GET", f"/rooms/{joined['access_key']}").status_code == 410
    guest = api.bare("POST", f"/guests/{joined['room']['guest_token']}", data={"name": "G"})
    assert guest.status_code == 410
    assert api.with_key("DELETE", "/rooms/room%20with%20space").status_code == 404
    assert api.with_key("GET", "/rooms").json() == []


def test_an_access_key_can_end_the_meeting(api: Api) -> None:
    key = api.join()["access_key"]

    ended = api.bare("DELETE", f"/rooms/{key}")

    assert (ended.status_code, ended.content) == (204, b"")
    assert api.with_key("GET", "/rooms").json() == []


def test_the_next_meeting_of_a_room_is_another_instance(api: Api) -> None:
    first = api.join()
    api.with_key("DELETE", "/rooms/standup")

    second = api.join()

    assert first["room"]["started_at"] < second["room"]["started_at"]
    assert first["room"]["guest_token"] != second["room"]["guest_token"]


def test_nobody_coming_ends_the_meeting_after_two_minutes(api: Api, sandbox: SandboxServer) -> None:
    key = api.join()["access_key"]

    sandbox.advance(119)
    assert api.bare("GET", f"/rooms/{key}").status_code == 200
    sandbox.advance(2)
    assert api.bare("GET", f"/rooms/{key}").status_code == 410


def test_the_last_one_leaving_starts_the_two_minutes(api: Api, sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(auto_connect=True)
    api.join()
    meeting = sandbox.state.rooms["standup"]

    sandbox.advance(500)
    assert meeting.ended_at is None
    with sandbox.state.locked():
        sandbox.state.leave(meeting, meeting.online[0])
    sandbox.advance(121)
    assert meeting.ended_at is not None


def test_guests_come_by_token(api: Api) -> None:
    token = api.join()["room"]["guest_token"]

    guest = api.bare("POST", f"/guests/{token}", data={"name": "Jonas", "id": "j"})

    assert guest.status_code == 201
    assert guest.json()["user"]["guest"] is True
    assert api.bare("POST", f"/guests/{token}", data={}).status_code == 400
    assert api.bare("POST", "/guests/unknown", data={"name": "J"}).status_code == 401


def test_a_locked_meeting_takes_no_guests(api: Api, sandbox: SandboxServer) -> None:
    token = api.join()["room"]["guest_token"]
    sandbox.state.rooms["standup"].locked = True

    assert api.bare("POST", f"/guests/{token}", data={"name": "J"}).status_code == 423


def test_no_guest_token_when_switched_off(api: Api) -> None:
    joined = api.join(**{"options[guest_token_available]": "false"})

    assert "guest_token" not in joined["room"]
    assert joined["links"]["guest_join"] is None


def test_participants_can_be_filtered_by_presence(api: Api, sandbox: SandboxServer) -> None:
    api.join()
    meeting = sandbox.state.rooms["standup"]
    with sandbox.state.locked():
        sandbox.state.connect(meeting, next(iter(meeting.people.values())))
    api.join(user_name="Bob")

    online = api.with_key("GET", "/rooms/standup/users?online=true").json()

    assert [person["name"] for person in online] == ["Ada"]
    assert api.with_key("GET", "/rooms/nowhere/users").status_code == 404


def test_people_are_listed_by_room_or_by_access_key(api: Api) -> None:
    key = api.join(**{"user[id]": "ada"})["access_key"]

    by_room = api.with_key("GET", "/rooms/standup/users").json()

    assert [person["id"] for person in by_room] == ["ada"]
    assert api.with_key("GET", f"/rooms/{key}/users").json() == by_room
    api.with_key("DELETE", "/rooms/standup")
    assert api.with_key("GET", f"/rooms/{key}/users").status_code == 404
    assert api.with_key("GET", "/rooms/nowhere/users").status_code == 404


def test_users_are_shown_and_kicked_by_either_id(api: Api, sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(auto_connect=True)
    joined = api.join(**{"user[id]": "ada"})
    key, client_id = joined["access_key"], joined["signaling"]["options"]["client_id"]

    assert api.bare("GET", f"/rooms/{key}/users/ada").json()["name"] == "Ada"
    assert api.bare("DELETE", f"/rooms/{key}/users/{client_id}").status_code == 200
    assert sandbox.state.rooms["standup"].online == []
    assert api.bare("DELETE", f"/rooms/{key}/users/nobody").status_code == 404


def test_kicking_can_be_switched_off(api: Api) -> None:
    key = api.join(**{"options[kick_available]": "false", "user[id]": "a"})["access_key"]

    assert api.bare("DELETE", f"/rooms/{key}/users/a").status_code == 403


def test_lists_have_pages_of_25_and_25_meetings_are_the_limit(api: Api) -> None:
    for number in range(25):
        api.join(f"room-{number}")

    assert len(api.with_key("GET", "/rooms").json()) == 25
    assert api.with_key("GET", "/rooms?page=2").json() == []
    assert api.with_key("GET", "/rooms?page=x").status_code == 400
    form = {"id": "one more", "user[name]": "A"}
    assert api.with_key("POST", "/rooms", data=form).status_code == 423


def test_api_keys_do_not_see_each_other(api: Api, sandbox: SandboxServer) -> None:
    api.join()

    other = requests.get(
        f"{sandbox.url}/rooms", headers={"Authorization": "another-key"}, timeout=5
    )

    assert other.json() == []


def test_unknown_endpoints_are_refused_by_name(api: Api) -> None:
    for method, path in (("GET", "/nowhere"), ("PATCH", "/rooms"), ("GET", "/rooms/")):
        answer = api.with_key(method, path)
        assert answer.status_code == 404
        assert "sandbox does not know" in answer.json()["error"]


def test_a_foreign_host_name_is_refused(api: Api) -> None:
    answer = requests.get(f"{api.url}/rooms", headers={"Host": "evil.example"}, timeout=60)

    assert answer.status_code == 400


def test_the_date_header_follows_the_sandbox_clock(api: Api, sandbox: SandboxServer) -> None:
    before = sandbox.state.clock.now()
    sandbox.advance(86400 * 3)

    from_header = api.with_key("GET", "/rooms").headers["Date"]

    assert sandbox.state.clock.date().strftime("%d %b %Y") in from_header
    assert sandbox.state.clock.now() - before >= 86400 * 3
