"""What can be wrong in `EYESON["ROOM_OPTIONS"]`, and what everybody inside a meeting may do by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from eyeson_meetings import conf
from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.services.room_options import option_faults

from .messages import error, information

#: Option → what it allows, and whether eyeson allows it when nobody says so (API reference 3.4).
ALLOWED_BY = {
    "recording_available": ("record", True),
    "broadcast_available": ("broadcast", True),
    "layout_available": ("set the layout", True),
    "kick_available": ("remove people", True),
    "lock_available": ("lock the meeting", False),
}
#: No option forbids these.
ALWAYS_ALLOWED = ("take snapshots", "end the meeting for all")


@register
def check_room_options(**kwargs: Any) -> list[CheckMessage]:
    """Options that no room can have."""
    try:
        options = conf.setting("ROOM_OPTIONS")
    except ConfigurationError:
        return []
    return [
        error(
            26,
            f'EYESON["ROOM_OPTIONS"] is wrong. {fault}',
            'Use eyeson options by their names, such as {"broadcast_available": False}, or {}.',
        )
        for fault in option_faults(options)
    ]


@register(Tags.security, deploy=True)
def check_what_everybody_may(**kwargs: Any) -> list[CheckMessage]:
    """Say what everybody inside a meeting may do. Only for `check --deploy`: there is nothing to mend."""
    try:
        options = conf.setting("ROOM_OPTIONS")
    except ConfigurationError:
        return []
    if not isinstance(options, Mapping):
        return []
    acts = [act for name, (act, default) in ALLOWED_BY.items() if options.get(name, default)]
    return [
        information(
            1,
            f"Everybody inside a meeting, guests too, may {', '.join([*acts, *ALWAYS_ALLOWED])}: "
            "the options of a room know no roles.",
            'EYESON["ROOM_OPTIONS"] forbids it in new rooms, to hosts and to the buttons of the site as well. See '
            '"A strict site" in the permissions cookbook.',
        )
    ]
