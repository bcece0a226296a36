"""Any order and any duplication of what eyeson says leave the same rows, in one process or in many."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from .histories import Heard, History, chance_of, make_history
from .remembering import Remembered
from .rows import like, rows_of
from .sizes import BY_THREADS, ONE_BY_ONE, TWICE

THREADS = 8


@pytest.fixture
def eight_threads() -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads close their connections to the database in the end."""
    everybody = threading.Barrier(THREADS)

    def close(_: int) -> None:
        everybody.wait(timeout=60)
        connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        yield pool
        list(pool.map(close, range(THREADS)))


# In portions: a database gets slow when a test's one transaction has too many parts.
@pytest.mark.django_db
@pytest.mark.parametrize("first_seed", range(0, ONE_BY_ONE, 20))
def test_histories_leave_the_rows_of_the_rules_in_any_order(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        rng = chance_of(seed)
        history = history_of(seed, rng)

        for heard in history.shuffled(rng):
            heard.apply(account="default")

        assert_rows_of_the_rules(history, seed)


@pytest.mark.begun_first
@pytest.mark.django_db(transaction=True)
def test_histories_leave_the_rows_of_the_rules_by_eight_threads(
    eight_threads: ThreadPoolExecutor,
) -> None:
    def apply(heard: Heard) -> None:
        heard.apply(account="default")

    for seed in range(400, 400 + BY_THREADS):
        rng = chance_of(seed)
        history = history_of(seed, rng)

        list(eight_threads.map(apply, history.shuffled(rng)))

        assert_rows_of_the_rules(history, seed)


@pytest.mark.django_db
def test_no_column_of_any_row_differs_between_two_orders() -> None:
    for seed in range(500, 500 + TWICE):
        rng = chance_of(seed)
        history = history_of(seed, rng)

        for heard in history.heard:
            heard.apply(account="in-order")
        for heard in history.shuffled(rng):
            heard.apply(account="shuffled")

        in_order = rows_of(account="in-order", room_id=history.room_id)
        assert rows_of(account="shuffled", room_id=history.room_id) == in_order, f"seed {seed}"


def history_of(seed: int, rng: random.Random) -> History:
    """Webhooks alone; in a fifth of the histories sync asks, too, and in a tenth the rooms are full."""
    return make_history(rng, answers=seed % 5 == 0, busy=seed % 10 == 1)


def assert_rows_of_the_rules(history: History, seed: int) -> None:
    """The rows are those that the rules give for all facts at once."""
    expected = Remembered(history.heard).rows()
    rows = rows_of(account="default", room_id=history.room_id)
    assert like(rows, expected) == expected, f"seed {seed}"
