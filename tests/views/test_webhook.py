"""The address where eyeson delivers: what is taken, what is refused, and that nothing is lost in between."""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, _state
from django.core import mail
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
)
from django.test import Client
from django.urls import reverse

from eyeson_meetings import outages, tasks
from eyeson_meetings.models import Delivery, Meeting, Recording, Room
from eyeson_meetings.views import webhook
from tests.webhooks import post_signed, signature_of

pytestmark = pytest.mark.django_db

webhook_module = importlib.import_module("eyeson_meetings.views.webhook")

SAMPLES = Path(__file__).parent.parent / "webhook_samples"
DOCS_KEY = "docs-demo-key-not-a-real-one"
DOCS_SIGNATURE = "0566b71754e181d8ebd7871442e3b66447570eb66f4f9097f2207e49e22c2d62"
URL = "/meetings/webhook/"
LIMIT = 256 * 1024
BODY = (SAMPLES / "room_update.ready.json").read_bytes()


@pytest.fixture
def inline(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}


@pytest.fixture
def quiet_before() -> None:
    """No test before this one has used up the log line of the second."""
    for tally in (webhook_module._refused, webhook_module._unreachable):
        tally._count, tally._next_at = 0, 0.0


@pytest.fixture
def long_second(quiet_before: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one log line in a second, and the second outlasts the test."""
    monkeypatch.setattr(outages, "LOG_PAUSE_SECONDS", 60.0)


@pytest.fixture
def use_celery() -> Iterator[Callable[[Celery], None]]:
    previous = getattr(_state._tls, "current_app", None)

    def use(app: Celery) -> None:
        app.set_current()
        tasks._start_afresh()

    yield use
    _state._set_current_app(previous)
    tasks._start_afresh()


def post(client: Client, body: bytes = BODY, **headers: str) -> Any:
    return client.post(URL, data=body, content_type="application/json", headers=headers)


def test_the_worked_example_of_the_reference_is_taken_and_its_twin_is_not(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": {"API_KEY": DOCS_KEY}}}
    body = (SAMPLES / "room_update.signed-raw-body.json").read_bytes()
    twin = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    assert (len(body), len(twin)) == (213, 208)

    assert post(Client(), twin, **{"X-Eyeson-Signature": DOCS_SIGNATURE}).status_code == 403
    assert not Delivery.objects.exists()
    assert post(Client(), body, **{"X-Eyeson-Signature": DOCS_SIGNATURE}).status_code == 204
    assert Delivery.objects.get().payload["room"]["name"] == "R&D weekly"


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.json")), ids=lambda path: path.name)
def test_every_sample_is_taken(deliver: Any, inline: None, path: Path) -> None:
    response = deliver(path.read_bytes())

    assert (response.status_code, response.content) == (204, b"")
    assert Delivery.objects.get().state in (Delivery.State.DONE, Delivery.State.IGNORED)


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "X"]
)
def test_other_methods_are_refused(client: Client, method: str) -> None:
    response = client.generic(method, URL, BODY, HTTP_X_EYESON_SIGNATURE=signature_of(BODY))

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert not Delivery.objects.exists()


def test_no_login_no_csrf_token_and_no_content_type_is_asked_for(settings: Any) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    client = Client(enforce_csrf_checks=True)
    for number, content_type in enumerate(
        (
            "application/json",
            "text/plain; charset=nope",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "",
        )
    ):
        body = b'{"type": "x", "number": %d}' % number
        signature = {"X-Eyeson-Signature": signature_of(body)}
        response = client.generic("POST", URL, body, content_type, headers=signature)
        assert response.status_code == 204
    assert Delivery.objects.count() == 5


def test_the_sites_own_limit_for_uploads_does_not_matter(deliver: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert deliver(BODY).status_code == 204


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity", "x"])
def test_encoded_bodies_are_refused(deliver: Any, encoding: str) -> None:
    assert deliver(BODY, HTTP_CONTENT_ENCODING=encoding).status_code == 415
    assert not Delivery.objects.exists()


def test_a_body_of_just_the_limit_is_taken(deliver: Any) -> None:
    start = b'{"type": "x", "text": "'
    body = start + b"x" * (LIMIT - len(start) - 2) + b'"}'

    assert deliver(body).status_code == 204
    assert Delivery.objects.get().length_bytes == LIMIT


def test_refusals_fill_neither_table_nor_log(
    client: Client, quiet_before: None, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()
    for _number in range(300):
        assert post(client, b'{"canary": "canary"}').status_code == 403

    lines = [record.getMessage() for record in lines_of_the_view(caplog)]
    assert 1 <= len(lines) <= 1 + (time.monotonic() - started)
    assert lines[0] == "Webhook requests refused: 1, the last with status 403."
    assert "canary" not in caplog.text
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_its_database_the_site_asks_to_come_again(
    deliver: Any, long_second: None, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    def unreachable(*_: Any) -> Any:
        raise error("connection to server at canary failed")

    with connection.execute_wrapper(unreachable):
        responses = [deliver(BODY) for _repeat in range(20)]

    assert {response.status_code for response in responses} == {503}
    assert {response.headers["Retry-After"] for response in responses} == {"30"}
    assert len(lines_of_the_view(caplog)) == 1
    assert error.__name__ in caplog.text
    assert "canary" not in caplog.text
    assert mail.outbox == []
    assert deliver(BODY).status_code == 204
    assert Delivery.objects.count() == 1


def test_inline_a_delivery_is_mirrored_in_its_request_and_nothing_is_fetched(
    sandbox_account: Any, inline: None, deliver: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = deliver((SAMPLES / "recording_update.finished.json").read_bytes())

    assert response.status_code == 204
    assert Delivery.objects.get().state == Delivery.State.DONE
    recording = Recording.objects.get()
    assert recording.available_at is not None
    assert recording.store_state == Recording.StoreState.NONE
    assert list(sandbox_account.calls) == []
    assert list(sandbox_account.downloads) == []


@pytest.mark.parametrize(
    "error",
    [KeyError("x"), DatabaseError("x"), OperationalError("x"), RecursionError("x")],
    ids=repr,
)
def test_inline_what_goes_wrong_with_the_mirror_is_not_eyesons_affair(
    inline: None, deliver: Any, error: Exception
) -> None:
    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"eyeson_meetings_room"' in sql:
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        assert deliver(BODY).status_code == 204

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (Delivery.State.RECEIVED, 1)


@pytest.mark.django_db(transaction=True)
def test_inline_a_database_that_goes_after_the_insert_is_not_eyesons_affair(
    inline: None, deliver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("canary")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        assert deliver(BODY).status_code == 204

    assert Delivery.objects.get().attempts == 0
    assert "OperationalError" in caplog.text
    assert "canary" not in caplog.text


def test_with_a_worker_nothing_is_mirrored_in_the_request_and_a_hint_is_sent(
    deliver: Any, use_celery: Callable[[Celery], None], tmp_path: Path
) -> None:
    # A broker of its own: late hints of other tests go to memory.
    app = Celery("hints", broker="filesystem://", set_as_current=False)
    app.conf.broker_transport_options = {
        name: str(tmp_path) for name in ("data_folder_in", "data_folder_out", "control_folder")
    }
    use_celery(app)

    assert deliver(BODY).status_code == 204
    assert deliver(b"[]").status_code == 204

    messages: list[str] = []
    with app.connection_for_read() as broker:
        while message := broker.default_channel.basic_get("celery", no_ack=True):
            messages.append(message.headers["task"])
    assert messages == ["eyeson_meetings.tasks.process_deliveries"]
    assert not Room.objects.exists()


def test_a_broker_that_is_down_costs_no_delivery(
    deliver: Any, use_celery: Callable[[Celery], None]
) -> None:
    use_celery(Celery("down", broker="redis://127.0.0.1:9/0", set_as_current=False))

    statuses = {deliver({"type": "room_update", "n": number}).status_code for number in range(20)}

    assert statuses == {204}
    assert Delivery.objects.filter(state=Delivery.State.RECEIVED).count() == 20


@pytest.mark.django_db(transaction=True)
def test_atomic_requests_hold_no_transaction_around_it(
    inline: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    assert post_signed(client, BODY).status_code == 204

    assert webhook._non_atomic_requests == {"default"}
    assert Delivery.objects.get().state == Delivery.State.DONE
    assert Meeting.objects.count() == 1


def test_both_keys_verify_while_keys_are_changed(settings: Any, deliver: Any) -> None:
    def use(*keys: str) -> None:
        account = {"API_KEY": keys[0], "RETIRED_API_KEYS": keys[1:]}
        settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}

    statuses = []
    for number in range(100):
        if number == 0:
            use("old")
        elif number == 40:
            use("new", "old")
        elif number == 90:
            use("new")
        key = "new" if number >= 50 else "old"
        statuses.append(deliver({"type": "x", "n": number}, key=key).status_code)

    assert statuses == [204] * 100
    assert deliver({"type": "x"}, key="old").status_code == 403
    assert Delivery.objects.count() == 100


def test_the_same_room_id_at_two_accounts_is_two_rooms(
    settings: Any, inline: None, deliver: Any
) -> None:
    accounts = {"one": {"API_KEY": "key-1"}, "two": {"API_KEY": "key-2"}}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}

    assert deliver(BODY, key="key-1").status_code == 204
    assert (
        deliver((SAMPLES / "room_update.shutdown.json").read_bytes(), key="key-2").status_code
        == 204
    )

    assert set(Room.objects.values_list("account", "eyeson_id")) == {
        ("one", "support-desk-17"),
        ("two", "support-desk-17"),
    }
    assert Meeting.objects.get().ended_at is None


def test_a_repeated_delivery_has_another_hash_and_the_same_effect(
    inline: None, deliver: Any
) -> None:
    finished = json.loads((SAMPLES / "recording_update.finished.json").read_bytes())
    deliver(finished)
    finished["timestamp"] += 60
    finished["recording"]["links"]["download"] += "0"
    deliver(finished)

    assert Delivery.objects.count() == 2
    assert Recording.objects.get().remote_state == Recording.RemoteState.AVAILABLE


def test_the_hash_is_that_of_the_bytes_that_came(deliver: Any) -> None:
    deliver(BODY)

    assert Delivery.objects.get().digest == hashlib.sha256(BODY).hexdigest()
    assert reverse("eyeson:webhook") == URL


def test_no_answer_is_logged_by_django_as_well(
    client: Client, long_second: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="django.request")

    post(client)
    client.get(URL)

    assert len(lines_of_the_view(caplog)) == 1


def lines_of_the_view(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the view logged. A hint that an earlier test's timer sends may be in between."""
    return [record for record in caplog.records if record.name == webhook_module.__name__]
