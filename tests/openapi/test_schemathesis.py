"""Schemathesis reads the OpenAPI document and asks whatever it allows, and much that it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from rest_framework.settings import api_settings

from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories

#: No server error, and no status, type or body that the document does not name.
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)


@pytest.fixture
def document(settings: Any, tmp_path: Path) -> Any:
    """The OpenAPI document, and a site on which nobody asks too often."""
    scopes = dict.fromkeys(("eyeson-read", "eyeson-write", "eyeson-call"))
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": scopes}
    path = tmp_path / "openapi.json"
    call_command("spectacular", "--format=openapi-json", f"--file={path}")
    yield path
    api_settings.reload()
    cache.clear()


def values_for(paths: dict[str, Any], uuids: dict[str, Any]) -> str:
    """What to put into the addresses, by tag: a row that is there, or the room for what has none."""
    tags = {tag for path in paths.values() for call in path.values() for tag in call["tags"]}
    return "".join(
        f'[[operations]]\ninclude-tag = "{tag}"\nparameters = {{ '
        f'uuid = "{uuids.get(tag, uuids["room"])}", '
        f'room_uuid = "{uuids["permalink" if "permalink" in tag else "room"]}", '
        f'account = "default", digest = "{uuids["delivery"]}" }}\n'
        for tag in sorted(tags)
    )


@pytest.mark.django_db(transaction=True)
def test_nothing_that_the_document_allows_breaks_the_site_or_is_answered_otherwise(
    live_server: Any, document: Path, tmp_path: Path, sandbox_account: SandboxServer
) -> None:
    factories.UserFactory(username="ada", is_staff=True, is_superuser=True)
    meeting = factories.MeetingFactory(room__guest_access="link", ended=True)
    permalink = factories.PermalinkFactory()
    uuids = {
        "room": meeting.room.uuid,
        "meeting": meeting.uuid,
        "recording": factories.RecordingFactory(meeting=meeting).uuid,
        "snapshot": factories.SnapshotFactory(meeting=meeting).uuid,
        "file": factories.RoomFileFactory(meeting=meeting).uuid,
        "broadcast": factories.BroadcastFactory(meeting=meeting, stopped=True).uuid,
        "invitation": factories.InvitationFactory(room=meeting.room).uuid,
        "saved-target": factories.BroadcastTargetFactory().uuid,
        "delivery": factories.DeliveryFactory().digest,
        "stage": meeting.uuid,
        "forward": meeting.uuid,
        "permalink": permalink.room.uuid,
        "permalink-host": permalink.room.uuid,
    }
    paths = json.loads(document.read_text(encoding="utf-8"))["paths"]
    (tmp_path / "schemathesis.toml").write_text(values_for(paths, uuids), encoding="utf-8")

    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(document)),
            *("--url", live_server.url, "--auth", "ada:password", "--checks", CHECKS),
            *("--max-examples", os.environ.get("EYESON_TEST_EXAMPLES", "10"), "--no-color"),
            *("--phases", "fuzzing"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )

    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    count = sum(map(len, paths.values()))
    assert f"Selected: {count}/{count}" in run.stdout
