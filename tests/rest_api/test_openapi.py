"""The OpenAPI document says what the API does, and the API works without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from eyeson_meetings.rest_api.urls import urlpatterns


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The document, which validates without a warning."""
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--format=openapi-json", f"--file={path}"
    )
    return json.loads(path.read_text(encoding="utf-8"))


def test_every_endpoint_is_described_by_a_sentence(document: Any) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    views: list[Any] = [pattern.callback for pattern in urlpatterns]
    assert len(operations) == sum(len({*view.actions} - {"head"}) for view in views)
    assert all(operation["summary"].endswith(".") for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_every_error_has_the_one_shape(document: Any) -> None:
    shape = {"$ref": "#/components/schemas/Problem"}
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"] == shape


def test_what_asks_eyeson_may_be_refused(document: Any) -> None:
    join = document["paths"]["/meetings/api/v1/rooms/{uuid}/join/"]["post"]

    assert {"200", "403", "404", "409", "429", "502", "503"} <= set(join["responses"])
    assert "requestBody" not in join


def test_no_get_asks_eyeson(document: Any) -> None:
    """Make what asks eyeson a POST: links are followed and repeated by whoever finds them."""
    answers = {
        path: set(each.get("get", {}).get("responses", {}))
        for path, each in document["paths"].items()
    }

    assert [path for path, statuses in answers.items() if "502" in statuses] == []


def test_lists_name_their_filters_and_cursors(document: Any) -> None:
    recordings = document["paths"]["/meetings/api/v1/recordings/"]["get"]

    names = {parameter["name"] for parameter in recordings["parameters"]}
    assert {"room", "meeting", "stored", "created_after", "cursor", "page_size"} <= names


def test_the_page_about_the_api_names_every_endpoint(document: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rest-api.md").read_text(encoding="utf-8")
    ours = [path.removeprefix("/meetings/api/v1/") for path in document["paths"]]

    assert [path for path in ours if f"`{path}`" not in page] == []


def test_the_document_does_not_depend_on_the_sites_own_schema_class(tmp_path: Path) -> None:
    own = {"DEFAULT_SCHEMA_CLASS": "rest_framework.schemas.openapi.AutoSchema"}

    with override_settings(REST_FRAMEWORK=own):
        call_command("spectacular", "--fail-on-warn", f"--file={tmp_path / 'openapi.yaml'}")

    assert "room_join" in (tmp_path / "openapi.yaml").read_text(encoding="utf-8")


def test_a_site_without_drf_spectacular_or_rest_framework_among_its_apps_has_the_api() -> None:
    program = """
import sys
sys.modules["drf_spectacular"] = None
from tests import settings as site
del site.REST_FRAMEWORK
site.INSTALLED_APPS = [
    app for app in site.INSTALLED_APPS if app not in ("drf_spectacular", "rest_framework")
]
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check")
response = Client().get("/meetings/api/v1/rooms/")
print(response.status_code, response.json()["code"])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300
    )

    assert run.stdout.splitlines()[-1:] == ["403 not_authenticated"], run.stderr
