"""No page shows a text that cannot be translated, and German is what a German site shows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from eyeson_meetings.models import Room
from tests.locale import pseudo
from tests.test_crawl import addresses, host

__all__ = ["host"]

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: What people, eyeson and settings name.
NAMED = re.compile(
    r"Consulting hour|application/pdf|Ada\d( Byron)?|\bhost\b|\buser\d+|(Guest|Participant|Channel|Note|Person) \d+"
    r"|agenda-\d+\.pdf|\b(room|job)-\d+|\w+_update|\b(default|generic)\b|(rtmp|https?)://\S+"
    r"|\b[0-9a-f-]{32,64}\b|^\{ .* \}$|\d\d\d\d-\d\d-\d\d[ T][\d:.+]+"
)


def one_of_a_kind(found: list[str]) -> list[str]:
    """Of pages that differ in the row alone, the last: the fullest rows were made last."""
    pages = (
        address
        for address in found
        if not re.search(r"/api/|/file/|file/.*/file|/(history|delete)/$|/status/$", address)
    )
    return list({re.sub(r"/\d+/", "/0/", address): address for address in pages}.values())


@pytest.mark.slow
@pytest.mark.usefixtures("in_brackets")
def test_every_text_of_every_page_can_be_translated(client: Client, host: Any) -> None:
    host.is_staff = host.is_superuser = True
    host.save()
    client.force_login(host)

    seen, left = 0, {}
    for address in one_of_a_kind(addresses()):
        response = client.get(address)
        if response.streaming or "html" not in response.headers.get("Content-Type", ""):
            response.close()
            continue
        seen += 1
        texts = {NAMED.sub("", text).strip() for text in pseudo.untranslated(response.text)}
        left[address] = {text for text in texts - pseudo.DJANGOS if re.search(r"[^\W\d_]{2}", text)}

    assert {address: texts for address, texts in left.items() if texts} == {}
    assert seen > 30


def test_a_text_that_cannot_be_translated_is_found(in_brackets: None) -> None:
    page = (
        f'<title>{translation.gettext("Join")}</title><p>Plain {translation.gettext("Join")} text'
        f'<img alt="picture"><p title="{translation.gettext("Join")}">'
    )  # fmt: skip

    assert pseudo.untranslated(page) == ["Plain  text", "picture"]


def test_a_german_site_speaks_german(client: Client, host: Any) -> None:
    client.force_login(host)
    room = Room.objects.get(name="Consulting hour")

    with translation.override("de"):
        lobby = client.get(f"/meetings/rooms/{room.uuid}/").content.decode()

    assert '<html lang="de"' in lobby
    for text in ("Teilnehmen", "Läuft seit", "Wer da ist", "Aufnahmen", "1 Person ist da"):
        assert text in lobby
    assert "Join" not in lobby
