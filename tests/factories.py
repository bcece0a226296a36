"""The factories that ship with the package. Add new ones there."""

from __future__ import annotations

from eyeson_meetings.testing.factories import *  # noqa: F403
