"""Pages of the example site at five widths, a refused form, and a meeting in a frame."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .shots import Shot, ShotServer
from .test_accessibility import (
    World,
    as_example_site,
    shots_of,
    visits_of_example,
    visits_of_package,
    world,
)

__all__ = ["world"]

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

WIDTHS = (320, 390, 820, 1024, 1280)
#: WCAG 2.5.8: links within a sentence may be smaller.
LEAST_PX = 24
LOOKED_AT = (
    "list of the host",
    "appointments:detail, running, host",
    "appointments:meeting, running, host",
    "book, mistakes",
    "lobby, running",
    "framed lobby",
    "guest without a name",
)


@pytest.fixture
def shots(world: World, settings: Any) -> dict[str, Shot]:
    """The pages to look at, by their labels."""
    as_example_site(settings)
    visits = visits_of_package(world) | visits_of_example(world)
    wanted = {name: [v for v in found if v[0] in LOOKED_AT] for name, found in visits.items()}
    return {shot.label: shot for shot in shots_of(wanted)}


def test_pages_fit_all_widths_and_refused_forms_have_the_focus(
    browser: Browser, shots: dict[str, Shot]
) -> None:
    context = browser.new_context()
    page = context.new_page()
    too_wide = []
    with ShotServer() as server:
        for label in LOOKED_AT:
            server.show(page, shots[label])
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate(
                    """() => [...document.querySelectorAll(".card *, .eyeson-card *")].filter((part) => {
                      const card = part.closest(".card, .eyeson-card").getBoundingClientRect();
                      const box = part.getBoundingClientRect();
                      const isSeen = box.width > 1 && !part.closest(".eyeson-hidden");
                      return isSeen && (box.right > card.right + 1 || box.left < card.left - 1);
                    }).map((part) => part.outerHTML.slice(0, 80)).concat(
                      document.documentElement.scrollWidth > innerWidth ? ["the page"] : [])"""
                )
                too_wide += [f"{label}, {width}: {part}" for part in wide]
            if label == "appointments:meeting, running, host":
                assert_targets_and_frame_fit(page)
            if label in ("book, mistakes", "guest without a name"):
                assert page.title().strip().startswith("Error:")
                field = page.locator(":focus")
                assert field.get_attribute("aria-invalid") == "true"
                described = (field.get_attribute("aria-describedby") or "").split()
                assert page.locator(f"#{described[-1]}").inner_text()
                assert page.get_by_role("alert").count() == 0
    context.close()

    assert too_wide == []


def assert_targets_and_frame_fit(page: Page) -> None:
    bar = page.locator(".eyeson-frame-bar")
    for name in ("Back", "Open in a new tab"):
        box = bar.get_by_role("link", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= LEAST_PX
    for target in page.locator(".site-nav a, .site-nav button").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= LEAST_PX
    frame = page.locator("iframe").bounding_box()
    assert frame is not None
    assert 800 - 40 <= frame["y"] + frame["height"] <= 800
    assert page.locator("h1").count() == 1
