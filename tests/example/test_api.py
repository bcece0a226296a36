"""The example site says what its REST API can do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_page_names_the_endpoints_and_leads_to_the_document(client: Client, host: Any) -> None:
    client.force_login(host)

    page = client.get("/api/").content.decode()
    document = client.get("/api/schema/")

    assert "POST /meetings/api/v1/rooms/{uuid}/join/" in page
    assert 'href="/api/schema/"' in page
    assert document.status_code == 200
    assert b"room_join" in document.content


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    assert client.get("/api/").status_code == 302
    assert client.get("/api/schema/").status_code in (401, 403)
