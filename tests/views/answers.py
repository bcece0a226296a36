"""What tests of pages look at: headers, rows, and where an answer leads."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps

from eyeson_meetings.models import AccountClock, EntryCount

#: Names that would run if a page did not escape them.
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7|add:7 }}{% debug %}",
]


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of the package's tables, column by column; not what answers tell of eyeson's clock, nor the counts of tries."""
    models = apps.get_app_config("eyeson_meetings").get_models()
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in models
        if model not in (AccountClock, EntryCount)
    }


def shown_rows() -> dict[str, list[dict[str, Any]]]:
    """All rows but those of ids under which somebody has tried to enter: nothing shows these."""
    rows = all_rows()
    people = rows["Participant"]
    return {**rows, "Participant": [row for row in people if row["unconfirmed_since"] is None]}


def assert_page_headers(response: Any, *, referrer_policy: str = "same-origin") -> None:
    """No cache keeps the answer, no search engine lists it, no other site frames it."""
    assert response.headers["Referrer-Policy"] == referrer_policy
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"


def assert_leads_into_meeting(response: Any, base_url: str) -> None:
    """A 303 to a personal meeting page, which tells nobody where it came from."""
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{base_url}/?")
    assert response.content == b""
    assert_page_headers(response, referrer_policy="no-referrer")


def shown_notices(page: str) -> dict[str, bool]:
    """Which of the notices, all of which are on the page, are not hidden."""
    notices = re.findall(r'data-eyeson-notice="(\w+)"[^>]*?(\bhidden)?>', page)
    return {name: not hidden for name, hidden in notices}
