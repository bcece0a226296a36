"""Paths that cannot be left and forms as eyeson reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

from eyeson_meetings.client import EyesonClient
from eyeson_meetings.exceptions import InvalidRequestError

from .rawserver import RawServer, answer

ODD_IDS = [
    "support-desk-17",
    "ada@example.org",
    "a/b",
    "../webhooks",
    "..%2Fwebhooks",
    "%2e%2e/webhooks",
    "/",
    "a?b=c",
    "a#b",
    "a b",
    "a\\b",
    "a;b=c",
    "a&b",
    "a+b",
    "a%20b",
    "%",
    "...",
    ".hidden",
    "Zürich",
    "会議室",
    "🎥",
    "a\r\nX-Injected: y",
    "\x00",
    "~._-",
    "http://example.org/",
    "//example.org",
    "[]",
    "x" * 255,
]


@pytest.mark.parametrize("room_id", ODD_IDS)
def test_any_id_stays_one_segment_of_the_path(
    client: EyesonClient, server: RawServer, room_id: str
) -> None:
    server.normally = answer(200, [])

    client.users.list(room_id=room_id)

    target = server.requests[0].target
    assert target.startswith("/rooms/")
    assert target.endswith("/users")
    segment = target.removeprefix("/rooms/").removesuffix("/users")
    assert "/" not in segment
    assert "?" not in segment
    assert unquote(segment) == room_id
    assert "X-Injected" not in server.requests[0].headers


@pytest.mark.parametrize("room_id", ["", ".", "..", "\ud800", "a\udfff"])
def test_an_id_that_no_path_can_hold_is_refused_unsent(
    client: EyesonClient, server: RawServer, room_id: str
) -> None:
    for call in (
        lambda: client.rooms.end(room_id=room_id),
        lambda: client.recordings.list(room_id=room_id),
        lambda: client.rooms.get(access_key=room_id),
        lambda: client.users.kick(access_key="k", user_id=room_id),
    ):
        with pytest.raises(InvalidRequestError, match="nothing was sent"):
            call()

    assert server.connections == 0


def form_of(server: RawServer) -> list[tuple[str, str]]:
    request = server.requests[-1]
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True)


def test_a_join_is_a_form_with_bracket_names(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201, {"room": {"id": "standup"}})

    client.rooms.join(
        user_name="Zoë & Bo",
        user_id="u-1",
        room_id="standup",
        room_name="Stand-up",
        options={
            "recording_available": False,
            "exit_url": "https://example.org/?a=1&b=2",
            "background_color": None,
            "custom_fields": {"locale": "de", "hide_chat": True},
            "layout_users": ["u-1", "", "u-2"],
            "audio_insert_position": {"x": 1, "y": 2.5},
        },
    )

    assert form_of(server) == [
        ("id", "standup"),
        ("name", "Stand-up"),
        ("user[name]", "Zoë & Bo"),
        ("user[id]", "u-1"),
        ("options[recording_available]", "false"),
        ("options[exit_url]", "https://example.org/?a=1&b=2"),
        ("options[custom_fields][locale]", "de"),
        ("options[custom_fields][hide_chat]", "true"),
        ("options[layout_users][]", "u-1"),
        ("options[layout_users][]", ""),
        ("options[layout_users][]", "u-2"),
        ("options[audio_insert_position][x]", "1"),
        ("options[audio_insert_position][y]", "2.5"),
    ]


def test_a_guests_form_is_flat(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201, {"room": {"id": "standup"}})

    client.guests.join(
        guest_token="g", name="Bo", guest_id="b", avatar="https://x.org/b.png", locale="fr"
    )

    assert form_of(server) == [
        ("name", "Bo"),
        ("id", "b"),
        ("avatar", "https://x.org/b.png"),
        ("custom_fields[locale]", "fr"),
    ]


def test_webhook_types_are_one_text(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.webhooks.register(url="https://example.org/h", types=("room_update", "snapshot_update"))

    assert form_of(server) == [
        ("url", "https://example.org/h"),
        ("types", "room_update,snapshot_update"),
    ]


def test_a_call_without_parameters_has_no_body(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.recordings.start(access_key="k")

    assert server.requests[0].body == b""
    assert "Content-Type" not in server.requests[0].headers


def test_a_name_with_half_a_character_is_sent_without_it(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = answer(201, {"room": {"id": "standup"}})

    client.rooms.join(user_name="Bo\ud83d")

    assert form_of(server) == [("user[name]", "Bo?")]


@pytest.mark.parametrize("value", [object(), b"bytes", {1}, [{"nested": 1}]])
def test_what_no_form_can_hold_is_a_type_error_before_anything_is_sent(
    client: EyesonClient, server: RawServer, value: Any
) -> None:
    with pytest.raises(TypeError):
        client.rooms.join(user_name="Ada", options={"layout": value})

    assert server.connections == 0


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 9, 4, 8, 30, 12, 418000, UTC), "2025-09-04T08%3A30%3A12.418Z"),
        (
            datetime(2025, 9, 4, 10, 30, 12, tzinfo=timezone(timedelta(hours=2))),
            "2025-09-04T08%3A30%3A12.000Z",
        ),
        (datetime(2025, 9, 4, 8, 30, 12), "2025-09-04T08%3A30%3A12.000Z"),  # noqa: DTZ001 - naive means UTC
    ],
)
def test_times_are_sent_as_eyeson_writes_them(
    client: EyesonClient, server: RawServer, moment: datetime, text: str
) -> None:
    server.normally = answer(200, [])

    client.recordings.list(room_id="standup", started_at=moment)

    assert server.requests[0].target == f"/rooms/standup/recordings?started_at={text}&page=1"


def test_filters_of_people_are_words(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, [])

    client.users.list(room_id="standup", online=False)
    client.users.list(room_id="standup")

    assert [request.target for request in server.requests] == [
        "/rooms/standup/users?online=false",
        "/rooms/standup/users",
    ]


def test_a_base_address_may_have_a_path(server: RawServer) -> None:
    server.normally = answer(200, [])
    client = EyesonClient(api_key="k", base_url=f"{server.url}/eyeson/", sandbox=True)

    client.rooms.list()
    client.close()

    assert server.requests[0].target == "/eyeson/rooms?page=1"
