"""How many histories are tried: all where it tells most, a few where the same was tried already."""

from __future__ import annotations

import os

ON_POSTGRESQL = bool(os.environ.get("DATABASE_URL"))
#: Other Pythons and Djangos, and coverage: what is asked there is whether it runs at all.
IS_BRIEF = bool(os.environ.get("EYESON_TEST_BRIEF"))

#: For the rules alone.
PURE = 300 if IS_BRIEF else 10_000
#: Histories that reach the rows in one process, and in eight threads.
ONE_BY_ONE = 20 if IS_BRIEF else 400 if ON_POSTGRESQL else 60
BY_THREADS = 5 if IS_BRIEF else 100 if ON_POSTGRESQL else 20
