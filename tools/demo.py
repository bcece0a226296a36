"""The example site with all it needs: `python tools/demo.py`, or `tox run -e demo`.

Starts the sandbox, a web server, a worker, a scheduler and an observer, makes users and appointments, and
stops all of it on Ctrl-C. `--smoke` does the main job by itself instead and exits with 0 or 1.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path
from typing import Any

# So that it runs from anywhere, with or without PYTHONPATH.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django
import redis
import requests
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

from tools.processes import Child, Children, FailedError, free_port
from tools.redis_server import RedisNotFoundError, RedisServer

TOP = Path(__file__).resolve().parent.parent
WEB_PORT = 8000
SANDBOX_PORT = 8900
PORTS_TRIED = 50
CHECK_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Two at a time, and no talk with other workers, of whom there are none.
WORKER_OPTIONS = (
    "--concurrency=2",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)
#: It looks up once a second, and only then sees that it is to stop.
BEAT_OPTIONS = ("--max-interval=1",)
WELCOME = """
Consulting hours: an example site for eyeson_meetings

  Site      {site}/
  Admin     {site}/admin/
  Sandbox   {sandbox}/_sandbox/console   (what eyeson would see)

  Sign in as   host      books appointments, records, may use the admin
               client    has appointments with the host
               nora, yusuf    other clients
               admin     may everything
  Password     {password}   (for all of them)

  Open an appointment as host, join, and join as client in another browser.

  Data and logs: {folder}
  Ctrl-C stops all of it.
"""


class Demo:
    """All that runs, and where."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Make the folder and choose the ports; nothing runs yet. Raises FailedError."""
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if options.keep is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="eyeson-demo-")
        self.folder = Path(options.keep or self._temporary.name).resolve()  # type: ignore[union-attr]
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        # In a smoke run nobody types the addresses, and several may run side by side.
        self.is_smoke: bool = options.smoke
        self.site = f"http://127.0.0.1:{self._port('site', options.port, WEB_PORT)}"
        self.sandbox = (
            f"http://127.0.0.1:{self._port('sandbox', options.sandbox_port, SANDBOX_PORT)}"
        )
        #: By which the sandbox repeats and shuffles webhooks; None: it does not.
        self.seed: int | None = None if options.calm else options.seed
        #: Without one, the site learns from the worker's looks what people start inside the meeting page.
        self.has_observer: bool = not (options.smoke or options.no_observer)
        self.redis = None if options.inline else self._find_redis()
        #: Of all keys in Redis, which may be somebody else's and serve several demos.
        self._prefix = f"consulting-hours-{secrets.token_hex(4)}:"
        self.children = Children(environment={}, logs=self.folder / "logs")

    def start(self) -> None:
        """Start Redis, sandbox and web server; make tables, users and appointments. Raises FailedError."""
        if self.redis is not None:
            self.redis.start()
        self.children.environment = self.environment()
        os.environ.update(self.children.environment)
        sandbox = ("-m", "eyeson_meetings.sandbox", "--port", _port_of(self.sandbox))
        self._python("sandbox", *sandbox, "--strict-credentials", *self._disorder())
        application = "example_project.asgi:application"
        # No access log: guest links are part of addresses.
        self._python("web", "-m", "daphne", "-v", "0", "-p", _port_of(self.site), application)
        django.setup()
        _manage("migrate", verbosity=0)
        _manage("demo_data")

    def open(self) -> None:
        """Start worker and beat, wait until all answer, register the webhook. Raises FailedError."""
        children = self.children
        if self.redis is not None:
            celery = ("-m", "celery", "--app", "example_project", "--quiet")
            worker = self._python("worker", *celery, "worker", "-l", "INFO", *WORKER_OPTIONS)
            schedule = str(self.folder / "beat-schedule")
            beat = self._python(
                "beat", *celery, "beat", "-l", "INFO", "-s", schedule, *BEAT_OPTIONS
            )
            children.wait_until(lambda: worker.has_said(" ready."), "the worker")
            children.wait_until(lambda: beat.has_said("beat: Starting"), "the scheduler")
            # The smoke run is to show what webhooks do by themselves.
            if self.has_observer:
                self._python("observer", "-m", "django", "eyeson_observe")
        else:
            self._python("work", str(TOP / "tools" / "demo_work.py"))
        children.wait_until(lambda: _answers(f"{self.sandbox}/_sandbox/state"), "the sandbox")
        # A slow machine is no site that is down: no webhook is given up.
        knobs = {"delivery_timeout_seconds": 60}
        requests.post(f"{self.sandbox}/_sandbox/knobs", json=knobs, timeout=60).raise_for_status()
        children.wait_until(lambda: _answers(f"{self.site}/accounts/login/"), "the web server")
        _manage("eyeson_webhook", "register")

    def environment(self) -> dict[str, str]:
        """Of every process: the sandbox is its eyeson, whatever account the user's own variables name."""
        ours = {
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "DJANGO_SETTINGS_MODULE": "example_project.settings",
            "EXAMPLE_DATA_DIR": str(self.folder),
            "EYESON_API_KEY": "sandbox-api-key",
            "EYESON_BASE_URL": self.sandbox,
            "EYESON_SANDBOX": "1",
            "PUBLIC_URL": self.site,
            "PYTHONPATH": str(TOP),
            "PYTHONUNBUFFERED": "1",
            "REDIS_URL": self.redis.url if self.redis else "",
            "REDIS_PREFIX": self._prefix,
            # The smoke run is to show what webhooks do by themselves.
            "SYNC_SECONDS": "3600" if self.is_smoke else "120",
        }
        return {**os.environ, **ours}

    def stop(self) -> None:
        """Stop all processes and remove what is ours alone."""
        self.children.stop()
        if self.redis is not None and not self.redis.is_ours:
            _forget(self.redis.url, self._prefix)
        if self.redis is not None:
            self.redis.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _disorder(self) -> tuple[str, ...]:
        """The sandbox's options that say whether webhooks come twice and shuffled, and by which seed."""
        return ("--calm",) if self.seed is None else ("--seed", str(self.seed))

    def _find_redis(self) -> RedisServer | None:
        try:
            return RedisServer()
        except RedisNotFoundError as error:
            print(f"{error}\nGoing on without a worker: `manage.py eyeson_work` every 5 seconds.\n")
            return None

    def _port(self, what: str, wanted: int | None, default: int) -> int:
        first = wanted if wanted is not None else 0 if self.is_smoke else default
        port = free_port_from(first)
        if port != first and first != 0:
            print(f"Port {first} is in use, so the {what} gets port {port}.")
        return port

    def _python(self, name: str, *arguments: str) -> Child:
        return self.children.start(name, sys.executable, *arguments)


