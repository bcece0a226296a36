"""The sandbox in the place of eyeson: one a process, started when first asked for, as new for each test."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.test import override_settings

from eyeson_meetings import conf
from eyeson_meetings.sandbox.calls import Call
from eyeson_meetings.sandbox.faults import Faults
from eyeson_meetings.sandbox.knobs import Knobs
from eyeson_meetings.sandbox.options import DEFAULT_API_KEY
from eyeson_meetings.sandbox.records import Meeting, Person, Webhook, new_id
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.sandbox.state import State

from .site_clock import SiteClock
from .webhooks import SignedDelivery

if TYPE_CHECKING:
    from eyeson_meetings.models import Room

#: What the site would register for.
WEBHOOK_TYPES = ("room_update", "recording_update", "snapshot_update", "participant_update")

# By process: a fork takes the entry along, but not the threads behind it.
_servers: dict[int, SandboxServer] = {}


def shared_sandbox() -> SandboxServer:
    """The sandbox of this process."""
    server = _servers.get(os.getpid())
    if server is None:
        server = SandboxServer()
        server.start()
        _servers[os.getpid()] = server
        atexit.register(stop_shared_sandbox)
    return server


def stop_shared_sandbox() -> None:
    """Stop the sandbox of this process, if one runs. The next test that asks gets another."""
    server = _servers.pop(os.getpid(), None)
    if server is not None:
        server.stop()


class EyesonSandbox:
    """eyeson, as a test sees it: what runs there, what was asked of it, and its clock.

    Whoever joins is online without opening a page. Webhooks are kept back until `deliver_webhooks`, which
    posts them to the site in the test's own thread and transaction.
    """

    def __init__(self, server: SandboxServer, api_keys: dict[str, str]) -> None:
        """Make `server` as new: nothing remembered, no calls, real time. `api_keys` by account."""
        self.server = server
        self.api_keys = api_keys
        self._site_clock = SiteClock()
        server.reset()
        server.state.clock.back_to_now()
        server.state.api_keys = tuple(api_keys.values())
        server.knobs.turn(auto_connect=True, drop_deliveries=True)

    @property
    def url(self) -> str:
        """Base address of its API."""
        return self.server.url

    @property
    def state(self) -> State:
        """All it remembers, live."""
        return self.server.state

    @property
    def knobs(self) -> Knobs:
        """Its settings, as they are for this test."""
        return self.server.knobs

    @property
    def faults(self) -> Faults:
        """Trouble to come: `faults.add("status", route="/rooms", status=503)`."""
        return self.server.service.faults

    @property
    def calls(self) -> list[Call]:
        """What the site asked, oldest first, by `method` and `route`."""
        return self.server.calls

    def advance(self, seconds: float, *, site: bool = False) -> None:
        """Move eyeson's clock forward, and the site's clock by the same amount if `site` is true.

        What falls due at eyeson happens before this returns. Several calls add up.

        Args:
            seconds: by how much, at least 0.
            site: also move `timezone.now()`, `datetime.now()` and `time.time()` of this process until the test
                ends; not `time.monotonic()`, and not the clocks of the database and of other processes.

        Raises:
            ValueError: `seconds` is negative.
            RuntimeError: `site` is true while freezegun holds the site's clock.
        """
        if site and seconds > 0:
            # First the site's: times from eyeson that are far ahead of it count as not said.
            self._site_clock.advance(seconds)
        else:
            forget_clocks()
        self.server.advance(seconds)

    def restore_site_clock(self) -> None:
        """Undo what `advance(site=True)` did to the site's clock. The fixture and `use_sandbox` call this."""
        self._site_clock.restore()

    def meeting_in(self, room: Room) -> Meeting | None:
        """The latest meeting in the room as eyeson knows it, running or ended."""
        return self.state.rooms.get(room.eyeson_id)

    def enter(self, room: Room, *, name: str = "Guest", guest: bool = True) -> Person:
        """Somebody comes in whom the site did not send. Raises LookupError when no meeting runs."""
        meeting = self._running_in(room)
        with self.state.locked():
            _, person = self.state.admit(meeting, name=name, user_id=None, avatar=None, guest=guest)
            self.state.connect(meeting, person)
        return person

    def leave(self, room: Room, name: str) -> None:
        """Somebody of that name goes. Raises LookupError when nobody of that name is in."""
        meeting = self._running_in(room)
        with self.state.locked():
            found = [person for person in meeting.online if person.name == name]
            if not found:
                present = ", ".join(person.name for person in meeting.online) or "nobody"
                raise LookupError(f'"{name}" is not in the meeting, where there is: {present}.')
            self.state.leave(meeting, found[0])

    def end(self, room: Room) -> None:
        """The meeting in the room ends, without the site. Raises LookupError when none runs."""
        meeting = self._running_in(room)
        with self.state.locked():
            self.state.end(meeting)

    def deliver_webhooks(self) -> int:
        """Post to the site whatever eyeson has to tell, in order; returns how many that were.

        Signals are sent as after a commit. Raises AssertionError when the site does not answer 204.
        """
        delivered = 0
        # A receiver may ask eyeson for something, which then has more to tell.
        while waiting := [one for one in self._told() if one.state == "dropped"]:
            for one in waiting:
                one.state = "sent"
                answer = SignedDelivery(key=one.team)(one.body)
                one.status = answer.status_code
                assert answer.status_code == 204, (  # noqa: S101 - this is how tests speak
                    f"The site answered {answer.status_code} to a {one.type}, and 204 was expected."
                )
            delivered += len(waiting)
        return delivered

    def settle(self, timeout_seconds: float = 60.0) -> bool:
        """Wait until all webhooks that are sent by themselves have been answered. False: not in time."""
        return self.server.settle(timeout_seconds)

    @contextmanager
    def assert_no_calls(self) -> Iterator[None]:
        """Fails when the site asks eyeson, or downloads from there, before the block ends."""
        asked_before, loaded_before = len(self.calls), len(self.server.downloads)
        yield
        called = self.calls[asked_before:] + self.server.downloads[loaded_before:]
        names = ", ".join(f"{call.method} {call.route}" for call in called)
        assert not called, f"eyeson was called: {names}."  # noqa: S101 - this is how tests speak

    def register_webhooks(self) -> None:
        """Have it tell the site what happens, as `manage.py eyeson_webhook register` does."""
        # In here: models are not loaded when plugins are.
        from eyeson_meetings.services.webhooks import webhook_url

        address = webhook_url()
        for api_key in self.api_keys.values():
            self.state.webhooks[api_key] = Webhook(new_id(), address, list(WEBHOOK_TYPES))

    def _told(self) -> list[Any]:
        with self.state.locked():
            return list(self.server.service.deliveries.sent)

    def _running_in(self, room: Room) -> Meeting:
        meeting = self.meeting_in(room)
        if meeting is None or meeting.ended_at is not None:
            raise LookupError(f'No meeting runs in "{room.name}".')
        return meeting


