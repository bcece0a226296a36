"""Claims on files: who fetches a recording, snapshot or file now, for how long, and whether they still may.

A claim is one conditional UPDATE. It expires when its holder shows no sign of life, and every write names
the fence of its claim, so a holder that slept too long changes nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import Error as DatabaseFault
from django.db import connections
from django.db.models import F
from django.utils import timezone

from eyeson_meetings.conf import setting
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Recording, RoomFile, Snapshot

logger = logging.getLogger(__name__)

#: A sign of life at least so often, so that the admin shows how a download moves on.
LONGEST_BEAT_SECONDS = 10.0

FileModel = type[Recording] | type[Snapshot] | type[RoomFile]
FileRow = Recording | Snapshot | RoomFile


class StaleClaimError(Exception):
    """The claim expired and somebody else has taken it, or the row was reset."""


class Claim:
    """The right to fetch one file, until somebody with a later fence has it."""

    def __init__(self, model: FileModel, pk: int, fence: int) -> None:
        self.model = model
        self.pk = pk
        self.fence = fence
        #: Read by the heartbeat; written by the download.
        self.bytes_received = 0
        #: By this claim alone.
        self.bytes_fetched = 0
        #: When eyeson last answered this claim (eyeson's clock).
        self.observed_at: datetime | None = None
        self._lost = threading.Event()

    def write(self, **fields: Any) -> None:
        """UPDATE the row. Raises StaleClaimError, and changes nothing, when the claim is lost."""
        rows = self.model.objects.filter(pk=self.pk, fence=self.fence)
        if not rows.update(**fields):
            self._lost.set()
            raise StaleClaimError

    def renew(self) -> None:
        """Hold the claim for another lease. Raises StaleClaimError."""
        lease = timedelta(seconds=setting("LEASE_SECONDS"))
        self.write(lease_until=timezone.now() + lease, bytes_received=self.bytes_received)

    def count(self, fetched: int, received: int) -> None:
        """Note progress: bytes that have just arrived, and bytes in all. No query."""
        self.bytes_fetched += fetched
        self.bytes_received = received

    def check(self) -> None:
        """Raise StaleClaimError when the heartbeat has found the claim lost. No query."""
        if self._lost.is_set():
            raise StaleClaimError

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Renew the claim from a thread of its own while the block runs, whatever the block waits for."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,), name="eyeson-claim", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(min(setting("LEASE_SECONDS") / 3, LONGEST_BEAT_SECONDS)):
            try:
                self.renew()
            except StaleClaimError:
                return
            except DatabaseFault as error:
                # The lease outlives three beats; the fence decides in the end.
                logger.warning("A claim could not be renewed: %s", type(error).__name__)
            finally:
                connections.close_all()


def claim(model: FileModel, pk: int) -> tuple[Claim, FileRow] | None:
    """Claim the row, if it is due and nobody holds it: one of any number of callers gets it."""
    now = timezone.now()
    owner = f"{socket.gethostname()[:32]}:{os.getpid()}:{uuid4().hex[:12]}"
    claimed = (
        model.objects.claimable(now)
        .filter(pk=pk)
        .update(
            lease_owner=owner,
            lease_until=now + timedelta(seconds=setting("LEASE_SECONDS")),
            fence=F("fence") + 1,
            attempts=F("attempts") + 1,
            store_state=model.StoreState.FETCHING,
        )
    )
    if not claimed:
        return None
    row: FileRow | None = model.objects.select_related("room").filter(lease_owner=owner).first()
    return (Claim(model, row.pk, row.fence), row) if row is not None else None


def let_go_of_database(model: FileModel) -> None:
    """Close this thread's connection: a download of hours must hold none, nor trip over a dead one."""
    connection = connections[database_alias()]
    if not connection.in_atomic_block:
        connection.close()
