"""Permalinks: API reference 6."""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api


def create(api: Api, **fields: str) -> Any:
    form = {"name": "Clinic", "user[name]": "Mira", "user[id]": "mira", **fields}
    response = api.with_key("POST", "/permalink", data=form)
    assert response.status_code == 201
    return response.json()


@pytest.fixture
def made(api: Api) -> Any:
    return create(api)


def in_the_future(sandbox: SandboxServer, seconds: float) -> str:
    return datetime.fromtimestamp(sandbox.state.clock.now() + seconds, UTC).isoformat()


def test_a_permalink_has_two_tokens_and_no_meeting(
    api: Api, sandbox: SandboxServer, made: Any
) -> None:
    link = made["permalink"]

    assert len(link["user_token"]) == len(link["guest_token"]) == len(link["id"]) == 24
    assert link["created_at"].endswith("Z")
    assert link["expires_at"] is None
    assert made["room"] == {"id": link["id"], "name": "Clinic", "started_at": None}
    assert made["user"]["id"] == "mira"
    assert made["user"]["guest"] is False
    assert made["options"]["widescreen"] is True
    assert "guest_token_available" not in made["options"]
    assert made["links"] == {
        "self": f"{sandbox.url}/permalink/{link['id']}",
        "gui": f"{sandbox.url}/permalink?{link['user_token']}",
        "guest_join": f"{sandbox.url}/permalink?guest={link['guest_token']}",
    }


@pytest.mark.parametrize("shape", ["form", "multipart", "json", "query"])
def test_parameters_arrive_in_every_shape(api: Api, sandbox: SandboxServer, shape: str) -> None:
    expires_at = in_the_future(sandbox, 3600)
    flat = {"user[name]": "Mira", "options[show_names]": "false", "expires_at": expires_at}
    shapes: dict[str, Any] = {
        "form": {"data": flat},
        "multipart": {"files": {name: (None, value) for name, value in flat.items()}},
        "json": {
            "json": {
                "id": "ignored",
                "user": {"name": "Mira"},
                "options": {"show_names": False},
                "expires_at": expires_at,
            }
        },
        "query": {"params": flat},
    }

    made = api.with_key("POST", "/permalink", **shapes[shape]).json()

    assert made["user"]["name"] == "Mira"
    assert made["options"]["show_names"] is False
    assert made["permalink"]["expires_at"].endswith("Z")
    assert made["room"]["id"] != "ignored"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"user": "Mira"},
        {"user": {"name": ""}},
        {"user": {"name": "M"}, "expires_at": "soon"},
        {"user": {"name": "M"}, "expires_at": 5},
        {"user": {"name": "M"}, "options": "wide"},
    ],
)
def test_bad_parameters_are_refused(api: Api, sent: dict[str, Any]) -> None:
    answer = api.with_key("POST", "/permalink", json=sent)

    assert answer.status_code == 400
    assert "error" in answer.json()


def test_a_host_starts_the_meeting_and_guests_wait_for_it(api: Api, made: Any) -> None:
    link = made["permalink"]
    guest = f"/guests/{link['guest_token']}"
    assert api.bare("POST", guest, data={"name": "Jonas"}).status_code == 410

    started = api.bare("POST", f"/permalink/{link['user_token']}")

    assert started.status_code == 201
    assert started.json()["room"]["id"] == link["id"]
    assert started.json()["room"]["name"] == "Clinic"
    assert started.json()["room"]["guest_token"] == link["guest_token"]
    assert started.json()["user"]["id"] == "mira"
    assert started.json()["options"]["widescreen"] is True
    joined = api.bare("POST", guest, data={"name": "Jonas"})
    assert joined.status_code == 201
    assert joined.json()["room"]["started_at"] == started.json()["room"]["started_at"]
    shown = api.with_key("GET", f"/permalink/{link['id']}").json()
    assert shown["room"]["started_at"] == started.json()["room"]["started_at"]


