"""Slides and screen capture: API reference 14."""

import pytest

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api

SLIDE = "https://slides.example.org/1.png"


@pytest.fixture
def ada(api: Api) -> str:
    return f"/rooms/{api.join(user_name='Ada', **{'user[id]': 'ada'})['access_key']}"


@pytest.fixture
def bob(api: Api, ada: str) -> str:
    return f"/rooms/{api.join(user_name='Bob')['access_key']}"


def test_a_slide_is_shown_changed_and_taken_away(api: Api, ada: str) -> None:
    started = api.bare("POST", f"{ada}/presentation", data={"slide": SLIDE})
    other = SLIDE.replace("1", "2")
    changed = api.bare("PUT", f"{ada}/presentation", data={"slide": other})

    assert started.status_code == 201
    assert started.json()["slide"] == SLIDE
    assert started.json()["room"]["id"] == "standup"
    assert started.json()["user"] == {"id": "ada", "name": "Ada", "avatar": None, "guest": False}
    assert changed.status_code == 200
    shown = api.bare("GET", ada).json()["presentation"]
    assert (shown["slide"], shown["user"]["id"]) == (other, "ada")
    assert "joined_at" in shown["user"]
    assert api.bare("DELETE", f"{ada}/presentation").status_code == 200
    assert api.bare("GET", ada).json()["presentation"] is None


def test_without_a_slide_it_is_a_screen_capture(api: Api, ada: str) -> None:
    assert api.bare("POST", f"{ada}/presentation").json()["slide"] is None
    assert api.bare("PUT", f"{ada}/presentation").json()["slide"] is None
    assert api.bare("GET", ada).json()["presentation"]["user"]["id"] == "ada"


def test_one_presents_and_anyone_may_stop_it(api: Api, ada: str, bob: str) -> None:
    api.bare("POST", f"{ada}/presentation")

    assert api.bare("POST", f"{bob}/presentation").status_code == 409
    assert api.bare("PUT", f"{bob}/presentation", data={"slide": SLIDE}).status_code == 403
    assert api.bare("POST", f"{ada}/presentation", data={"slide": SLIDE}).status_code == 201
    assert api.bare("DELETE", f"{bob}/presentation").status_code == 200
    assert api.bare("POST", f"{bob}/presentation").status_code == 201


def test_what_does_not_run_is_not_found(api: Api, ada: str) -> None:
    assert api.bare("PUT", f"{ada}/presentation", data={"slide": SLIDE}).status_code == 404
    assert api.bare("DELETE", f"{ada}/presentation").status_code == 404
    refused = api.bare("POST", f"{ada}/presentation", data={"slide": "1.png"})
    assert refused.json() == {"error": "slide is invalid"}


def test_annotations_are_taken_without_effect(api: Api, sandbox: SandboxServer, ada: str) -> None:
    assert api.bare("POST", f"{ada}/annotation").status_code == 201
    assert api.bare("DELETE", f"{ada}/annotation").status_code == 200
    api.with_key("DELETE", "/rooms/standup")
    assert api.bare("POST", f"{ada}/annotation").status_code == 410
