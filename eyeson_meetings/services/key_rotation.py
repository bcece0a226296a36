"""Encrypt stored secrets again with the newest key, so that old keys can be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

from eyeson_meetings import crypto
from eyeson_meetings.exceptions import SecretUnreadableError

#: Rows that are read at once.
BATCH = 500


@dataclass(frozen=True, kw_only=True)
class RotationReport:
    """How many secrets there were, and never which."""

    #: Encrypted again with the newest key.
    rotated: int = 0
    #: Encrypted with the newest key already.
    current: int = 0
    #: No key of the site decrypts them; they stay as they are.
    unreadable: int = 0
    #: `limit` was reached before all rows were looked at.
    is_more: bool = False


def encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    """Return all columns of the package that hold encrypted text."""
    for model in apps.get_app_config("eyeson_meetings").get_models():
        for field in model._meta.concrete_fields:
            if field.name.endswith("_encrypted"):
                yield model, field.name


def rotate_keys(*, limit: int | None = None) -> RotationReport:
    """Encrypt secrets with the newest key, at most `limit` of them; those of that key already stay.

    Each row is written by a statement of its own, and only if its secret is still the one that was read. So
    the site may run meanwhile, and the command may be stopped and run again. Returns how many there were.
    """
    rotated = current = unreadable = 0
    is_more = False
    for model, column, pk, token in _secrets():
        if crypto.is_current(token):
            current += 1
            continue
        if limit is not None and rotated >= limit:
            is_more = True
            break
        try:
            fresh = crypto.rotate(token)
        except SecretUnreadableError:
            unreadable += 1
            continue
        # Without signals and `save`: nothing changes but the key.
        same = model._base_manager.filter(pk=pk, **{column: token})
        rotated += same.update(**{column: fresh})
    return RotationReport(rotated=rotated, current=current, unreadable=unreadable, is_more=is_more)


def _secrets() -> Iterator[tuple[type[models.Model], str, int, str]]:
    for model, column in encrypted_columns():
        rows = model._base_manager.exclude(**{column: ""}).order_by("pk")
        last = 0
        while batch := list(rows.filter(pk__gt=last).values_list("pk", column)[:BATCH]):
            for pk, token in batch:
                yield model, column, pk, token
            last = batch[-1][0]
