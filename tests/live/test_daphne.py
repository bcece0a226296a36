"""Live status over real sockets: daphne in a process of its own, hints from this one through a real Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse
from websockets.exceptions import ConnectionClosed, InvalidStatus

from eyeson_meetings.models import Room, RoomMember
from eyeson_meetings.services.members import remove_member
from tests.factories import MeetingFactory, UserFactory

from .servers import Site, cookies_of, hear, served
from .sockets import WAIT_SECONDS
from .test_hints import layer_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def site(transactional_db: None, redis_url: str, settings: Any, tmp_path: Path) -> Iterator[Site]:
    """The site, on a free port, on this test's database."""
    settings.CHANNEL_LAYERS = layer_at(redis_url)
    with served("daphne", redis_url, tmp_path / "daphne.log") as site:
        yield site


def test_changes_of_another_process_arrive_until_one_is_shut_out(
    site: Site, room: Room, member: Any, client: Client
) -> None:
    with site.open(room, client) as browser:
        first = json.loads(hear(browser))
        status = ask_status(site, room, client)
        MeetingFactory(room=room)
        running = json.loads(hear(browser))
        browser.send("hello")
        remove_member(room=room, user=member)
        with pytest.raises(ConnectionClosed) as closed:
            hear(browser)

    assert first == {"etag": status.headers["ETag"], "state": status.json()}
    assert (first["state"]["state"], running["state"]["state"]) == ("idle", "running")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4404
    assert "Traceback" not in site.log.read_text()


def test_who_has_no_business_there_gets_no_socket(
    site: Site, room: Room, member: Any, client: Client
) -> None:
    stranger = Client()
    stranger.force_login(UserFactory())
    unknown = Room(uuid="00000000-0000-4000-8000-000000000000")
    garbage = Room(uuid="..%2f%00")

    answers = [
        refusal(site, room, client, origin="http://evil.example"),
        refusal(site, room, client, origin=None),
        refusal(site, room, Client()),
        refusal(site, room, stranger),
        refusal(site, unknown, client),
        refusal(site, garbage, client),
        refusal(site, Room(uuid="x/y/z"), client),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert len({bytes(answer.body) for answer in answers}) == 1
    assert RoomMember.objects.filter(room=room).count() == 1
    assert "Traceback" not in site.log.read_text()


def refusal(site: Site, room: Room, client: Client, **options: Any) -> Any:
    with pytest.raises(InvalidStatus) as refused:
        site.open(room, client, **options)
    return refused.value.response


def ask_status(site: Site, room: Room, client: Client) -> requests.Response:
    address = f"http://{site.host}{reverse('eyeson:status', args=[room.uuid])}"
    return requests.get(address, headers={"Cookie": cookies_of(client)}, timeout=WAIT_SECONDS)
