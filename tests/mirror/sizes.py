"""How many histories are tried: all where it tells most, a few where the same is tried elsewhere."""

from __future__ import annotations

import os

ON_POSTGRESQL = bool(os.environ.get("DATABASE_URL"))
#: Other Pythons and Djangos, and coverage: what is asked there is whether it runs at all.
IS_BRIEF = bool(os.environ.get("EYESON_TEST_BRIEF"))
#: Before a change lands, all are tried; whoever waits for the answer gets some of them.
IS_CI = bool(os.environ.get("CI"))

#: For the rules alone.
PURE = 300 if IS_BRIEF else 10_000
#: Histories that reach the rows in one process, in eight threads, and in two orders.
ONE_BY_ONE, BY_THREADS, TWICE = (
    (20, 5, 3) if IS_BRIEF or not ON_POSTGRESQL else (400, 100, 15) if IS_CI else (60, 15, 5)
)

#: Histories of one room in which eyeson says wrong things, each in six orders. EYESON_TEST_HISTORIES=300 tries more.
WRONG_HISTORIES = int(os.environ.get("EYESON_TEST_HISTORIES") or 0) or (
    10 if IS_BRIEF or not ON_POSTGRESQL else 60
)
