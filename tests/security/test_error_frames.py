"""Whatever goes wrong in a view: the variables of our frames, which error reporters record, show no secret."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from django.core.signals import got_request_exception
from django.http.response import HttpResponseBase

from eyeson_meetings import models
from eyeson_meetings.conf import account
from tests.documented import code_blocks, section
from tests.frames import shown_secrets

from .asking import Visitor, said_by
from .expectations import API, BODIES
from .test_matrix import Address, addresses
from .world import Belongings

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: What people and programs send that nobody else may see.
SENT = (
    "rtmp://live.example.org/app/key",
    "https://media.example.org/",
    "https://whip.example.org/",
)
OURS = ("eyeson:", "admin:eyeson_meetings_")


class BrokenError(Exception):
    """A mistake of ours that nothing expects."""


@pytest.fixture
def secrets(home: Belongings) -> list[str]:
    """Return what the rows and settings hold, and what the visitor sends."""
    meeting = home.rows[models.Meeting]
    meeting.guest_token = "canary-guest-token"
    meeting.save()
    return [
        account().api_key,
        home.rows[models.AccessKey].key,
        meeting.guest_token,
        home.rows[models.PermalinkHost].user_token,
        home.rows[models.BroadcastTarget].stream_key,
        *SENT,
    ]


@contextmanager
def errors_of_requests() -> Iterator[list[BaseException]]:
    found: list[BaseException] = []

    def keep(**_: Any) -> None:
        error = sys.exc_info()[1]
        assert error is not None
        found.append(error)

    got_request_exception.connect(keep)
    try:
        yield found
    finally:
        got_request_exception.disconnect(keep)


def shown(visitor: Visitor, asked: list[Address], home: Belongings, secrets: list[str]) -> set[str]:
    """Ask every address, and return which variables show a secret. Most of the calls must fail."""
    places, failed = set(), set()
    for address in asked:
        short = address.name.removeprefix(API)
        body: Any = b"name=Grace" if short == address.name else BODIES.get(short, {})
        for method in ("GET", "POST", "PATCH", "DELETE"):
            with errors_of_requests() as errors:
                said_by(visitor.ask(method, home.address(address.route), body))
            for error in errors:
                failed.add(address.name)
                places.update(shown_secrets(error, secrets))
    assert len(failed) > 20
    return places


def test_no_frame_shows_a_secret_when_eyeson_cannot_be_asked(
    visitor_as: Any, home: Belongings, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise BrokenError

    monkeypatch.setattr(requests.Session, "send", fail)
    asked = [address for address in addresses() if address.name.startswith(OURS)]

    assert shown(visitor_as("superuser"), asked, home, secrets) == set()


# An answer that was to close the file was never made.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_frame_shows_a_secret_when_an_answer_cannot_be_made(
    visitor_as: Any, home: Belongings, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, asked_for = HttpResponseBase.__init__, set()

    def fail_once(self: HttpResponseBase, *args: Any, **kwargs: Any) -> None:
        frame = sys._getframe(1)
        while frame is not None and "eyeson_meetings" not in frame.f_code.co_filename:
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None and id(frame) not in asked_for:
            asked_for.add(id(frame))
            raise BrokenError
        make(self, *args, **kwargs)

    monkeypatch.setattr(HttpResponseBase, "__init__", fail_once)
    asked = [address for address in addresses() if address.name.startswith(OURS)]

    assert shown(visitor_as("superuser"), asked, home, secrets) == set()


def test_the_recipe_for_error_reporters_drops_what_frames_of_others_hold() -> None:
    [recipe] = [
        block
        for block in code_blocks(section("docs/operation.md", "Secrets at rest"), "python")
        if "def before_send" in block
    ]
    settings: dict[str, Any] = {}
    exec(recipe, settings)  # noqa: S102 - our own documentation
    frames = [
        {"module": module, "vars": {"key": "canary"}}
        for module in (
            "requests.sessions",
            "websockets.sync.client",
            "eyeson_meetings.views.guests",
        )
    ]
    mine = {"module": "mysite.views", "vars": {"lines": "3"}}
    event = {
        "exception": {"values": [{"stacktrace": {"frames": [*frames, mine]}}]},
        "request": {"url": "https://example.org/meetings/guest/canary/", "data": "canary"},
    }

    sent = settings["before_send"](event, {})

    assert "canary" not in repr(sent)
    assert mine["vars"] == {"lines": "3"}
