"""`manage.py eyeson_doctor`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from celery import Celery, current_app
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.urls import re_path
from django.utils import timezone
from django.views.generic import RedirectView

from eyeson_meetings import tasks
from eyeson_meetings.client import Webhook
from eyeson_meetings.management import doctor
from eyeson_meetings.management.doctor import Finding, Level, database, eyeson, neighbours, workers
from eyeson_meetings.management.doctor.findings import TimeLimitError, within
from eyeson_meetings.models import ObserverLease
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.sync import sync_account
from eyeson_meetings.services.webhooks import TYPES, register_webhook, webhook_url
from tests.factories import (
    AccessKeyFactory,
    BroadcastTargetFactory,
    DeliveryFactory,
    MeetingFactory,
    PresenceFactFactory,
    SyncRunFactory,
)
from tests.flows.conftest import wait_until
from tests.urls import urlpatterns

from .conftest import Outcome

Run = Callable[..., Outcome]
TOP = Path(__file__).parents[2]
CHECKS = [
    "credentials", "clock", "webhook", "public_url", "storage", "broker", "channel_layer",
    "database", "secrets", "sync", "deliveries", "observer",
]  # fmt: skip
IS_POSTGRESQL = connection.vendor == "postgresql"
if IS_POSTGRESQL:
    CHECKS.insert(CHECKS.index("secrets"), "database_limits")
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _real_time(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of eyeson that goes as ours does, and a doctor who waits as long as it may take here."""
    sandbox.state.clock.go_on()
    for module in (eyeson, neighbours):
        monkeypatch.setattr(module, "TIMEOUTS_SECONDS", (60.0, 60.0))
    monkeypatch.setattr(eyeson, "LONGEST_SECONDS", 120.0)
    monkeypatch.setattr(neighbours, "PUBLIC_URL_SECONDS", 120.0)
    monkeypatch.setattr(workers, "BROKER_SECONDS", 60.0)
    monkeypatch.setattr(workers, "CHANNEL_LAYER_SECONDS", 60.0)


@pytest.fixture
def broker(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(current_app._get_current_object().conf, "broker_url", redis_url)
    tasks._start_afresh()
    yield redis_url
    tasks._start_afresh()


@pytest.fixture
def nobody_there(settings: Any) -> None:
    """No public address that anybody answers at."""
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": NOBODY, "PROCESSING": "inline"}


def channel_layer(url: str) -> dict[str, Any]:
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [url]},
        }
    }


def wait_for_calls(sandbox: SandboxServer, count: int) -> None:
    """Answers that nobody waits for any more must not be given in the midst of another test."""
    wait_until(lambda: len(sandbox.calls) >= count, "the answers to those who have gone")


@pytest.fixture
def let_transactions_sleep() -> Iterator[Callable[[str], None]]:
    """Says for how long, on the connection of the test alone; nothing where the database has no such limit."""

    def let(time: str) -> None:
        if IS_POSTGRESQL:
            with connection.cursor() as cursor:
                cursor.execute("SET idle_in_transaction_session_timeout = %s", [time])

    yield let
    let("0")


def levels(outcome: Outcome) -> dict[str, str]:
    return {found["check"]: found["level"] for found in json.loads(outcome.out)["findings"]}


@pytest.mark.django_db(transaction=True)
def test_where_all_is_well_it_says_so_and_leaves_nothing_behind(
    sandbox_account: SandboxServer,
    broker: str,
    live_server: Any,
    settings: Any,
    run: Run,
    let_transactions_sleep: Callable[[str], None],
) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": live_server.url}
    settings.CHANNEL_LAYERS = channel_layer(broker)
    register_webhook("default")
    AccessKeyFactory(key="a-secret-key")
    BroadcastTargetFactory()
    sync_account("default")
    ObserverLease.objects.create(
        account="default", holder="here", lease_until=timezone.now() + timedelta(minutes=5)
    )
    let_transactions_sleep("1min")
    called_before = len(sandbox_account.calls)

    outcome, as_json = run("eyeson_doctor"), run("eyeson_doctor", "--json")

    said = [line.replace(":", "").split()[:2] for line in outcome.out.splitlines()]
    assert said == [["ok", check] for check in CHECKS]
    assert (outcome.status, outcome.err) == (0, "")
    assert json.loads(as_json.out)["problems"] == 0
    assert levels(as_json) == dict.fromkeys(CHECKS, "ok")
    assert "sandbox-api-key" not in outcome.out + as_json.out
    assert list(Path(settings.STORAGES["eyeson"]["OPTIONS"]["location"]).glob("**/*.txt")) == []
    calls = [call.route for call in sandbox_account.calls[called_before:]]
    assert calls == ["/rooms", "/webhooks"] * 2


