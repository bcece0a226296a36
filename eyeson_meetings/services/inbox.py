"""Receive webhooks once, mirror them later, and repeat that safely.

Received and processed are two facts. `receive` checks and keeps a delivery with one INSERT and asks nobody;
`process_delivery` hands it to the mirror, as often as that takes.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings import mirror, signals
from eyeson_meetings.client import records, signatures
from eyeson_meetings.conf import account, account_aliases, setting
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import (
    BadSignatureError,
    ConfigurationError,
    LockRefusedError,
)
from eyeson_meetings.mirror import clocks, transactions
from eyeson_meetings.models import Delivery, Room
from eyeson_meetings.outages import is_lock_refused

from .redaction import UnreadableBodyError, read_body, without_secrets

logger = logging.getLogger(__name__)

#: The types that the mirror takes in (API reference 17.5, 17.6). Others are kept and not tried.
MIRRORED_TYPES = frozenset(
    {"room_update", "recording_update", "snapshot_update", "participant_update", "broadcast_update"}
)
#: After so many attempts a delivery is dead, until somebody replays it.
ATTEMPTS_ALLOWED = 8
#: Back-off between two attempts, doubled with each; jittered.
FIRST_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 30 * 60.0
#: For how long the deliveries of a locked room are left aside, at most; jittered.
LOCKED_WAIT_SECONDS = 10.0
#: How many are left aside with the one that was refused; the next one leaves others aside.
MOST_LEFT_ASIDE = 1000
#: `Delivery.error` of those that are left aside.
LOCKED = "Another transaction has locked the room, or the database."


@dataclass(frozen=True, kw_only=True)
class Received:
    """A delivery that is kept. `is_new` is False when the same bytes had been received before."""

    delivery: Delivery
    is_new: bool


def receive(*, body: bytes, signature: str | bytes | None) -> Received:
    """Keep a webhook without its secrets; the key that verifies its signature names the account.

    When this returns, the delivery is committed. A body that is no JSON object is kept as dead, with
    length, hash and reason and none of its text. Raises BadSignatureError, and nothing is kept;
    `django.db.OperationalError` when the database cannot be reached.
    """
    alias = _account_that_signed(body, signature)
    delivery = _read(alias, body)
    is_new = _insert(delivery)
    delivery = Delivery.objects.get(account=alias, digest=delivery.digest)
    if is_new and delivery.state == Delivery.State.DEAD:
        _tell_of_failure(delivery)
    return Received(delivery=delivery, is_new=is_new)


def process_delivery(pk: int) -> bool:
    """Mirror one delivery, if it is due and nobody else is at it.

    True when it is done or ignored now. What goes wrong is noted on the row, and tried again later or,
    after 8 attempts, given up; that raises nothing. If another transaction has locked the room, all its deliveries
    are left aside for some seconds, which is no attempt. Raises `django.db.Error` when not even the row can
    be written.
    """
    delivery = _claim(pk)
    if delivery is None:
        return False
    if delivery.attempts > ATTEMPTS_ALLOWED:
        # Whoever tried it did not live to say what happened.
        _give_up(delivery, _("Each process that mirrored it ended before it was done."))
        return False
    record = records.Delivery.from_json(delivery.payload)
    observed_at = delivery.sent_at or delivery.received_at
    try:
        with transactions.waiting_at_most(transactions.WORKERS_LOCK_TIMEOUT_SECONDS):
            known = mirror.apply_delivery(record, account=delivery.account, observed_at=observed_at)
    except records.UnreadableRecordError as error:
        _give_up(delivery, _words_for(error))
        return False
    except LockRefusedError:
        _leave_aside(delivery)
        _leave_room_aside(delivery)
        return False
    except Exception as error:  # noqa: BLE001 - one delivery's trouble is no reason to stop
        if is_lock_refused(error):
            _leave_aside(delivery)
        else:
            _put_off(delivery, error)
        return False
    state = Delivery.State.DONE if known else Delivery.State.IGNORED
    return _finish(delivery, state=state, error="")


def process_due(limit: int = 1000) -> int:
    """Mirror what is due, in order of receipt, `limit` at most. Returns how many are done or ignored.

    Deliveries of rooms that another transaction has locked for some time are left aside.
    """
    return sum(process_delivery(pk) for pk in _due(limit))


def process_slice(seconds: float, *, limit: int = 1000) -> bool:
    """Mirror what is due, as `process_due`, and begin none after so many seconds. Returns whether more may be due."""
    ends_at = time.monotonic() + seconds
    pks = _due(limit)
    for done, pk in enumerate(pks, start=1):
        process_delivery(pk)
        if time.monotonic() >= ends_at:
            return done < len(pks) or len(pks) == limit
    return len(pks) == limit


def _due(limit: int) -> list[int]:
    locked = Q()
    for account_alias, eyeson_id in _locked_rooms():
        locked |= Q(account=account_alias, room_eyeson_id=eyeson_id)
    due = Delivery.objects.due(timezone.now())
    return list((due.exclude(locked) if locked else due).values_list("pk", flat=True)[:limit])


def _locked_rooms() -> set[transactions.RoomKey]:
    """The rooms whose deliveries were left aside, and that are locked still: nobody need wait for them again."""
    waiting = Delivery.objects.filter(state=Delivery.State.RECEIVED, error=LOCKED)
    rooms = waiting.exclude(room_eyeson_id="").order_by().distinct()
    return transactions.locked_rooms(rooms.values_list("account", "room_eyeson_id"))


def replay(*, delivery: Delivery) -> None:
    """Put the delivery back to where it was when it came, to be mirrored again at the next occasion.

    One that was kept without its text has nothing to mirror, and stays as it is.
    """
    Delivery.objects.filter(pk=delivery.pk, payload__isnull=False).update(
        state=Delivery.State.RECEIVED,
        attempts=0,
        next_attempt_at=None,
        lease_until=None,
        processed_at=None,
        error="",
    )
    delivery.refresh_from_db()


def _account_that_signed(body: bytes, signature: str | bytes | None) -> str:
    accounts = []
    for alias in account_aliases():
        try:
            accounts.append(account(alias))
        except ConfigurationError:
            # An account without a key is a finding of the system checks; the others go on.
            continue
    # No variable holds a key: error reporters record them.
    index = signatures.verify(
        [key for account in accounts for key in account.webhook_keys], body, signature
    )
    if index is None:
        raise BadSignatureError("No key of any account made this signature.")
    return [account.alias for account in accounts for _key in account.webhook_keys][index]


def _read(alias: str, body: bytes) -> Delivery:
    now = timezone.now()
    delivery = Delivery(
        account=alias,
        digest=hashlib.sha256(body).hexdigest(),
        length_bytes=len(body),
        received_at=now,
    )
    try:
        payload = without_secrets(read_body(body))
    except UnreadableBodyError as error:
        delivery.state = Delivery.State.DEAD
        delivery.error = str(error)
        delivery.processed_at = now
        return delivery
    record = records.Delivery.from_json(payload)
    delivery.payload = payload
    delivery.type = record.type
    delivery.sent_at = clocks.time_of_webhook(alias, record.timestamp, received_at=now)
    delivery.room_eyeson_id = _room_named_in(payload)
    if record.type not in MIRRORED_TYPES:
        delivery.state = Delivery.State.IGNORED
        delivery.processed_at = now
    return delivery


def _room_named_in(payload: Mapping[str, Any]) -> str:
    """The id of the room that a body is about, "" for none; the resource may have any name."""
    for resource in (payload.get("room"), *payload.values()):
        if not isinstance(resource, Mapping):
            continue
        room = resource if resource is payload.get("room") else resource.get("room")
        found = room.get("id") if isinstance(room, Mapping) else resource.get("room_id")
        if isinstance(found, str) and len(found) <= 255:
            return found
    return ""


def _insert(delivery: Delivery) -> bool:
    """INSERT the row, and commit. False when the same bytes of the same account are there already."""
    inserted = _RowCount()
    using = database_alias()
    with (
        transaction.atomic(using=using, durable=True),
        connections[using].execute_wrapper(inserted),
    ):
        Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
    return inserted.rows == 1


class _RowCount:
    """How many rows the last statement touched: `bulk_create` does not say which it ignored."""

    rows = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        self.rows = context["cursor"].rowcount
        return result


def _claim(pk: int) -> Delivery | None:
    """The delivery, if it is due: one of any number of callers gets it, until its lease expires."""
    now = timezone.now()
    lease_until = now + timedelta(seconds=setting("LEASE_SECONDS"))
    # Counted before the attempt, so that one which kills its process ends, too.
    claimed = (
        Delivery.objects.due(now)
        .filter(pk=pk)
        .update(lease_until=lease_until, attempts=F("attempts") + 1)
    )
    if not claimed:
        return None
    return Delivery.objects.filter(pk=pk, lease_until=lease_until).first()


def _finish(delivery: Delivery, *, state: Delivery.State, error: str) -> bool:
    """Write the end of it. False, and nothing is written, when the claim was lost meanwhile."""
    return _write(
        delivery, state=state, error=error, processed_at=timezone.now(), next_attempt_at=None
    )


def _put_off(delivery: Delivery, error: Exception) -> None:
    if delivery.attempts >= ATTEMPTS_ALLOWED:
        _give_up(delivery, _words_for(error))
        return
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (delivery.attempts - 1))
    seconds = random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, protects nothing
    _write(
        delivery,
        error=_words_for(error),
        next_attempt_at=timezone.now() + timedelta(seconds=seconds),
    )
    logger.warning(
        "Delivery %s could not be mirrored, attempt %d: %s",
        delivery.pk,
        delivery.attempts,
        _words_for(error),
    )


def _leave_aside(delivery: Delivery) -> None:
    """Put the delivery off as if it had not been tried."""
    if _write(
        delivery,
        attempts=delivery.attempts - 1,
        error=LOCKED,
        next_attempt_at=_when_unlocked(),
    ):
        logger.warning("Delivery %s waits, which is no attempt: %s", delivery.pk, LOCKED)


def _leave_room_aside(delivery: Delivery) -> None:
    """Put off the other deliveries of the room, so that each keeps no worker of its own waiting."""
    if not delivery.room_eyeson_id:
        return
    others = Delivery.objects.due(timezone.now()).filter(
        account=delivery.account, room_eyeson_id=delivery.room_eyeson_id
    )
    with transaction.atomic(using=database_alias()):
        # Other workers do the same in this moment. Who waits for rows that they hold may hold some that they wait for.
        free = others.using(database_alias()).select_for_update(skip_locked=True)
        pks = list(free.values_list("pk", flat=True)[:MOST_LEFT_ASIDE])
        Delivery.objects.filter(pk__in=pks).update(error=LOCKED, next_attempt_at=_when_unlocked())


def _when_unlocked() -> datetime:
    seconds = random.uniform(LOCKED_WAIT_SECONDS / 2, LOCKED_WAIT_SECONDS)  # noqa: S311 - spreads load
    return timezone.now() + timedelta(seconds=seconds)


def _give_up(delivery: Delivery, reason: str) -> None:
    if _finish(delivery, state=Delivery.State.DEAD, error=reason):
        delivery.refresh_from_db()
        _tell_of_failure(delivery)


def _write(delivery: Delivery, **fields: Any) -> bool:
    # The lease is the claim's mark: who lost it writes nothing.
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.RECEIVED, lease_until=delivery.lease_until
    )
    return bool(mine.update(lease_until=None, **fields))


def _tell_of_failure(delivery: Delivery) -> None:
    logger.error("Delivery %s is dead: %s", delivery.pk, delivery.error)
    room = Room.objects.filter(account=delivery.account, eyeson_id=delivery.room_eyeson_id).first()
    transaction.on_commit(
        partial(
            signals.delivery_failed.send_robust,
            sender=Delivery,
            room=room,
            delivery=delivery,
            occurred_at=delivery.sent_at or delivery.received_at,
        ),
        using=database_alias(),
    )


def _words_for(error: Exception) -> str:
    """What went wrong and where, and nothing of what eyeson sent: errors like to quote it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} ({Path(place.filename).name}:{place.lineno})"
