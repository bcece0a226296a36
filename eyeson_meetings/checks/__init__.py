"""System checks of the setting `EYESON` and of what it needs from its neighbours.

Each message has an id, listed in `docs/checks.md`, and a hint that mends. No check asks eyeson, opens a
database connection or shows the value of a key.
"""

from .channel_layer import check_channel_layer
from .room_options import check_room_options, check_what_everybody_may
from .settings import VALUE_CHECKS, check_settings
from .surroundings import (
    check_database,
    check_neighbours,
    check_urls,
    check_user_database,
)

__all__ = [
    "VALUE_CHECKS",
    "check_channel_layer",
    "check_database",
    "check_neighbours",
    "check_room_options",
    "check_settings",
    "check_urls",
    "check_user_database",
    "check_what_everybody_may",
]
