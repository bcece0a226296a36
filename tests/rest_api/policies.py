"""A policy that a site could have."""

from __future__ import annotations

from typing import Any

from eyeson_meetings.models import Room
from eyeson_meetings.policies import DefaultPolicy


class EverybodyMakesRooms(DefaultPolicy):
    """Everybody makes rooms, and nobody records."""

    def can_create_room(self, user: Any) -> bool:
        """Everybody."""
        return True

    def can_record(self, user: Any, room: Room) -> bool:
        """Nobody."""
        return False


class NobodyOperates(DefaultPolicy):
    """Django's permissions alone operate nothing."""

    def can_operate(self, user: Any) -> bool:
        """Refuse everybody."""
        return False