def free_port_from(first: int) -> int:
    """The first free port from there on; 0: any. Raises FailedError when many are in use."""
    if not first:
        return free_port()
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise FailedError(f"The ports {first} to {first + PORTS_TRIED - 1} are all in use.")


def _manage(command: str, *arguments: str, **options: Any) -> None:
    """Run one of Django's commands in here: starting Django costs more than what they do."""
    try:
        call_command(command, *arguments, stdout=StringIO(), **options)
    except (CommandError, DatabaseError) as error:
        raise FailedError(f"manage.py {command}: {error}") from error
    finally:
        connections.close_all()


def _forget(redis_url: str, prefix: str) -> None:
    """Remove our keys from a Redis that goes on without us. One that is gone has none."""
    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(redis_url) as server:
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)


def _port_of(address: str) -> str:
    return address.rpartition(":")[2]


def _answers(address: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(address, timeout=5).status_code == 200
    return False


def webhook_order(demo: Demo) -> str:
    """Return a sentence about repeated and shuffled webhooks, with the seed."""
    if demo.seed is None:
        return "Webhooks come once and in order."
    return f"One webhook in ten comes twice, those of one second are shuffled; seed {demo.seed}."


def show(demo: Demo) -> None:
    """The demo for people: start, say where, stay. Raises FailedError when a process ends by itself."""
    started = time.monotonic()
    print(webhook_order(demo))
    print("Starting sandbox and web server, making users and appointments ...", flush=True)
    demo.start()
    print(f"Starting {'worker and scheduler' if demo.redis else 'the work of every 5 seconds'} ...")
    demo.open()
    from example_project.appointments.management.commands.demo_data import PASSWORD

    print(f"Ready after {time.monotonic() - started:.1f} s.")
    print(
        WELCOME.format(site=demo.site, sandbox=demo.sandbox, password=PASSWORD, folder=demo.folder),
        flush=True,
    )
    while True:
        demo.children.check()
        time.sleep(CHECK_SECONDS)


def smoke(demo: Demo) -> None:
    """The main job by itself. Raises FailedError."""
    started = time.monotonic()
    print(webhook_order(demo), flush=True)
    demo.start()
    from tools.demo_smoke import Report, Smoke

    report = Report(started)
    report.done("environment ready")
    demo.open()
    report.done("site up", f"{demo.site}, {'a worker on Redis' if demo.redis else 'inline'}")
    run = Smoke(
        site=demo.site,
        sandbox=demo.sandbox,
        children=demo.children,
        report=report,
        has_worker=demo.redis is not None,
    )
    try:
        run.run()
    except FailedError as error:
        raise FailedError(f"Failed at: {report.doing}\n{error}") from None
    finally:
        run.leave()
    print(f"All of it took {time.monotonic() - started:.1f} s.")


def main() -> int:
    """Run the demo. Exit status: 0 when it was stopped or the smoke run passed, else 1 (130: interrupted)."""
    options = _parser().parse_args()
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)
    demo: Demo | None = None
    try:
        demo = Demo(options)
        (smoke if options.smoke else show)(demo)
    except KeyboardInterrupt:
        print("\nStopping ...", flush=True)
        return 130 if options.smoke else 0
    except (FailedError, requests.RequestException, RuntimeError, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        if demo is not None:
            print(f"\nThe ends of the logs:\n{demo.children.tails()}", file=sys.stderr)
        return 1
    finally:
        _ignore_signals()
        if demo is not None:
            demo.stop()
    return 0


def _interrupt(number: int, frame: object) -> None:
    """The first Ctrl-C counts. tox sends a second one, which must not come in between."""
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    # While we stop: what is not stopped then stays for ever.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The example site with all it needs.")
    parser.add_argument("--smoke", action="store_true", help="do the main job by itself")
    parser.add_argument(
        "--keep", metavar="DIR", help="keep data there, and go on with it next time"
    )
    parser.add_argument("--inline", action="store_true", help="without Redis and worker")
    parser.add_argument("--no-observer", action="store_true", help="without eyeson_observe")
    parser.add_argument("--port", type=int, help=f"of the site (default: {WEB_PORT}, or the next)")
    parser.add_argument(
        "--sandbox-port", type=int, help=f"of the sandbox (default: {SANDBOX_PORT}, or the next)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        default=secrets.randbelow(1_000_000),
        help="of the sandbox's repeated and shuffled webhooks (default: another each time)",
    )
    parser.add_argument("--calm", action="store_true", help="send each webhook once and in order")
    return parser


if __name__ == "__main__":
    sys.exit(main())
