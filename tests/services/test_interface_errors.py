"""`InterfaceError` is no `DatabaseError`: heartbeats and observers survive both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.utils import timezone

from eyeson_meetings.live.observer import AccountObserver
from eyeson_meetings.live.relays import Relay
from eyeson_meetings.models import Recording
from eyeson_meetings.services import claims, observer_leases, sync_runs
from tests.factories import RecordingFactory
from tests.flows.conftest import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = pytest.mark.parametrize("fault", [InterfaceError, OperationalError, DatabaseError])


@contextmanager
def failing(fault: type[Exception], times: int, table: str) -> Iterator[list[str]]:
    """Let so many statements that name the table fail, in whichever thread; yield those that did."""
    failed: list[str] = []
    wrapper = type(connections["default"])
    original = wrapper.cursor

    def cursor(self: Any, *args: Any) -> Any:
        made = original(self, *args)
        execute = made.execute

        def maybe(sql: Any, *args: Any, **options: Any) -> Any:
            if table in str(sql) and len(failed) < times:
                failed.append(str(sql))
                raise fault("connection already closed")
            return execute(sql, *args, **options)

        made.execute = maybe
        return made

    patch = pytest.MonkeyPatch()
    patch.setattr(wrapper, "cursor", cursor)
    try:
        yield failed
    finally:
        patch.undo()


@FAULTS
def test_the_heartbeat_of_a_claim_goes_on(
    fault: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(claims, "LONGEST_BEAT_SECONDS", 0.05)
    row = RecordingFactory(available_at=timezone.now(), store_state="none")
    claimed = claims.claim(Recording, row.pk)
    assert claimed is not None
    past = timezone.now() - timedelta(hours=1)
    Recording.objects.filter(pk=row.pk).update(lease_until=past)

    with claimed[0].kept_alive(), failing(fault, 2, "eyeson_meetings_recording") as failed:
        wait_until(lambda: len(failed) == 2, "two beats that fail")
        wait_until(
            lambda: Recording.objects.filter(pk=row.pk, lease_until__gt=timezone.now()).exists(),
            "a beat that succeeds",
        )

    assert caplog.text.count(f"A claim could not be renewed: {fault.__name__}") == 2


@FAULTS
def test_an_observer_waits_for_the_database_without_a_traceback(
    fault: type[Exception], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stopping = threading.Event()
    relay = Relay()
    relay.start()
    caplog.set_level("INFO")
    observer = AccountObserver("default", lease_seconds=0.5, relay=relay, stopping=stopping)
    thread = threading.Thread(target=observer.run)
    with failing(fault, 3, "eyeson_meetings_observerlease") as failed:
        thread.start()
        try:
            wait_until(lambda: len(failed) == 3, "three failures")
            wait_until(lambda: "This process observes account default." in caplog.text, "the lease")
        finally:
            stopping.set()
            thread.join(60)
            relay.close()

    assert f"Account default is not observed: {fault.__name__}." in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


@FAULTS
def test_a_release_of_a_lease_that_fails_ends_no_observer(fault: type[Exception]) -> None:
    lease = observer_leases.take_lease("default")
    assert lease is not None
    stopping = threading.Event()
    observer = AccountObserver("default", lease_seconds=15.0, relay=Relay(), stopping=stopping)

    with failing(fault, 100, "eyeson_meetings_observerlease"):
        observer._leave(lease, [])


@FAULTS
def test_a_job_goes_on_although_its_run_cannot_be_recorded(fault: type[Exception]) -> None:
    done = []
    with failing(fault, 100, "eyeson_meetings_syncrun"), sync_runs.recorded("prune"):
        done.append(True)

    assert done == [True]