def test_the_links_outlive_the_meeting(api: Api, made: Any) -> None:
    link = made["permalink"]
    first = api.bare("POST", f"/permalink/{link['user_token']}").json()
    again = api.bare("POST", f"/permalink/{link['user_token']}").json()
    assert again["room"]["started_at"] == first["room"]["started_at"]
    assert again["access_key"] != first["access_key"]

    api.with_key("DELETE", f"/rooms/{link['id']}")
    guest = f"/guests/{link['guest_token']}"
    assert api.bare("POST", guest, data={"name": "Jonas"}).status_code == 410
    second = api.bare("POST", f"/permalink/{link['user_token']}").json()

    assert second["room"]["started_at"] > first["room"]["started_at"]
    assert api.bare("POST", guest, data={"name": "Jonas"}).status_code == 201


def test_tokens_show_less_than_the_api_key(api: Api, made: Any) -> None:
    link = made["permalink"]

    for token in (link["user_token"], link["guest_token"]):
        shown = api.bare("GET", f"/permalink/{token}").json()
        assert set(shown) == {"permalink", "room", "team", "options"}
        assert set(shown["permalink"]) == {"id", "created_at", "guest_token", "expires_at"}
    assert api.with_key("GET", f"/permalink/{link['id']}").json() == made
    assert api.bare("GET", f"/permalink/{link['id']}").status_code == 401
    assert api.bare("GET", "/permalink/unknown").status_code == 401
    assert api.with_key("GET", "/permalink/unknown").status_code == 404


def test_a_key_beside_a_token_matters_only_when_strict(
    api: Api, sandbox: SandboxServer, made: Any
) -> None:
    path = f"/permalink/{made['permalink']['user_token']}"

    assert api.with_key("GET", path).status_code == 200
    assert api.with_key("POST", path).status_code == 201
    sandbox.knobs.turn(strict_credentials=True)
    assert api.with_key("GET", path).status_code == 404
    assert api.with_key("POST", path).status_code == 404
    assert api.bare("GET", path).status_code == 200
    assert api.bare("POST", path).status_code == 201


def test_an_expired_permalink_starts_nothing_but_cuts_nothing(
    api: Api, sandbox: SandboxServer
) -> None:
    sandbox.knobs.turn(auto_connect=True)
    made = create(api, expires_at=in_the_future(sandbox, 60))
    path = f"/permalink/{made['permalink']['user_token']}"
    api.bare("POST", path)

    sandbox.advance(61)

    assert api.bare("POST", path).status_code == 201
    assert api.bare("GET", path).status_code == 200
    api.with_key("DELETE", f"/rooms/{made['room']['id']}")
    assert api.bare("POST", path).status_code == 410
    assert api.bare("GET", path).status_code == 200


def test_permalinks_are_listed_in_pages_and_by_expiry(api: Api, sandbox: SandboxServer) -> None:
    first = create(api)
    second = create(api, expires_at=in_the_future(sandbox, -60))

    def ids(**query: str) -> list[str]:
        answer = api.with_key("GET", "/permalink", params=query).json()
        return [item["permalink"]["id"] for item in answer["items"]]

    everything = api.with_key("GET", "/permalink").json()
    assert everything == {"page": 1, "limit": 25, "total": 2, "items": [second, first]}
    assert ids(expired="true") == [second["permalink"]["id"]]
    assert ids(expired="false") == [first["permalink"]["id"]]
    assert ids(limit="1", page="2") == [first["permalink"]["id"]]
    assert ids(page="3") == []
    for bad in ("page=0", "limit=x", "expired=perhaps"):
        assert api.with_key("GET", f"/permalink?{bad}").status_code == 400


def test_only_what_was_sent_changes(api: Api, sandbox: SandboxServer, made: Any) -> None:
    path = f"/permalink/{made['permalink']['id']}"
    expires_at = in_the_future(sandbox, 60)

    changed = api.with_key(
        "PUT", path, data={"id": "", "options[kick_available]": "false", "expires_at": expires_at}
    )

    assert changed.status_code == 200
    assert changed.json()["options"] == {**made["options"], "kick_available": False}
    assert changed.json()["permalink"]["expires_at"]
    assert changed.json()["room"]["name"] == "Clinic"
    back = api.with_key("PUT", path, json={"name": "Practice", "expires_at": None}).json()
    assert back["permalink"]["expires_at"] is None
    again = in_the_future(sandbox, 60)
    api.with_key("PUT", path, json={"expires_at": again})
    for untouched in ({"data": {"expires_at": ""}}, {"json": {"expires_at": ""}}):
        kept = api.with_key("PUT", path, **untouched).json()
        assert kept["permalink"]["expires_at"] is not None
    sandbox.knobs.turn(permalink_end_removable=False)
    assert api.with_key("PUT", path, json={"expires_at": None}).json()["permalink"]["expires_at"]
    assert back["room"]["name"] == "Practice"
    assert back["options"]["kick_available"] is False
    assert api.with_key("PUT", path, data={"expires_at": "soon"}).status_code == 400
    assert api.with_key("PUT", "/permalink/unknown", data={"name": "x"}).status_code == 404


