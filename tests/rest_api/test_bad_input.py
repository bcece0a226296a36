"""Whatever a client sends: an answer of one shape, no trace of a traceback, and no row changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eyeson_meetings.models import Room
from tests.crawling import writes_counted
from tests.documented import code_blocks, section
from tests.rest_api.conftest import World, allow

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"name"',
    "a number": b"7",
    "null": b"null",
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "NaN": b'{"name": NaN}',
    "an endless number": b'{"metadata": {"x": 1e400}}',
    "a long number": b'{"metadata": {"x": ' + b"9" * 5000 + b"}}",
    "deep JSON": b"[" * 100_000,
    "deep metadata": b'{"metadata": ' + b'{"x":' * 50 + b"1" + b"}" * 51,
    "nothing but NUL": b'{"name": "\\u0000"}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "NUL in metadata": b'{"metadata": {"x": ["\\u0000"]}}',
    "a lone surrogate as a key": b'{"metadata": {"\\udfff": 1}}',
    "nothing but marks": '{"name": "\u202e\u2066"}'.encode(),
    "a long name": json.dumps({"name": "x" * 256}).encode(),
    "a name that is a list": b'{"name": ["x"]}',
    "no such access": b'{"guest_access": "everybody"}',
    "an access that is an object": b'{"guest_access": {"a": 1}}',
    "metadata that is a list": b'{"metadata": [1]}',
    "large metadata": json.dumps({"metadata": {"x": "y" * 17_000}}).encode(),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_makes_no_sense_is_refused_and_nothing_is_written(
    world: World, as_user: Any, body: bytes
) -> None:
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/"
    before = Room.objects.values().get()

    with writes_counted() as writes:
        refused = client.call("PATCH", path, body)

    expected = 200 if body == b"" else 400
    assert refused.status_code == expected
    assert Room.objects.values().get() == before
    assert writes == []
    if expected == 400:
        assert set(refused.json()) == {"code", "message", "fields"}


@pytest.mark.parametrize("unseen", ["\\u0000", "\\ud800", "\\u202e", "\\u001b", "\\u200b"])
def test_a_name_with_what_nobody_sees_is_refused(world: World, as_user: Any, unseen: str) -> None:
    body = f'{{"name": "a{unseen}b"}}'.encode()

    refused = as_user(world.host).call("PATCH", f"rooms/{world.room.uuid}/", body)

    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == ["name"]


def test_a_body_beyond_its_bounds_is_413(world: World, as_user: Any) -> None:
    body = b'{"name": "' + b"x" * 300_000 + b'"}'

    refused = as_user(world.host).call("PATCH", f"rooms/{world.room.uuid}/", body)

    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/xml", "application/x-www-form-urlencoded", "ü", ""]
)
def test_what_is_no_json_by_its_own_word_is_415(
    world: World, as_user: Any, content_type: str
) -> None:
    refused = as_user(world.host).patch(
        f"/meetings/api/v1/rooms/{world.room.uuid}/", data=b"name=x", content_type=content_type
    )

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("charset", ["nonsense", "utf-16", "\u00fc"])
def test_json_is_utf_8_whatever_the_header_says(world: World, as_user: Any, charset: str) -> None:
    changed = as_user(world.host).patch(
        f"/meetings/api/v1/rooms/{world.room.uuid}/",
        data='{"name": "Ümlaut"}'.encode(),
        content_type=f"application/json; charset={charset}",
    )

    assert changed.json()["name"] == "Ümlaut"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*;q=0", "", "\u00fc" * 500])
def test_every_answer_is_json_whatever_is_preferred(
    world: World, as_user: Any, accept: str
) -> None:
    client = as_user(world.host)

    response = client.call("GET", "rooms/?format=xml", Accept=accept)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=",
        "cursor=cD0xMjM%3D",
        "cursor=%00",
        "cursor=" + "x" * 5000,
        "page_size=0",
        "page_size=-1",
        "page_size=1000000000",
        "page_size=" + "9" * 5000,
        "page_size=%00",
        "name=%00",
        "name=" + "x" * 5000,
        "name=%ff",
        "created_after=9999-12-31T23:59:59-23:00",
        # PostgreSQL knows no such offset.
        "created_after=2952-01-25T02:18:42%2B23:06",
        "created_before=0001-01-01T00:00:00",
        "created_after=99999999999999999999",
        "closed=%00",
        "ordering=%00",
        "search=%00",
        "page=1000000000",
        "limit=1000000000",
        "id__lt=5&account=x",
    ],
)
def test_a_query_that_makes_no_sense_is_ignored_or_refused(
    world: World, as_user: Any, query: str
) -> None:
    client = as_user(allow(world.host, "view_delivery"))

    response = client.call("GET", f"rooms/?{query}")

    assert response.status_code in (200, 400, 404)
    if response.status_code == 200:
        assert [row["uuid"] for row in response.json()["results"]] in ([str(world.room.uuid)], [])
    else:
        assert set(response.json()) == {"code", "message", "fields"}


@pytest.mark.parametrize(
    "query", ["room=x", "room=%00", "room=1", "meeting=' OR 1=1", "remote_state=%00", "stored=7"]
)
@pytest.mark.parametrize("path", ["meetings/", "recordings/", "snapshots/"])
def test_a_filter_by_nothing_shows_nothing_new(
    world: World, as_user: Any, path: str, query: str
) -> None:
    response = as_user(world.stranger).call("GET", f"{path}?{query}")

    assert response.status_code in (200, 400)
    assert response.json().get("results", []) == []


@pytest.mark.parametrize(
    "uuid", ["1", "-1", "9223372036854775808", "x", "%00", "../rooms", "None", "{uuid}"]
)
def test_an_id_that_is_no_uuid_is_not_found(world: World, as_user: Any, uuid: str) -> None:
    client = as_user(world.host)

    for path in ("rooms", "meetings", "recordings", "snapshots"):
        assert client.call("GET", f"{path}/{uuid}/").status_code == 404


def test_the_error_on_the_page_of_the_docs_is_the_one_that_is_answered(
    world: World, as_user: Any
) -> None:
    (shown,) = code_blocks(section("docs/rest-api.md", "Errors"), "json")
    client = as_user(allow(world.host, "add_room"))

    refused = client.call(
        "POST", "rooms/", {"name": "Consulting hour", "guest_access": "everybody"}
    )

    assert refused.status_code == 400
    assert refused.json() == json.loads(shown)
