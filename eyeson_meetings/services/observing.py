"""What an observer asks and writes: all of it in transactions that hold only while its lease does.

Nothing in here waits for a socket; that is what `eyeson_meetings.live.observer` does.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.conf import account, timeouts_seconds
from eyeson_meetings.exceptions import LockRefusedError
from eyeson_meetings.mirror import clocks
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import Meeting, Watch

from .accounts import client_for, client_without_rows
from .observer_leases import Lease

logger = logging.getLogger(__name__)

#: eyeson pings every 3 s: after so long a silence a connection is dead.
SILENCE_SECONDS = 10.0


def sockets_for(alias: str) -> Sockets:
    """Sockets of that account. Raises UnknownAccountError, ConfigurationError."""
    of_account = account(alias)
    return Sockets(
        api_key=of_account.api_key,
        base_url=of_account.base_url,
        timeouts_seconds=(timeouts_seconds()[0], SILENCE_SECONDS),
        sandbox=of_account.sandbox,
        ca_file=of_account.ca_file,
    )


def meetings_to_observe(alias: str) -> list[Meeting]:
    """The meetings of the account that have not ended, as far as we know. Asks nobody."""
    open_meetings = Meeting.objects.filter(room__account=alias, ended_at=None)
    return list(open_meetings.select_related("room").order_by("pk"))


def ask_what_runs(alias: str) -> int:
    """Ask eyeson for the running meetings of the account; answers how many. Raises EyesonError."""
    listed = client_for(alias).rooms.list()
    for record in listed.value:
        try:
            mirror.apply_room(record, account=alias, observed_at=listed.observed_at, alive=True)
        except records.UnreadableRecordError as error:
            logger.warning("A running room of account %s cannot be kept: %s.", alias, error)
        except LockRefusedError as error:
            # Sync shows it again.
            logger.warning("A running room of account %s: %s", alias, error)
    return len(listed.value)


def ask_for_people(alias: str, room_eyeson_id: str) -> list[records.Participant]:
    """Ask eyeson for all who joined the running meeting of the room, without the database. Raises EyesonError."""
    with closing(client_without_rows(alias)) as client:
        return client.users.list(room_id=room_eyeson_id).value


@one_transaction
def hear(
    lease: Lease,
    event: records.SocketEvent,
    *,
    meeting: Meeting,
    observed_at: datetime,
    is_late: bool = False,
) -> Meeting:
    """Take in an event that came at `observed_at` by our clock; answers the meeting that it is about.

    Raises LeaseLostError.
    """
    lease.check()
    at = clocks.at_eyeson(lease.account, observed_at)
    heard = mirror.apply_event(event, meeting=meeting, observed_at=at, is_late=is_late)
    return heard or meeting


@one_transaction
def begin_watch(
    lease: Lease,
    meeting: Meeting,
    *,
    people: Sequence[records.Participant],
    asked_at: datetime,
    last: tuple[int, datetime] | None,
) -> int:
    """From now on all is heard in the meeting; answers the primary key of the Watch.

    `people`: all of them, as the answer to a question asked at `asked_at`. `last`: the Watch of this process before
    this one, and until when all was heard in it. Times are those of our clock. Raises LeaseLostError.
    """
    lease.check()
    if last is not None:
        pk, until = last
        until = clocks.at_eyeson(lease.account, until)
        Watch.objects.filter(pk=pk, heard_until__lt=until).update(heard_until=until)
    observed_at = clocks.at_eyeson(lease.account, asked_at)
    mirror.apply_people(people, meeting=meeting, observed_at=observed_at)
    return mirror.begin_watch(meeting, from_at=clocks.eyeson_now(lease.account)).pk