@pytest.mark.any_database
def test_where_nothing_is_there_each_line_says_what_mends_it_and_none_shows_a_secret(
    tmp_path: Path,
) -> None:
    secrets = {"db-password", "sandbox-api-key", "db-user"}
    began = time.monotonic()

    outcome = subprocess.run(
        [sys.executable, "manage.py", "eyeson_doctor"],
        cwd=TOP,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": "postgres://db-user:db-password@127.0.0.1:9/site",
            "EYESON_TEST_MEDIA_DIR": "/dev/null/media",
            "PYTHONWARNINGS": "default",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    lines = outcome.stdout.splitlines()
    found = [line.split()[:2] for line in lines if "→" not in line]
    assert outcome.returncode == 1
    assert found == [
        ["problem", "credentials"],
        ["warning", "public_url:"],
        ["problem", "storage:"],
        ["problem", "broker:"],
        ["ok", "channel_layer:"],
        ["problem", "database:"],
    ]
    assert sum("→" in line for line in lines) == 5
    assert "4 things do not work." in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not [secret for secret in secrets if secret in outcome.stdout + outcome.stderr]
    # Some seconds: nobody there is waited for as long as a call may take elsewhere.
    assert time.monotonic() - began < 120


@pytest.mark.django_db
@pytest.mark.any_database
def test_it_finds_what_was_left_undone(
    sandbox_account: SandboxServer, nobody_there: None, settings: Any, run: Run
) -> None:
    now = timezone.now()
    AccessKeyFactory(meeting=MeetingFactory(guest_token="a-guest-token"))
    settings.SECRET_KEY = "another one"
    AccessKeyFactory()
    DeliveryFactory(received_at=now - timedelta(minutes=11))
    DeliveryFactory(state="dead")
    SyncRunFactory(job="sync", started_at=now - timedelta(hours=2))
    ObserverLease.objects.create(
        account="default", renewed_at=now - timedelta(hours=1), lease_until=now
    )
    MigrationRecorder(connection).record_unapplied("eyeson_meetings", "0003_room_files")

    no_tables = run("eyeson_doctor")
    MigrationRecorder(connection).record_applied("eyeson_meetings", "0003_room_files")
    outcome = run("eyeson_doctor")

    assert "problem  database: 1 migration has not been run." in no_tables.out
    assert "→ manage.py migrate" in no_tables.out
    assert "secrets" not in no_tables.out
    for words in (
        "problem  webhook (default): eyeson has no webhook",
        "→ manage.py eyeson_webhook register",
        "ok       broker: No broker is needed",
        "problem  secrets: 2 stored secrets cannot be decrypted.",
        "SECRET_KEY_FALLBACKS",
        "problem  sync (default): eyeson was last asked 2\xa0hours ago.",
        "problem  deliveries: A webhook waits for 11\xa0minutes to be mirrored.",
        "warning  deliveries: 1 webhook could not be understood.",
        "warning  observer (default): Nobody has observed the meetings for 1\xa0hour.",
    ):
        assert words in outcome.out
    assert outcome.status == 1


@pytest.mark.django_db
@pytest.mark.any_database
def test_a_new_site_is_warned_and_one_whose_last_round_had_trouble(
    sandbox_account: SandboxServer, nobody_there: None
) -> None:
    SyncRunFactory(account="clinic", job="sync", started_at=timezone.now(), error="it broke")

    new, troubled = doctor.check_rounds(["default", "clinic"])

    assert (new.level, new.message) == (Level.WARNING, "eyeson has not been asked yet.")
    assert list(doctor.check_observers(["default"])) == []
    assert "it broke" in troubled.message
    assert troubled.level == Level.WARNING


@pytest.mark.django_db
@pytest.mark.any_database
def test_an_account_that_learns_of_people_by_looks_alone_is_warned() -> None:
    now = timezone.now()
    assert list(doctor.check_people(["default"])) == []
    PresenceFactFactory(at=now, came=False, listed_in=True)

    (warned,) = doctor.check_people(["default", "clinic"])
    assert (warned.level, warned.account) == (Level.WARNING, "default")
    assert "no webhooks about people" in warned.message
    assert "manage.py eyeson_observe" in warned.hint

    delivery = DeliveryFactory(type="participant_update", received_at=now)
    assert list(doctor.check_people(["default"])) == []
    delivery.delete()
    ObserverLease.objects.create(account="default", lease_until=now + timedelta(seconds=10))
    assert list(doctor.check_people(["default"])) == []


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 403}, "Copy the API key"),
        ({"kind": "status", "status": 423}, "Ask eyeson, or end meetings"),
        ({"kind": "status", "status": 503, "times": 3}, "Try again in a few minutes"),
        ({"kind": "garbage"}, "See that BASE_URL leads to eyeson's API"),
        ({"kind": "slow", "seconds": 60.0, "times": 3}, "Start the sandbox"),
    ],
    ids=["key refused", "key locked", "unavailable", "garbage", "silent"],
)
def test_what_eyeson_refuses_is_said_with_what_mends_it(
    sandbox_account: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    words: str,
) -> None:
    if fault["kind"] == "slow":
        monkeypatch.setattr(eyeson, "TIMEOUTS_SECONDS", (60.0, 0.3))
    planned = sandbox_account.service.faults.add(route="/rooms", **fault)

    (finding,) = doctor.check_accounts(["default"])
    planned.release()
    wait_for_calls(sandbox_account, fault.get("times", 1))

    assert finding.level == Level.PROBLEM
    assert words in finding.hint