def forget_clocks() -> None:
    """Let the site know nothing of eyeson's clock, as before the first answer: it is about to jump."""
    # What pytest-django and Django raise in a test without a database, which has no answers either.
    with suppress(RuntimeError, AssertionError):
        apps.get_model("eyeson_meetings", "AccountClock").objects.all().delete()


def sandbox_api_keys() -> dict[str, str]:
    """An API key of the sandbox for each account of the site."""
    aliases = conf.account_aliases() or [conf.DEFAULT_ACCOUNT]
    return {
        alias: DEFAULT_API_KEY if alias == conf.DEFAULT_ACCOUNT else f"{DEFAULT_API_KEY}-of-{alias}"
        for alias in aliases
    }


def sandbox_settings(url: str, media_root: Path, **changes: Any) -> dict[str, Any]:
    """`EYESON` and `STORAGES` as the site has them, but with the sandbox and with files below `media_root`.

    No key of the site's own is left in there. `changes` are keys of `EYESON`.
    """
    eyeson = {**conf.user_settings(), "SPOOL_DIR": None, **changes}
    eyeson.pop("API_KEY", None)
    eyeson["PUBLIC_URL"] = eyeson.get("PUBLIC_URL") or "http://testserver"
    eyeson["ACCOUNTS"] = {
        alias: {"API_KEY": api_key, "BASE_URL": url, "SANDBOX": True}
        for alias, api_key in sandbox_api_keys().items()
    }
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(media_root)},
    }
    return {
        "EYESON": eyeson,
        "STORAGES": {**settings.STORAGES, conf.setting("STORAGE"): files},
    }


@contextmanager
def use_sandbox(**changes: Any) -> Iterator[EyesonSandbox]:
    """The sandbox in the place of eyeson while the block runs, and a folder that is removed for the files.

    Webhooks are mirrored where they arrive. `changes` are keys of `EYESON` for the time being.
    """
    with tempfile.TemporaryDirectory(prefix="eyeson-testing-") as folder:
        sandbox = EyesonSandbox(shared_sandbox(), sandbox_api_keys())
        values = sandbox_settings(sandbox.url, Path(folder), **{"PROCESSING": "inline", **changes})
        with override_settings(**values):
            sandbox.register_webhooks()
            try:
                yield sandbox
            finally:
                sandbox.restore_site_clock()