def test_hosts_come_and_go_with_their_own_tokens(api: Api, made: Any) -> None:
    path = f"/permalink/{made['permalink']['id']}"

    added = api.with_key("POST", f"{path}/users", data={"user[name]": "Noor"})
    token = added.json()["permalink"]["user_token"]

    assert added.status_code == 201
    assert added.json()["links"]["gui"].endswith(f"?{token}")
    assert token != made["permalink"]["user_token"]
    assert api.bare("POST", f"/permalink/{token}").json()["user"]["name"] == "Noor"
    assert api.with_key("DELETE", f"{path}/users/{token}").status_code == 200
    assert api.bare("POST", f"/permalink/{token}").status_code == 401
    assert api.with_key("DELETE", f"{path}/users/{token}").status_code == 404
    first = made["permalink"]["user_token"]
    assert api.with_key("DELETE", f"{path}/users/{first}").status_code == 200
    without_hosts = api.with_key("GET", path).json()
    assert without_hosts["user"] is None
    assert without_hosts["permalink"]["user_token"] is None
    assert without_hosts["links"]["gui"] is None


def test_a_deleted_permalink_opens_nothing(api: Api, made: Any) -> None:
    link = made["permalink"]

    assert api.with_key("DELETE", f"/permalink/{link['id']}").status_code == 200

    assert api.with_key("DELETE", f"/permalink/{link['id']}").status_code == 404
    assert api.bare("POST", f"/permalink/{link['user_token']}").status_code == 401
    assert api.bare("GET", f"/permalink/{link['guest_token']}").status_code == 401


def test_the_guests_token_starts_nothing(api: Api, made: Any) -> None:
    token = made["permalink"]["guest_token"]

    assert api.bare("POST", f"/permalink/{token}").status_code == 401


def test_no_guest_token_when_switched_off(api: Api) -> None:
    made = create(api, **{"options[guest_token_available]": "false"})

    started = api.bare("POST", f"/permalink/{made['permalink']['user_token']}").json()

    assert made["permalink"]["guest_token"] is None
    assert made["links"]["guest_join"] is None
    assert "guest_token" not in started["room"]


def test_other_api_keys_see_none_of_it(api: Api, made: Any) -> None:
    url = f"{api.url}/permalink"
    other = {"Authorization": "another-key"}
    path = f"{url}/{made['permalink']['id']}"

    assert requests.get(url, headers=other, timeout=60).json()["total"] == 0
    assert requests.put(path, headers=other, data={"name": "x"}, timeout=60).status_code == 404
    assert requests.post(url, headers={"Authorization": "no"}, timeout=60).status_code == 401
    assert requests.get(url, timeout=60).status_code == 401


def test_a_reset_forgets_permalinks(api: Api, sandbox: SandboxServer, made: Any) -> None:
    sandbox.reset()

    assert api.with_key("GET", "/permalink").json()["total"] == 0


def test_both_links_lead_to_a_page_that_is_no_call(
    api: Api, sandbox: SandboxServer, made: Any
) -> None:
    sandbox.service.calls.clear()

    for link in (made["links"]["gui"], made["links"]["guest_join"]):
        page = requests.get(link, headers={"Sec-Fetch-Mode": "navigate"}, timeout=60)
        assert page.headers["Content-Type"].startswith("text/html")
        assert "/_sandbox/assets/permalink.js" in page.text
    script = requests.get(f"{sandbox.url}/_sandbox/assets/permalink.js", timeout=60)
    assert script.status_code == 200
    assert sandbox.calls == []
