"""docs/template-tags.md names every tag, filter and template that there is."""

from __future__ import annotations

from pathlib import Path

import eyeson_meetings
from eyeson_meetings.templatetags import eyeson

TEXT = (Path(__file__).parents[2] / "docs" / "template-tags.md").read_text()
TEMPLATES = Path(eyeson_meetings.__file__).parent / "templates" / "eyeson_meetings"


def test_every_tag_and_filter_is_in_the_documentation() -> None:
    names = [*eyeson.register.tags, *eyeson.register.filters]

    assert len(names) >= 12
    assert [name for name in names if name not in TEXT] == []


def test_every_template_that_a_site_may_replace_is_in_the_documentation() -> None:
    templates = [path.name for path in TEMPLATES.rglob("*.html")]

    assert len(templates) >= 16
    assert [name for name in templates if f"{name}`" not in TEXT] == []


def test_every_ability_is_in_the_documentation() -> None:
    for abilities in eyeson.ABILITIES.values():
        for ability in abilities:
            assert f"`{ability}`" in TEXT
