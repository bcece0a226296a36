"""What may stand in a name that people type."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from eyeson_meetings.sanitizing import has_unseen

UNSEEN_WORDS = _(
    "This name has characters in it that nobody sees, or that turn the text around. "
    "Type it again without them."
)


def refuse_unseen(text: str) -> None:
    """Raise ValidationError for a name with characters that nobody sees, or that turn the text around."""
    if has_unseen(text):
        raise ValidationError(UNSEEN_WORDS, code="unseen")