def test_who_does_not_answer_is_asked_for_one_account_only(
    settings: Any, sandbox: SandboxServer
) -> None:
    settings.EYESON = {
        "ACCOUNTS": {
            "one": {"API_KEY": "key-of-one", "BASE_URL": NOBODY, "SANDBOX": True},
            "two": {"API_KEY": "key-of-two", "BASE_URL": NOBODY, "SANDBOX": True},
            "three": {"API_KEY": "sandbox-api-key", "BASE_URL": sandbox.url, "SANDBOX": True},
            "four": {"API_KEY": ""},
            "five": {"API_KEY": "key-of-five", "BASE_URL": "https://127.0.0.1:9"},
        }
    }

    one, two, three, clock, webhook, four, five = doctor.check_accounts(
        ["one", "two", "three", "four", "five"]
    )

    assert "no connection could be made" in one.message
    assert two.message == "Not asked: nobody answers at 127.0.0.1, as said above."
    assert (three.level, clock.level) == (Level.OK, Level.OK)
    assert (webhook.level, "PUBLIC_URL" in webhook.message) == (Level.WARNING, True)
    assert (four.level, "API_KEY" in four.message) == (Level.PROBLEM, True)
    assert five.hint.startswith("See that this machine reaches 127.0.0.1 by https")


