"""The examples of docs/testing.md that are not files of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.testing import factories, plugin
from eyeson_meetings.testing.sandbox import EyesonSandbox
from eyeson_meetings.testing.webhooks import SignedDelivery

TOP = Path(__file__).parent.parent.parent
PAGE = (TOP / "docs" / "testing.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.any_database


@pytest.mark.django_db
def test_the_example_of_a_webhook_by_hand_passes(
    signed_delivery: SignedDelivery, eyeson_room: Room, mailoutbox: list[Any]
) -> None:
    (example,) = [code for code in python_blocks() if "def test_a_guest_is_announced" in code]
    names: dict[str, Any] = {}

    exec(compile(example, "docs/testing.md", "exec"), names)  # noqa: S102 - our own page
    names["test_a_guest_is_announced"](signed_delivery, eyeson_room, mailoutbox)

    assert eyeson_room.participants.get().name == "Jonas"


@pytest.mark.django_db
def test_the_example_of_a_moved_clock_passes(
    eyeson_sandbox: EyesonSandbox, eyeson_meeting: Meeting
) -> None:
    (example,) = [code for code in python_blocks() if "def test_an_outage_of_13_days" in code]
    names: dict[str, Any] = {}

    exec(compile(example, "docs/testing.md", "exec"), names)  # noqa: S102 - our own page
    names["test_an_outage_of_13_days"](eyeson_sandbox, eyeson_meeting)


def test_the_page_names_what_there_is() -> None:
    fixtures = set(re.findall(r"`(eyeson_\w+|signed_delivery|assert_no_eyeson_calls)`", PAGE))
    made = set(re.findall(r"`(\w+Factory)\(", PAGE))

    assert {name for name in fixtures if hasattr(plugin, name)} >= {
        "eyeson_sandbox", "eyeson_host", "eyeson_room", "eyeson_meeting",
        "signed_delivery", "assert_no_eyeson_calls",
    }  # fmt: skip
    assert {name for name in made if not hasattr(factories, name)} == set()
    included = re.findall(r"literalinclude\} \.\./(\S+)", PAGE)
    assert [path for path in included if not (TOP / path).is_file()] == []


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
