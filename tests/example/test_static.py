"""Static files with hashes in their names, as a site in production has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from example_project.appointments.models import Appointment

HASHED = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}


@pytest.mark.django_db
def test_pages_and_style_sheets_name_files_with_hashes_that_are_there(
    client: Client, host: Any, appointment: Appointment, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": HASHED}
    call_command("collectstatic", interactive=False, verbosity=0)
    client.force_login(host)

    page = client.get(reverse("appointments:meeting", args=[appointment.pk])).content.decode()

    named = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert {re.sub(r"\.[0-9a-f]{12}\.", ".", name) for name in named} >= {
        "eyeson_meetings/eyeson.css",
        "eyeson_meetings/frame.js",
        "appointments/site.css",
    }
    assert [name for name in named if not re.search(r"\.[0-9a-f]{12}\.", name)] == []
    assert [name for name in named if not (tmp_path / name).is_file()] == []
    styles = next(name for name in named if "eyeson.css" in re.sub(r"\.[0-9a-f]{12}", "", name))
    assert re.search(r"pending\.[0-9a-f]{12}\.css", (tmp_path / styles).read_text())


@pytest.mark.django_db
def test_the_icon_is_asked_for_by_its_hashed_name_once_there_is_one(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": HASHED}
    call_command("collectstatic", interactive=False, verbosity=0)

    answer = client.get("/favicon.ico")

    assert re.fullmatch(r"/static/appointments/icon\.[0-9a-f]{12}\.svg", answer.headers["Location"])


def test_no_script_names_another_which_would_lose_its_hash() -> None:
    # Django renames what scripts import only where a site asks for it.
    folder = Path(__file__).parents[2] / "eyeson_meetings" / "static" / "eyeson_meetings"
    scripts = list(folder.glob("*.js"))

    assert scripts
    for script in scripts:
        assert not re.search(r"^\s*(import|export)\b|\bimport\(", script.read_text(), re.MULTILINE)
