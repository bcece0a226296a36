"""In which of the site's databases the package works, and views that hold no transaction of any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.apps import apps
from django.db import connections, router, transaction

View = TypeVar("View", bound=Callable[..., Any])


def database_alias() -> str:
    """Return the alias of the database to which the site's routers send what the package writes.

    All tables of the package and the users are there (system check E025). What is asked or done without naming an
    alias goes to `default`, which may be another database or none.
    """
    return router.db_for_write(apps.get_model("eyeson_meetings", "Room"))


def in_no_transaction(view: View) -> View:
    """Let ATOMIC_REQUESTS of no database put a transaction around `view`, and return it."""
    for alias in connections:
        transaction.non_atomic_requests(using=alias)(view)
    return view
