"""Settings out of environment variables."""

from __future__ import annotations

import os

YES = frozenset({"1", "true", "yes", "on"})


def text(name: str, default: str = "") -> str:
    """The variable without blanks at its ends; `default` when it is missing or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """Whether the variable says yes; `default` when it is missing or empty."""
    value = text(name)
    return value.lower() in YES if value else default


def words(name: str, default: str = "") -> list[str]:
    """The variable split at its commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def seconds(name: str, default: float) -> float:
    """The variable as a number of seconds. Raises ValueError when it is none."""
    return float(text(name, str(default)))
