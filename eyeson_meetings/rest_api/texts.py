"""Text, times and JSON from clients: nothing that a database, a page or an answer could not bear."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import ISO_8601, serializers

from eyeson_meetings.models.names import UNSEEN_WORDS
from eyeson_meetings.sanitizing import has_unseen, is_readable
from eyeson_meetings.services.room_options import option_faults

LONGEST_METADATA_BYTES = 16 * 1024
DEEPEST_METADATA = 20
#: Times beyond these overflow in some time zone or database.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2999, 1, 1, tzinfo=UTC)


class NameField(serializers.CharField):
    """A name for people. One with characters that nobody sees, or that turn the text around, is refused."""

    default_error_messages: ClassVar = {"unseen": UNSEEN_WORDS}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 255, **options})

    def to_internal_value(self, data: Any) -> str:
        """The name. Raises ValidationError, also for one of which people see nothing unless it may be blank."""
        name: str = super().to_internal_value(data)
        if has_unseen(name):
            self.fail("unseen")
        if not is_readable(name) and not self.allow_blank:
            self.fail("blank")
        return name


class MomentField(serializers.DateTimeField):
    """A time in ISO 8601, whatever formats the site's `REST_FRAMEWORK` names for its own API."""

    format = ISO_8601
    input_formats = (ISO_8601,)


class MetadataField(serializers.DictField):
    """A JSON object of the site's own: at most 16 KiB and 20 levels, without what PostgreSQL refuses."""

    default_error_messages = {
        "too_large": gettext_lazy("This is longer than 16 KiB."),
        "too_deep": gettext_lazy("This has more than 20 levels."),
        "not_storable": gettext_lazy("This has text or a number that cannot be stored."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The object as it came. Raises ValidationError."""
        value: dict[str, Any] = super().to_internal_value(data)
        self._check(value, 1)
        if len(json.dumps(value)) > LONGEST_METADATA_BYTES:
            self.fail("too_large")
        return value

    def _check(self, value: Any, level: int) -> None:
        if level > DEEPEST_METADATA:
            self.fail("too_deep")
        if isinstance(value, dict):
            for name, part in value.items():
                self._check(name, level)
                self._check(part, level + 1)
        elif isinstance(value, list):
            for part in value:
                self._check(part, level + 1)
        elif (
            isinstance(value, str)
            and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)
            or isinstance(value, float)
            and not math.isfinite(value)
        ):
            self.fail("not_storable")


class OptionsField(MetadataField):
    """The eyeson options of a room, by the same rules as in the admin."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The options as they came. Raises ValidationError with all that is wrong."""
        options = super().to_internal_value(data)
        faults = option_faults(options)
        if faults:
            raise serializers.ValidationError(faults)
        return options


def refuse_far_times(moment: datetime) -> None:
    """A validator. Raises ValidationError for a time before 1970 or after 2998."""
    if not EARLIEST < moment < LATEST:
        raise serializers.ValidationError(_("This time is too far away."))
