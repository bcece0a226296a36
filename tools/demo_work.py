"""Run `manage.py eyeson_work` every few seconds: what the demo does where there is no Redis for a worker."""

from __future__ import annotations

import sys
import time

import django
from django.core.management import CommandError, call_command
from django.db import close_old_connections

EVERY_SECONDS = 5.0


def main() -> None:
    """Work until somebody stops us."""
    django.setup()
    while True:
        try:
            call_command("eyeson_work")
        except CommandError as error:
            # The service may be away for a moment; what is due now is due then.
            print(error, file=sys.stderr)
        close_old_connections()
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    main()
