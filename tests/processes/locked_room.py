"""Two workers of four slots, one room whose row is locked, and others that want to go on. Prints JSON.

`python -m tests.processes.locked_room FOLDER`; the folder is empty, and the settings are those of the tests.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from tools.redis_server import RedisServer

from .database_away import FOLDER, Database

DELIVERIES = 40
#: Much longer than a refused lock puts anything off, so that each is tried again and again meanwhile.
LOCKED_SECONDS = 60.0
#: Of what follows a traceback that should not be.
LINES_SHOWN = 60


def main() -> None:
    """Make the site and its neighbours, lock the room, and watch."""
    from eyeson_meetings.sandbox.server import SandboxServer

    database = Database()
    database.start()
    sandbox = SandboxServer()
    with ExitStack() as stack:
        stack.callback(database.stop)
        sandbox.start()
        stack.callback(sandbox.stop)
        redis = stack.enter_context(RedisServer())
        os.environ |= {
            "DATABASE_URL": database.url,
            "EYESON_TEST_BASE_URL": sandbox.url,
            "EYESON_TEST_BROKER_URL": redis.url,
            "EYESON_TEST_MEDIA_DIR": str(FOLDER / "media"),
        }
        sys.stdout.write(json.dumps(watch(sandbox, redis.url)) + "\n")


def watch(sandbox: Any, broker_url: str) -> dict[str, Any]:
    """Return after how many seconds what was done, and what the workers logged."""
    import django

    django.setup()
    from django.core.management import call_command

    from eyeson_meetings import tasks
    from eyeson_meetings.models import Delivery, Meeting, Recording
    from tests.locks import asleep_on

    call_command("migrate", verbosity=0)
    locked, free = (in_meeting(sandbox) for _ in range(2))
    recording = recorded(sandbox, free)
    seen: dict[str, Any] = {}
    with working(sandbox, broker_url) as logs:
        with asleep_on(locked.room):
            began_at = time.monotonic()

            def took(name: str, is_so: Callable[[], Any]) -> None:
                wait_for(is_so)
                seen[name] = time.monotonic() - began_at

            now = now_at(sandbox)
            deliver(locked.room.eyeson_id, DELIVERIES)
            deliver(free.room.eyeson_id, 5)
            tasks.hint_sync("default")
            tasks.hint_fetch(recording)
            others = Delivery.objects.filter(room_eyeson_id=free.room.eyeson_id)
            took("deliveries", lambda: others.filter(state="done").count() == 5)
            took("fetched", lambda: Recording.objects.filter(pk=recording.pk, store_state="stored"))
            took("synced", lambda: Meeting.objects.filter(pk=free.pk, alive_at__gte=now).exists())
            wait_for(lambda: time.monotonic() - began_at > LOCKED_SECONDS, beat=True)
            began_at = time.monotonic()
            deliver(free.room.eyeson_id, 5)
            took("later_deliveries", lambda: others.filter(state="done").count() == 10)
            mine = Delivery.objects.filter(room_eyeson_id=locked.room.eyeson_id)
            seen["locked"] = sorted(set(mine.values_list("state", "attempts")))
        wait_for(lambda: not mine.filter(state="received").exists(), beat=True)
        seen["afterwards"] = sorted(set(mine.values_list("state", "attempts", "error")))
        seen["count"] = mine.count()
    lines = [line for log in logs for line in log.read_text().splitlines()]
    seen["tracebacks"] = [
        lines[number - 1 : number + LINES_SHOWN]
        for number, line in enumerate(lines)
        if "Traceback" in line
    ]
    seen["warnings"] = [line for line in lines if "WARNING" in line and "locked" in line]
    return seen


@contextmanager
def working(sandbox: Any, broker_url: str) -> Iterator[list[Any]]:
    """Run two workers of four slots; yield the files of what they log."""
    from tests.flows.conftest import Worker

    logs = [FOLDER / f"worker-{number}.log" for number in range(2)]
    with ExitStack() as stack:
        for log in logs:
            worker = Worker(sandbox, broker_url, str(FOLDER / "media"), log, slots=4)
            stack.callback(worker.stop)
            worker.start()
        yield logs


def in_meeting(sandbox: Any) -> Any:
    """Start a meeting of which the site holds a key."""
    from tests.services.meetings import start_meeting

    return start_meeting(sandbox)[0]


def recorded(sandbox: Any, meeting: Any) -> Any:
    """Return a recording of the meeting that is to be fetched."""
    from eyeson_meetings.services import recordings
    from eyeson_meetings.services.asking import Pacer
    from eyeson_meetings.services.sync import sync_account

    recordings.start_recording(meeting=meeting)
    recordings.stop_recording(meeting=meeting)
    sandbox.advance(2)
    sync_account("default", pacer=Pacer(sleep=lambda seconds: None))
    return meeting.recordings.get(available_at__isnull=False)


def now_at(sandbox: Any) -> datetime:
    """Return eyeson's time, in whole seconds, and let a second go by before it."""
    from datetime import UTC

    sandbox.advance(2)
    return datetime.fromtimestamp(int(sandbox.state.clock.now()), UTC)


def deliver(room_eyeson_id: str, count: int) -> None:
    """Let so many webhooks about the room come, as the webhook view takes them."""
    from eyeson_meetings import tasks
    from eyeson_meetings.services import inbox
    from tests.webhooks import signature_of

    for number in range(count):
        payload = {
            "type": "room_update",
            "timestamp": int(time.time()),
            "number": f"{time.monotonic()}-{number}",
            "room": {"id": room_eyeson_id, "name": "Desk", "ready": True},
        }
        body = json.dumps(payload).encode()
        inbox.receive(body=body, signature=signature_of(body))
        tasks.hint_deliveries()


def wait_for(is_so: Callable[[], Any], *, beat: bool = False) -> None:
    """Wait until it is so; with `beat`, a scheduler sends its messages meanwhile, sooner than a real one."""
    from eyeson_meetings import tasks

    ends_at = time.monotonic() + 120
    while not is_so():
        if time.monotonic() > ends_at:
            raise TimeoutError
        if beat:
            tasks._send(tasks.process_deliveries)
            tasks._send(tasks.look_at_running)
        time.sleep(0.5)


if __name__ == "__main__":
    main()
