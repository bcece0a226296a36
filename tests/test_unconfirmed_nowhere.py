"""Ids that eyeson has not named, and those that were merged into another, are shown nowhere and counted nowhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import status
from tests import factories
from tests.crawling import crawl
from tests.test_crawl import addresses, host

__all__ = ["host"]

pytestmark = pytest.mark.django_db

#: What differs each time a page is drawn.
VOLATILE = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|/guest/[^"/]+/|As of [^<]+')
#: No page has these words but for such a row.
NAME = "Nobody Whosoever"


def hide(room: Room, user: Any) -> list[Participant]:
    """Rows of all kinds that no list may have. They are said to be online, so that a count would notice them."""
    person = room.participants.people().first()
    assert person is not None
    kinds: list[dict[str, Any]] = [
        {"unconfirmed_since": timezone.now()},
        {"unconfirmed_since": timezone.now(), "user": user},
        {"unconfirmed_since": timezone.now(), "guest": True},
        {"merged_into": person},
    ]
    return [
        factories.ParticipantFactory(room=room, name=NAME, online=True, **kind) for kind in kinds
    ]


def texts(client: Client, start: list[str]) -> dict[str, str]:
    """What these addresses answer."""
    visits = crawl(client, start, follows=lambda address: False)
    return {visit.address: VOLATILE.sub("", visit.text) for visit in visits}


@pytest.mark.slow
def test_no_page_list_or_answer_shows_or_counts_them(
    client: Client, host: Any, sandbox_account: SandboxServer
) -> None:
    host.is_staff = host.is_superuser = True
    host.save()
    client.force_login(host)
    room = Room.objects.get(name="Consulting hour")
    everywhere, somebody = addresses(), factories.UserFactory()
    before = texts(client, everywhere)

    rows = hide(room, somebody)

    after = texts(client, everywhere)
    assert [address for address in before if after[address] != before[address]] == []
    assert [address for address, text in after.items() if NAME in text] == []
    # They were looked for where people are.
    people = reverse("admin:eyeson_meetings_participant_changelist")
    for address in (
        people,
        reverse("admin:eyeson_meetings_room_changelist"),
        reverse("eyeson:api:participant-list", args=[room.uuid]),
        reverse("eyeson:join", args=[room.uuid]),
    ):
        assert address in before
    for row in rows:
        page = reverse("admin:eyeson_meetings_participant_change", args=[row.pk])
        assert client.get(page).status_code == 302
    assert "0 results" in client.get(people, {"q": NAME}).content.decode()


def test_who_is_in_the_room_is_counted_without_them(host: Any) -> None:
    room = Room.objects.get(name="Consulting hour")
    before = [person.pk for person in status.people_online(room)]

    hide(room, factories.UserFactory())

    prefetched = Room.objects.for_display(host).get(pk=room.pk)
    for shown in (room, prefetched):
        assert [person.pk for person in status.people_online(shown)] == before
        assert status.room_state(shown)["online"] == len(before)
