"""The eyeson options of a room: what they may be, wherever they come from, and those of a new room."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _

from eyeson_meetings import conf
from eyeson_meetings.client.links import web_page
from eyeson_meetings.exceptions import ConfigurationError, ValueRefusedError

Check = Callable[[Any], bool]
_COLOUR = re.compile("#[0-9a-fA-F]{6}")


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_one_of(*names: str) -> Check:
    return lambda value: value in names


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_web_address(value: Any) -> bool:
    return isinstance(value, str) and web_page(value) != ""


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and _COLOUR.fullmatch(value) is not None


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


def option_faults(options: Any) -> list[str]:
    """Return what is wrong with the options, a sentence each; none when a room can have them."""
    if not isinstance(options, Mapping):
        return [_('Options are a JSON object, such as {"widescreen": true}.')]
    if not _can_be_kept(options):
        return [_("This is no JSON that can be kept.")]
    return [fault for name, value in options.items() if (fault := _fault_of(name, value))]


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options. Raises ValueRefusedError, with all that is wrong, for ones that a room cannot have."""
    faults = option_faults(options)
    if faults:
        raise ValueRefusedError(" ".join(faults), field="options")
    return dict(options)


def options_of_new_room(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options for a new room: the given ones, or those of `EYESON["ROOM_OPTIONS"]` when it is None.

    Raises ValueRefusedError for options that a room cannot have; ConfigurationError when the setting has such ones.
    """
    if options is not None:
        return plain_options(options)
    default = conf.setting("ROOM_OPTIONS")
    faults = option_faults(default)
    if faults:
        raise ConfigurationError(f'EYESON["ROOM_OPTIONS"] is wrong: {" ".join(faults)}')
    return dict(default)


def _can_be_kept(options: Mapping[str, Any]) -> bool:
    """Return whether a database takes it: json.loads lets NaN, halves of surrogate pairs and NUL through."""
    try:
        text = json.dumps(dict(options), allow_nan=False, ensure_ascii=False)
        text.encode()
    except (RecursionError, TypeError, ValueError):
        return False
    return "\\u0000" not in text


def _fault_of(name: Any, value: Any) -> str:
    if not isinstance(name, str):
        return _("The name of an option is text.")
    if name in OPTIONS:
        return "" if OPTIONS[name](value) else _("This is no value for %(name)s.") % {"name": name}
    meant = get_close_matches(name, OPTIONS, n=1, cutoff=0.75)
    if not meant:
        return ""
    return _("eyeson knows no option %(name)s. Did you mean %(meant)s?") % {
        "name": name,
        "meant": meant[0],
    }
