"""A text that must not be seen: API keys, access keys, guest tokens, signed links."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a secret text. Shows as `***`, is neither JSON- nor pickle-able; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._text.encode(errors="replace"), other._text.encode(errors="replace")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret cannot be pickled.")


def revealed(value: Secret | str) -> str:
    """The text of a secret, or the text as it is."""
    return value.reveal() if isinstance(value, Secret) else value
