"""The Content-Security-Policy that the pages are promised to work under."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from example_project.appointments.models import Appointment
from eyeson_meetings.testing.factories import MeetingFactory, RecordingFactory
from eyeson_meetings.testing.sandbox import EyesonSandbox

pytestmark = pytest.mark.django_db


def policy_of(answer: Any) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_the_sandbox_is_the_one_place_elsewhere(
    client: Client, eyeson_sandbox: EyesonSandbox
) -> None:
    policy = policy_of(client.get("/accounts/login/"))

    assert policy["default-src"] == "'self'"
    assert policy["form-action"] == policy["frame-src"] == f"'self' {eyeson_sandbox.url}"
    assert "script-src" not in policy
    assert "style-src" not in policy


def test_with_a_real_account_it_is_the_meeting_page(client: Client, settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": {"API_KEY": "a-real-one"}}}

    policy = policy_of(client.get("/accounts/login/"))

    assert policy["form-action"] == policy["frame-src"] == "'self' https://app.eyeson.team"


def test_a_file_keeps_its_own(
    client: Client, host: Any, appointment: Appointment, eyeson_sandbox: EyesonSandbox
) -> None:
    recording = RecordingFactory(
        meeting=MeetingFactory(room=appointment.room), store_state="stored", size_bytes=3
    )
    recording.file.save("x.webm", ContentFile(b"abc"))
    client.force_login(host)

    answer = client.get(reverse("eyeson:recording-file", args=[recording.uuid]))

    assert answer.getvalue() == b"abc"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_no_page_has_an_inline_script_or_style(
    client: Client, host: Any, appointment: Appointment
) -> None:
    RecordingFactory(
        meeting=MeetingFactory(room=appointment.room), store_state="stored", size_bytes=7
    )
    pages = [client.get("/accounts/login/"), client.get("/nowhere/")]
    client.force_login(host)
    host.is_superuser = True
    host.save()
    pages += [
        client.get(path)
        for path in (
            "/appointments/",
            "/appointments/new/",
            appointment.get_absolute_url(),
            reverse("eyeson:join", args=[appointment.room.uuid]),
        )
    ]

    for page in pages:
        text = page.content.decode()
        assert "</html>" in text
        assert not re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", text)