def test_what_hangs_without_a_time_limit_of_its_own_is_given_up(
    sandbox_account: SandboxServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eyeson, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(neighbours, "PUBLIC_URL_SECONDS", 0.05)
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": sandbox_account.url}
    slow = sandbox_account.service.faults.add("slow", seconds=60, times=2)
    (asked,) = doctor.check_accounts(["default"])
    (looked_at,) = doctor.check_public_url(["default"])
    slow.release()
    wait_for_calls(sandbox_account, 2)

    assert asked.message == "eyeson did not answer within 0 s."
    assert "TimeLimitError" in looked_at.message


def test_clocks_that_differ_are_found(sandbox_account: SandboxServer) -> None:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def compared(seconds: float) -> Finding:
        ours = noon + timedelta(seconds=seconds)
        return eyeson.compare_clocks(
            "default", noon, before=ours, after=ours + timedelta(seconds=0.1)
        )

    assert [compared(seconds).level for seconds in (-9, 0, 0.9, 10.5)] == [Level.OK] * 4
    assert compared(-31).message == "This machine's clock is 30 s behind eyeson's."
    assert compared(31).message == "This machine's clock is 30 s ahead of eyeson's."
    assert (compared(31).level, compared(-400).level) == (Level.WARNING, Level.PROBLEM)


def test_the_webhook_is_judged_by_whose_it_is_and_how_it_was_answered(settings: Any) -> None:
    def judged(**fields: Any) -> list[tuple[str, str]]:
        known = {"id": "1", "url": webhook_url(), "types": TYPES, **fields}
        findings = eyeson.judge_webhook("default", Webhook(**known))
        return [(found.level.value, f"{found.message} {found.hint}") for found in findings]

    sent = {"last_request_sent_at": timezone.now()}
    ((level, words),) = judged(url="https://u:pass-word@hooks.example.org/x?token=secret-token")
    assert (level, "hooks.example.org" in words, "--force" in words) == ("problem", True, True)
    assert "pass-word" not in words
    assert "secret-token" not in words
    assert [level for level, _ in judged(types=("room_update",))] == ["warning", "ok"]
    assert "eyeson does not send recording_update" in judged(types=("room_update",))[0][1]
    assert judged()[0][0] == "ok"
    for code, expected, hint in (
        ("204", "ok", "was taken (204)"),
        (None, "problem", "reached from the internet"),
        ("301", "problem", "final address"),
        ("403", "problem", "same API key"),
        ("404", "problem", "Does another application"),
        ("503", "warning", "log of that time"),
    ):
        ((level, words),) = judged(**sent, last_response_code=code)
        assert (level, hint in words) == (expected, True), (code, words)
    settings.ROOT_URLCONF = (re_path("", RedirectView.as_view(url="/")), *urlpatterns)
    assert "to the top of urlpatterns" in judged(**sent, last_response_code="404")[0][1]


def test_the_public_address_is_looked_at(sandbox: SandboxServer, settings: Any) -> None:
    def looked_at(url: str | None, *, is_sandbox: bool = True) -> Finding:
        account = {"API_KEY": "a-key", "BASE_URL": sandbox.url, "SANDBOX": is_sandbox}
        settings.EYESON = {"ACCOUNTS": {"default": account}, "PUBLIC_URL": url}
        (finding,) = doctor.check_public_url(["default"])
        return finding

    assert looked_at(None).level == Level.WARNING
    assert looked_at(NOBODY).level == Level.WARNING
    elsewhere = looked_at(sandbox.url)
    assert elsewhere.message == "127.0.0.1 answers 404 where the webhook view would say 405."
    assert "See that PUBLIC_URL leads to this site" in elsewhere.hint
    settings.ROOT_URLCONF = (re_path("", RedirectView.as_view(url="/")), *urlpatterns)
    assert "to the top of urlpatterns" in looked_at(sandbox.url).hint
    assert "to the top of urlpatterns" in eyeson._hint_for("404")
    assert looked_at(sandbox.url.replace("http:", "https:")).message.endswith("valid certificate.")
    for url in ("http://127.0.0.1:8000", "https://localhost", "https://site.local"):
        finding = looked_at(url, is_sandbox=False)
        assert (finding.level, "eyeson cannot reach" in finding.message) == (Level.PROBLEM, True)


def test_a_prefix_that_only_the_web_server_knows_is_found(settings: Any) -> None:
    """The server has the site below `/site`, as Apache's WSGIScriptAlias does."""
    site = get_wsgi_application()

    def below_a_path(environ: Any, start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/site/"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        path = environ["PATH_INFO"].removeprefix("/site")
        return site({**environ, "SCRIPT_NAME": "/site", "PATH_INFO": path}, start_response)

    server = make_server("127.0.0.1", 0, below_a_path, handler_class=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": base}
    registered = Webhook(id="1", url=f"{base}/site/meetings/webhook/", types=TYPES)
    try:
        (unknown,) = doctor.check_public_url(["default"])
        (judged,) = eyeson.judge_webhook("default", registered)
        settings.FORCE_SCRIPT_NAME = "/site"
        (known,) = doctor.check_public_url(["default"])
        (good,) = eyeson.judge_webhook("default", registered)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (unknown.level, known.level) == (Level.PROBLEM, Level.OK)
    assert "set FORCE_SCRIPT_NAME to it" in unknown.hint
    assert (judged.level, good.level) == (Level.PROBLEM, Level.OK)
    assert "below /site." in judged.message
    assert judged.hint.startswith('Set FORCE_SCRIPT_NAME = "/site"')


class QuietHandler(WSGIRequestHandler):
    """Logs no requests to standard error."""

    def log_message(self, *args: Any) -> None:
        pass


class OddStorage(FileSystemStorage):
    """Goes wrong in the way that `wrong` names."""

    def __init__(self, *, wrong: str, **options: Any) -> None:
        super().__init__(**options)
        self.wrong = wrong

    def _save(self, name: str, content: Any) -> str:
        if self.wrong == "write":
            raise RuntimeError("https://storage.example.org/?signature=secret-signature")
        if self.wrong == "silent":
            threading.Event().wait(60)
        return super()._save(name, ContentFile(b"odd") if self.wrong == "other" else content)

    def _open(self, name: str, mode: str = "rb") -> Any:
        if self.wrong == "read":
            raise PermissionError(name)
        return super()._open(name, mode)

    def delete(self, name: str) -> None:
        super().delete(name)
        if self.wrong == "delete":
            raise PermissionError(name)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("open", "The storage cannot be made (TypeError)."),
        ("write", "No file can be written to the storage (RuntimeError)."),
        ("read", "A file in the storage cannot be read back (PermissionError)."),
        ("other", "The storage gave back something else than was written."),
        ("delete", "A file in the storage cannot be deleted (PermissionError)."),
        ("silent", "The storage does not answer within 0 s."),
    ],
)
def test_a_storage_that_does_not_keep_is_found(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, words: str
) -> None:
    monkeypatch.setattr(neighbours, "STORAGE_SECONDS", 0.2 if wrong == "silent" else 60.0)
    options = {"location": str(tmp_path), "wrong": wrong}
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": f"{__name__}.OddStorage",
            "OPTIONS": {} if wrong == "open" else options,
        },
    }

    (finding,) = doctor.check_storage()

    assert (finding.level, finding.message) == (Level.PROBLEM, words)
    assert 'STORAGES["eyeson"]' in finding.hint
    assert wrong == "silent" or list(tmp_path.iterdir()) == []


