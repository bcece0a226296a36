"""The part of sync that finds permalinks: those made elsewhere, changed elsewhere, and gone."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from functools import partial

from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import EyesonClient
from eyeson_meetings.exceptions import NotFoundError
from eyeson_meetings.models import Permalink

from . import sync_runs
from .asking import Questions

logger = logging.getLogger(__name__)

#: Name of the job in SyncRun.
JOB = "permalinks"
#: Between two lists in rounds that come by themselves: permalinks change seldom and live long.
PAUSE = timedelta(hours=1)


def sweep_permalinks(
    *,
    account: str,
    client: EyesonClient,
    questions: Questions,
    counts: Counter[str],
    pause: timedelta = timedelta(0),
) -> None:
    """Mirror the permalinks of the account, and mark those that eyeson does not know any more.

    Costs a call for each 25 of them, and one for each that has gone from the list; nothing when they
    were listed less than `pause` ago. Deletes nothing.
    """
    lease = sync_runs.begin(account=account, job=JOB, pause=pause)
    if lease is None:
        return
    found: Counter[str] = Counter()
    before = len(questions.troubles)
    try:
        with questions.apart(f"permalinks of account {account}"):
            _list(account, client, questions, found)
    finally:
        counts.update(found)
        lease.finish(counts=found, error="; ".join(questions.words()[before:]))


def _list(account: str, client: EyesonClient, questions: Questions, counts: Counter[str]) -> None:
    # Before the call: one that is made meanwhile is not missing from the answer.
    in_use = Permalink.objects.filter(
        room__account=account, deleted_at=None, missing_remotely_since=None
    )
    thought_in_use = list(in_use.select_related("room").order_by("pk"))
    try:
        listed = questions.ask(client.permalinks.list)
    except NotFoundError:
        logger.info("eyeson has no permalinks for account %s.", account)
        return
    for record in listed.value:
        with questions.apart("a permalink of the list"):
            mirror.apply_permalink(record, account=account, observed_at=listed.observed_at)
            counts["permalinks"] += 1
    shown = {record.id for record in listed.value}
    for permalink in thought_in_use:
        if permalink.room.eyeson_id not in shown:
            with questions.apart(f"permalink of room {permalink.room.uuid}"):
                _look_for(permalink, client, questions, counts)


def _look_for(
    permalink: Permalink, client: EyesonClient, questions: Questions, counts: Counter[str]
) -> None:
    """Pages may shift while they are read: only eyeson's word about this one counts."""
    room = permalink.room
    ask = partial(client.permalinks.get, permalink_id=room.eyeson_id)
    try:
        answer = questions.ask(ask)
    except NotFoundError as error:
        mirror.mark_permalink_missing(permalink, observed_at=error.observed_at or timezone.now())
        counts["missing"] += 1
        return
    mirror.apply_permalink(answer.value, account=room.account, observed_at=answer.observed_at)
