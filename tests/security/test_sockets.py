"""Every socket of the site, in every role: who is let in, and who is told nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from eyeson_meetings.live.routing import websocket_urlpatterns
from eyeson_meetings.models import Room
from eyeson_meetings.services.guests import guest_token_for
from tests.live.conftest import live_site
from tests.live.sockets import Browser, run

from .conftest import user_as
from .expectations import MAY_AT_HOME, MAY_ELSEWHERE
from .world import Belongings

__all__ = ["live_site"]

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: Asked for with what is no key: a socket knows the session and nothing else.
TRICKS = ("", "?token=x", "?access_key=x&user=1", "?room=*")


def test_no_socket_is_unknown_to_these_tests() -> None:
    routes = [str(pattern.pattern) for pattern in websocket_urlpatterns]

    assert [re.sub(r"<\w+:", "<", route) for route in routes] == [
        "ws/eyeson/rooms/<uuid>/",
        "ws/eyeson/guest/<token>/",
    ]


@pytest.mark.parametrize("role", MAY_AT_HOME)
def test_a_socket_is_for_who_may_see_its_room(
    role: str, elsewhere: Belongings, home: Belongings
) -> None:
    client, user = Client(), user_as(role, home)
    if user is not None:
        client.force_login(user)

    async def main() -> None:
        for rows, may in ((home, MAY_AT_HOME[role]), (elsewhere, MAY_ELSEWHERE[role])):
            room = rows.rows[Room]
            for trick in TRICKS:
                await _try(room, client, trick, is_let_in="view" in may)
            # A page of another site is refused whoever looks at it.
            for origin in ("http://evil.example", None):
                browser = Browser(room, client, origin=origin)
                assert await browser.refusal() is not None
        if "view" in MAY_AT_HOME[role]:
            # A socket that is open shows no room that it could not have been opened at.
            browser, other = Browser(home.rows[Room], client), elsewhere.rows[Room]
            await browser.open()
            await browser.follow(other)
            answer = await browser.hear()
            if "view" in MAY_ELSEWHERE[role]:
                assert answer["state"]["name"] == other.name
            else:
                assert answer == {"room": str(other.uuid), "gone": True}
            await browser.disconnect()

    run(main)


@pytest.mark.parametrize("role", MAY_AT_HOME)
def test_the_socket_of_a_guest_page_is_for_whoever_has_the_link(
    role: str, elsewhere: Belongings, home: Belongings
) -> None:
    client, user = Client(), user_as(role, home)
    if user is not None:
        client.force_login(user)

    async def main() -> None:
        for rows in (home, elsewhere):
            room = rows.rows[Room]
            token = guest_token_for(room=room)
            message = await _opened(Browser(client=client, guest_token=token))
            assert set(message["state"]) == {"state", "recording", "broadcast", "as_of"}
            for guess in (str(room.uuid), token[:-1], token.partition(":")[0]):
                assert await Browser(client=client, guest_token=guess).refusal() == 4404
            for origin in ("http://evil.example", None):
                stranger = Browser(client=client, guest_token=token, origin=origin)
                assert await stranger.refusal() is not None

    run(main)


async def _opened(browser: Browser) -> Any:
    message = await browser.open()
    await browser.disconnect()
    return message


async def _try(room: Any, client: Client, trick: str, *, is_let_in: bool) -> None:
    browser = Browser(room, client)
    browser.scope["query_string"] = trick.lstrip("?").encode()
    if is_let_in:
        assert (await browser.open())["state"]["name"] == room.name
        await browser.disconnect()
    else:
        assert await browser.refusal() == 4404
