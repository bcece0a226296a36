"""The eyeson options of a room as a form field."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from eyeson_meetings.services.room_options import option_faults


class OptionsField(forms.JSONField):
    """A JSON object of eyeson options, shown indented; empty means none."""

    def __init__(self, **kwargs: Any) -> None:
        """As any form field."""
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 8, "class": "eyeson-json-field"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Indented, so that people can read it."""
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value or {}, indent=2, ensure_ascii=False)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it was typed: not all of it can be read, and not all that is read be sent."""
        return initial if self.disabled else InvalidJSONInput(data or "")

    def to_python(self, value: Any) -> Any:
        """The options. Raises ValidationError, never anything else."""
        try:
            options = super().to_python(value)
        except (RecursionError, ValueError):
            raise ValidationError(_("This is no JSON that can be kept.")) from None
        options = {} if options is None else options
        faults = option_faults(options)
        if faults:
            raise ValidationError(faults)
        return options
