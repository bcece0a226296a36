"""The eyeson options of a room as a form field: JSON that eyeson can read and the database can keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from eyeson_meetings.client.links import web_page

Check = Callable[[Any], bool]


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_one_of(*names: str) -> Check:
    return lambda value: value in names


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_web_address(value: Any) -> bool:
    return isinstance(value, str) and web_page(value) != ""


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 7 and value.startswith("#")


#: Option → what it may be (API reference 3.4). Names that eyeson may add later are let through.
OPTIONS: dict[str, Check] = {
    "show_names": _is_boolean,
    "show_label": _is_boolean,
    "exit_url": _is_web_address,
    "recording_available": _is_boolean,
    "broadcast_available": _is_boolean,
    "layout_available": _is_boolean,
    "reaction_available": _is_boolean,
    "guest_token_available": _is_boolean,
    "lock_available": _is_boolean,
    "kick_available": _is_boolean,
    "suggest_guest_names": _is_boolean,
    "sfu_mode": _is_one_of("disabled", "screencast", "ptp"),
    "widescreen": _is_boolean,
    "background_color": _is_colour,
    "audio_insert": _is_one_of("enabled", "disabled", "audio_only"),
    "audio_insert_position": _is_object,
    "layout": _is_one_of("auto", "custom"),
    "voice_activation": _is_boolean,
    "custom_fields": _is_object,
}


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
            # What json.loads lets through and no database takes: NaN, lone surrogates, NUL.
            text = json.dumps(options, allow_nan=False, ensure_ascii=False)
            text.encode()
        except (RecursionError, ValueError):
            raise ValidationError(_("This is no JSON that can be kept.")) from None
        if "\\u0000" in text:
            raise ValidationError(_("This is no JSON that can be kept."))
        return self._checked(options)

    def _checked(self, options: Any) -> dict[str, Any]:
        if options is None:
            return {}
        if not isinstance(options, dict):
            raise ValidationError(_('Options are a JSON object, such as {"widescreen": true}.'))
        faults = [fault for name, value in options.items() if (fault := _fault_of(name, value))]
        if faults:
            raise ValidationError(faults)
        return options


def _fault_of(name: str, value: Any) -> str:
    if name in OPTIONS:
        return "" if OPTIONS[name](value) else _("This is no value for %(name)s.") % {"name": name}
    meant = get_close_matches(name, OPTIONS, n=1, cutoff=0.75)
    if not meant:
        return ""
    return _("eyeson knows no option %(name)s. Did you mean %(meant)s?") % {
        "name": name,
        "meant": meant[0],
    }
