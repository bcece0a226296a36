"""Policies that let a test act amid a join: the site is asked for them between two calls to eyeson."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from eyeson_meetings.models import Room
from eyeson_meetings.policies import DefaultPolicy


class InterruptingPolicy(DefaultPolicy):
    """Runs `interruption` each time the options of a room are asked for: just before `POST /rooms`."""

    interruption: ClassVar[Callable[[Room], None]]

    def room_options(self, room: Room) -> dict[str, Any]:
        """The default's, after the interruption."""
        type(self).interruption(room)
        return super().room_options(room)
