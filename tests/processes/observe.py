"""`python -m tests.processes.observe`: `eyeson_observe`, which takes no slow machine for a layer that is down."""

from __future__ import annotations

import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    from eyeson_meetings.live import hints, relays

    for module in (hints, relays):
        module.LAYER_TIMEOUT_SECONDS = 60.0  # type: ignore[attr-defined]
    call_command("eyeson_observe", *sys.argv[1:])
