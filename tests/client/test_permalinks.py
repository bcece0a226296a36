"""Permalinks: what is sent, and what answers tell of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient, Permalink, Secret
from eyeson_meetings.client.records import UnreadableRecordError
from eyeson_meetings.exceptions import (
    EyesonError,
    ForbiddenError,
    InvalidRequestError,
    KeyLockedError,
    KeyRefusedError,
    NotFoundError,
    UnexpectedAnswerError,
)

from .rawserver import RawServer, answer

#: API reference 6.1.
CLINIC: dict[str, Any] = {
    "permalink": {
        "id": "68ba0c5e3f7d9a0019e2b471",
        "created_at": "2025-09-04T22:01:34.655Z",
        "user_token": "canary-user-token",
        "guest_token": "canary-guest-token",
        "expires_at": None,
    },
    "room": {"id": "68ba0c5e3f7d9a0019e2b471", "name": "Monthly clinic", "started_at": None},
    "team": {"name": "Helpful Desk Ltd."},
    "user": {"id": "agent-204", "name": "Mira Holt", "guest": False},
    "options": {"show_names": True, "widescreen": True},
    "links": {
        "self": "https://api.eyeson.team/permalink/68ba0c5e3f7d9a0019e2b471",
        "gui": "https://app.eyeson.team/permalink?canary-user-token",
        "guest_join": "https://app.eyeson.team/permalink?guest=canary-guest-token",
    },
}


def with_id(permalink_id: str) -> dict[str, Any]:
    return {"permalink": {"id": permalink_id}}


def test_a_permalink_is_read_whole_and_shows_no_token(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = answer(201, CLINIC)

    permalink = client.permalinks.create(
        user_name="Mira Holt",
        user_id="agent-204",
        avatar="https://x.org/m.png",
        name="Monthly clinic",
        options={"widescreen": True},
        expires_at=datetime(2025, 12, 24, 18, tzinfo=UTC),
    ).value

    assert server.forms == [
        (
            "POST",
            "/permalink",
            [
                ("name", "Monthly clinic"),
                ("user[name]", "Mira Holt"),
                ("user[id]", "agent-204"),
                ("user[avatar]", "https://x.org/m.png"),
                ("options[widescreen]", "true"),
                ("expires_at", "2025-12-24T18:00:00.000Z"),
            ],
        )
    ]
    assert permalink.id == "68ba0c5e3f7d9a0019e2b471"
    assert permalink.created_at == datetime(2025, 9, 4, 22, 1, 34, 655000, UTC)
    assert permalink.expires_at is None
    assert permalink.user_token == Secret("canary-user-token")
    assert permalink.guest_token == Secret("canary-guest-token")
    assert permalink.user is not None
    assert permalink.user.name == "Mira Holt"
    assert permalink.team_name == "Helpful Desk Ltd."
    assert permalink.options == {"show_names": True, "widescreen": True}
    assert permalink.links.gui == Secret("https://app.eyeson.team/permalink?canary-user-token")
    assert "canary" not in repr(permalink)


@pytest.mark.parametrize(
    ("room", "is_live"),
    [
        ({"id": "p", "started_at": "2025-09-04T22:01:34.655Z"}, True),
        ({"id": "p", "started_at": None}, False),
        (None, False),
    ],
)
def test_its_meeting_runs_when_it_has_started(room: Any, is_live: bool) -> None:
    assert Permalink.from_json({**with_id("p"), "room": room}).is_live is is_live


@pytest.mark.parametrize("value", [None, {}, {"id": "p"}, {"permalink": None}, {"permalink": []}])
def test_what_names_no_permalink_is_none(value: Any) -> None:
    with pytest.raises(UnreadableRecordError):
        Permalink.from_json(value)


def test_all_pages_are_listed(client: EyesonClient, server: RawServer) -> None:
    first = [with_id(f"p-{number}") for number in range(25)]
    server.script = [
        answer(200, {"page": 1, "limit": 25, "total": 26, "items": first}),
        answer(200, {"page": 2, "limit": 25, "total": 26, "items": [CLINIC, {}, None]}),
    ]

    found = client.permalinks.list(expired=False).value

    assert [permalink.id for permalink in found][-2:] == ["p-24", "68ba0c5e3f7d9a0019e2b471"]
    assert len(found) == 26
    assert [target for _, target, _ in server.forms] == [
        "/permalink?expired=false&page=1",
        "/permalink?expired=false&page=2",
    ]


def test_a_bare_list_is_a_page_too(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, [with_id("p")])

    assert client.permalinks.list().value == [Permalink(id="p")]


def test_what_is_no_page_is_unexpected(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, {"items": None})

    with pytest.raises(UnexpectedAnswerError, match="a page of permalinks was expected"):
        client.permalinks.list()


def test_the_owner_reads_changes_and_deletes_by_id(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, CLINIC)

    client.permalinks.get(permalink_id="p")
    client.permalinks.update(permalink_id="p", name="Clinic", options={"show_names": False})
    client.permalinks.add_host(permalink_id="p", user_name="Bo", user_id="bo")
    client.permalinks.remove_host(permalink_id="p", user_token=Secret("t"))
    client.permalinks.delete(permalink_id="p")

    assert server.forms == [
        ("GET", "/permalink/p", []),
        ("PUT", "/permalink/p", [("name", "Clinic"), ("options[show_names]", "false")]),
        ("POST", "/permalink/p/users", [("user[name]", "Bo"), ("user[id]", "bo")]),
        ("DELETE", "/permalink/p/users/t", []),
        ("DELETE", "/permalink/p", []),
    ]
    assert all("Authorization" in request.headers for request in server.requests)


def test_an_end_is_taken_away_by_json_null(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, {"permalink": {"id": "p", "expires_at": None}})

    client.permalinks.update(
        permalink_id="p", name="Zoë", options={"show_names": False}, without_end=True
    )
    client.permalinks.update(permalink_id="p", without_end=True)

    first, second = server.requests
    assert first.headers["Content-Type"] == "application/json"
    assert json.loads(first.body) == {
        "name": "Zoë",
        "options": {"show_names": False},
        "expires_at": None,
    }
    assert json.loads(second.body) == {"expires_at": None}
    with pytest.raises(InvalidRequestError, match="not both; nothing was sent"):
        client.permalinks.update(
            permalink_id="p", expires_at=datetime(2030, 1, 1, tzinfo=UTC), without_end=True
        )
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fields", "end", "says_end"),
    [
        ({"expires_at": None}, None, True),
        ({"expires_at": "2030-01-01T00:00:00Z"}, datetime(2030, 1, 1, tzinfo=UTC), True),
        ({}, None, False),
        ({"expires_at": "soon"}, None, False),
        ({"expires_at": True}, None, False),
        ({"expires_at": ""}, None, False),
    ],
)
def test_a_missing_or_unreadable_end_is_not_the_same_as_none(
    fields: dict[str, Any], end: datetime | None, says_end: bool
) -> None:
    permalink = Permalink.from_json({"permalink": {"id": "p", **fields}})

    assert (permalink.expires_at, permalink.says_end) == (end, says_end)


def test_a_token_opens_without_the_api_key(client: EyesonClient, server: RawServer) -> None:
    server.script = [
        answer(200, {"permalink": {"id": "p", "guest_token": "g"}, "room": {"id": "p"}}),
        answer(201, {"room": {"id": "p"}, "access_key": "k"}),
    ]

    seen = client.permalinks.get_by_token(token=Secret("t")).value
    joined = client.permalinks.join(user_token=Secret("t")).value

    assert (seen.user_token, seen.user, seen.links.gui) == (None, None, None)
    assert joined.access_key == Secret("k")
    assert server.forms == [("GET", "/permalink/t", []), ("POST", "/permalink/t", [])]
    assert not any("Authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, NotFoundError),
        (404, NotFoundError),
        (410, NotFoundError),
        (403, ForbiddenError),
        (423, KeyLockedError),
    ],
)
def test_a_token_that_opens_nothing_is_told(
    client: EyesonClient, server: RawServer, status: int, expected: type[EyesonError]
) -> None:
    server.normally = answer(status, {"error": "Token canary is unknown"})
    calls: list[Callable[[], object]] = [
        lambda: client.permalinks.get_by_token(token=Secret("canary")),
        lambda: client.permalinks.join(user_token=Secret("canary")),
    ]

    for call in calls:
        with pytest.raises(expected) as caught:
            call()
        assert "canary" not in str(caught.value)


def test_the_api_key_may_be_refused(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(401)

    with pytest.raises(KeyRefusedError):
        client.permalinks.create(user_name="Ada")