def test_brokers_and_channel_layers_that_are_none_are_found(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = current_app._get_current_object().conf
    secret = "redis://:broker-password@127.0.0.1:9/0"

    def found(findings: Iterator[Finding]) -> str:
        (finding,) = findings
        assert "broker-password" not in finding.message + finding.hint
        return f"{finding.level.value}: {finding.message}"

    assert found(doctor.check_broker()).startswith("problem: The broker is the memory")
    monkeypatch.setattr(conf, "broker_url", secret)
    assert found(doctor.check_broker()).startswith(
        "problem: The broker at redis://127.0.0.1:9 does not answer ("
    )
    monkeypatch.setattr(conf, "broker_url", "nowhere://:broker-password@127.0.0.1:9/0")
    assert found(doctor.check_broker()).startswith("problem: The broker cannot be used (")
    conf.task_always_eager = True
    try:
        assert found(doctor.check_broker()).startswith("warning: Celery runs tasks at once")
    finally:
        conf.task_always_eager = False

    settings.CHANNEL_LAYERS = channel_layer(secret)
    assert found(doctor.check_channel_layer()) == (
        "problem: The channel layer does not answer (ConnectionError)."
    )
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "nowhere.Layer"}}
    assert found(doctor.check_channel_layer()) == "problem: The channel layer cannot be made."
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert found(doctor.check_channel_layer()) == "ok: The channel layer delivers messages."


def test_a_process_with_the_default_app_of_celery_is_told_what_to_import(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = current_app._get_current_object()
    default = Celery("default", broker=redis_url, set_as_current=False)
    default.set_current()
    try:
        (works,) = doctor.check_broker()
        monkeypatch.setattr(default.conf, "broker_url", "amqp://user:broker-password@127.0.0.1:9//")
        (refused,) = doctor.check_broker()
    finally:
        app.set_current()

    assert works.message.startswith(f"The broker at {redis_url.rpartition('/')[0]} answers.")
    assert refused.message.startswith("The broker at amqp://127.0.0.1:9 does not answer (")
    assert (works.level, refused.level) == (Level.WARNING, Level.PROBLEM)
    for finding in (works, refused):
        assert "Celery's own default app" in finding.message
        assert "from .celery import app as celery_app" in finding.hint
        assert "broker-password" not in finding.message


def test_nobody_is_waited_for_longer_than_that() -> None:
    began = time.monotonic()

    with pytest.raises(TimeLimitError):
        within(0.05, lambda: threading.Event().wait(600))
    with pytest.raises(ZeroDivisionError):
        within(600, lambda: 1 // 0)

    assert within(600, lambda: "done") == "done"
    assert time.monotonic() - began < 300


def test_without_accounts_it_is_bad_input(settings: Any, run: Run) -> None:
    settings.EYESON = {}

    assert run("eyeson_doctor").status == 2
    assert run("eyeson_doctor", "--account", "nowhere").status == 2


@pytest.mark.django_db
def test_transactions_that_may_sleep_for_ever_are_warned_of(
    let_transactions_sleep: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_transactions_sleep("0")
    # Any is too long.
    monkeypatch.setattr(database, "LONGEST_KEEPALIVE_SECONDS", -1)

    found = list(doctor.check_database_limits())

    assert [finding.level for finding in found] == [Level.WARNING, Level.WARNING] * IS_POSTGRESQL
    for finding, setting in zip(
        found, ("idle_in_transaction_session_timeout", "tcp_keepalives_idle"), strict=False
    ):
        assert setting in finding.hint
