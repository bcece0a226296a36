"""Rooms with links that stay, as the sandbox has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from eyeson_meetings.client import EyesonClient, Permalink, Secret
from eyeson_meetings.exceptions import InvalidRequestError, KeyRefusedError, NotFoundError
from eyeson_meetings.sandbox.server import SandboxServer

UNKNOWN = Secret("x" * 24)
PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2099, 1, 1, tzinfo=UTC)


def create(client: EyesonClient, name: str = "Clinic") -> Permalink:
    return client.permalinks.create(user_name="Ada", user_id="ada", name=name).value


def token_of(permalink: Permalink) -> Secret:
    assert permalink.user_token is not None
    return permalink.user_token


def test_a_permalink_is_made_with_its_first_host(client: EyesonClient) -> None:
    made = client.permalinks.create(
        user_name="Ada",
        user_id="ada",
        avatar="https://x.example.org/a.png",
        name="Clinic",
        options={"show_names": False},
        expires_at=FUTURE,
    ).value

    assert made.room is not None
    assert (made.room.id, made.room.name, made.is_live) == (made.id, "Clinic", False)
    assert made.user is not None
    assert (made.user.id, made.user.name, made.user.guest) == ("ada", "Ada", False)
    assert made.options["show_names"] is False
    assert made.expires_at == FUTURE
    assert made.created_at is not None
    assert made.guest_token
    assert made.links.gui is not None
    assert token_of(made).reveal() in made.links.gui.reveal()
    assert made.links.guest_join
    assert client.permalinks.get(permalink_id=made.id).value == made
    assert client.rooms.list().value == []


def test_a_host_starts_the_meeting_and_a_guest_comes_in(
    client: EyesonClient, sandbox: SandboxServer
) -> None:
    made = create(client)
    assert made.guest_token is not None
    with pytest.raises(NotFoundError):
        client.guests.join(guest_token=UNKNOWN, name="Bo")

    started = client.permalinks.join(user_token=token_of(made)).value
    sandbox.advance(1)
    guest = client.guests.join(guest_token=made.guest_token, name="Bo").value

    assert started.access_key
    assert started.user is not None
    assert (started.user.id, started.user.guest) == ("ada", False)
    assert guest.user is not None
    assert guest.user.guest is True
    assert started.room.id == guest.room.id == made.id
    assert client.permalinks.get(permalink_id=made.id).value.is_live
    client.rooms.end(room_id=made.id)
    assert not client.permalinks.get(permalink_id=made.id).value.is_live


def test_each_token_shows_whether_the_meeting_runs(client: EyesonClient) -> None:
    made = create(client)
    assert made.guest_token is not None
    tokens = [token_of(made), made.guest_token]

    before = [client.permalinks.get_by_token(token=token).value for token in tokens]
    client.permalinks.join(user_token=token_of(made))
    after = [client.permalinks.get_by_token(token=token).value for token in tokens]

    assert [seen.id for seen in before] == [made.id] * 2
    assert [seen.is_live for seen in (*before, *after)] == [False, False, True, True]
    assert {seen.user_token for seen in after} == {None}
    with pytest.raises(NotFoundError):
        client.permalinks.get_by_token(token=UNKNOWN)


def test_all_permalinks_are_listed_over_their_pages(
    client: EyesonClient, sandbox: SandboxServer
) -> None:
    made = {create(client, f"Room {number}").id for number in range(26)}
    expired = client.permalinks.create(user_name="Ada", expires_at=PAST).value.id
    before = len(sandbox.calls)

    listed = client.permalinks.list().value

    assert {permalink.id for permalink in listed} == made | {expired}
    assert len(sandbox.calls) - before == 2
    assert {found.id for found in client.permalinks.list(expired=False).value} == made
    assert [found.id for found in client.permalinks.list(expired=True).value] == [expired]


def test_what_is_sent_changes_and_the_rest_stays(client: EyesonClient) -> None:
    made = create(client)

    changed = client.permalinks.update(
        permalink_id=made.id, options={"show_names": False}, expires_at=FUTURE
    ).value
    renamed = client.permalinks.update(permalink_id=made.id, name="Consulting").value

    assert changed.room is not None
    assert (changed.room.name, changed.expires_at) == ("Clinic", FUTURE)
    assert renamed.room is not None
    assert (renamed.room.name, renamed.expires_at) == ("Consulting", FUTURE)
    assert renamed.user_token == made.user_token


def test_an_end_is_taken_away_and_nothing_else(client: EyesonClient) -> None:
    made = create(client)
    client.permalinks.update(permalink_id=made.id, options={"show_names": False}, expires_at=FUTURE)

    for name in (None, "Consulting"):
        answer = client.permalinks.update(permalink_id=made.id, name=name, without_end=True).value

        assert (answer.expires_at, answer.says_end) == (None, True)
    shown = client.permalinks.get(permalink_id=made.id).value
    assert shown.room is not None
    assert (shown.expires_at, shown.room.name) == (None, "Consulting")
    assert shown.options["show_names"] is False


def test_hosts_come_and_go(client: EyesonClient) -> None:
    made = create(client)

    second = client.permalinks.add_host(
        permalink_id=made.id, user_name="Bo", user_id="bo", avatar="https://x.example.org/b.png"
    ).value
    joined = client.permalinks.join(user_token=token_of(second)).value
    client.permalinks.remove_host(permalink_id=made.id, user_token=token_of(second))

    assert token_of(second) != token_of(made)
    assert joined.user is not None
    assert (joined.user.id, joined.user.name) == ("bo", "Bo")
    with pytest.raises(NotFoundError):
        client.permalinks.join(user_token=token_of(second))
    with pytest.raises(NotFoundError):
        client.permalinks.remove_host(permalink_id=made.id, user_token=token_of(second))
    with pytest.raises(InvalidRequestError):
        client.permalinks.add_host(permalink_id=made.id, user_name="")


def test_nobody_starts_what_is_over(client: EyesonClient) -> None:
    expired = client.permalinks.create(user_name="Ada", expires_at=PAST).value
    deleted = create(client)
    client.permalinks.delete(permalink_id=deleted.id)

    for permalink in (expired, deleted):
        with pytest.raises(NotFoundError):
            client.permalinks.join(user_token=token_of(permalink))
    for call in (client.permalinks.get, client.permalinks.delete):
        with pytest.raises(NotFoundError):
            call(permalink_id=deleted.id)


@pytest.mark.parametrize("status", [401, 403])
def test_permalinks_refuse_a_wrong_api_key(sandbox: SandboxServer, status: int) -> None:
    sandbox.knobs.turn(bad_api_key_status_since_2024=status)
    client = EyesonClient(api_key="another-key", base_url=sandbox.url, sandbox=True)
    calls: list[Callable[[], object]] = [
        lambda: create(client),
        lambda: client.permalinks.list(),
        lambda: client.permalinks.get(permalink_id="p"),
    ]

    for call in calls:
        with pytest.raises(KeyRefusedError):
            call()
    client.close()
