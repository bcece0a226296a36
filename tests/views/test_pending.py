"""Buttons that lead to eyeson show that they wait: in every template of the package."""

from __future__ import annotations

import re
from pathlib import Path

import eyeson_meetings

TEMPLATES = Path(eyeson_meetings.__file__).parent / "templates"
BUTTON = re.compile(r'<button\s+type="submit".*?</button>', re.DOTALL)
PENDING = re.compile(r"data-eyeson-pending=.*?<span>.*</span>", re.DOTALL)
SCRIPT = "eyeson_meetings/pending.js"


def buttons() -> list[tuple[Path, str]]:
    """Return each submit button of the templates with its file."""
    return [
        (path, button)
        for path in sorted(TEMPLATES.rglob("*.html"))
        for button in BUTTON.findall(path.read_text())
    ]


def test_every_submit_button_has_a_pending_text() -> None:
    found = buttons()

    assert len(found) >= 8
    assert [(path.name, button) for path, button in found if not PENDING.search(button)] == []


def test_every_page_with_such_a_button_loads_the_script() -> None:
    # The admin loads it with the media of each class.
    pages = {path for path, _ in buttons() if "admin" not in path.parts}

    assert [path.name for path in pages if SCRIPT not in path.read_text()] == []
