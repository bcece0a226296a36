"""Repeats and shuffles deliveries by a seed: eyeson promises neither uniqueness nor order (API reference 17.4)."""

import random
from typing import Any

from .knobs import Knobs

#: Of the webhooks when a seed is given, as by the command line: one in ten comes twice.
DUPLICATE_SHARE = 0.1


class Disorder:
    """Makes the same choices for the same seed and the same order of events."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self.start_over()

    def start_over(self) -> None:
        """Begin again with the first choice of the seed."""
        self._seed = self._knobs.delivery_seed
        # Two generators: how many deliveries are repeated must not depend on when they go out.
        self._repeating = random.Random(f"repeat {self._seed}")  # noqa: S311
        self._shuffling = random.Random(f"shuffle {self._seed}")  # noqa: S311

    def repeats(self) -> bool:
        """Return whether the next delivery comes twice."""
        self._follow_the_knob()
        return self._repeating.random() < self._knobs.duplicate_share

    def shuffle(self, deliveries: list[Any]) -> None:
        """Shuffle the deliveries of one second in place."""
        self._follow_the_knob()
        self._shuffling.shuffle(deliveries)

    def _follow_the_knob(self) -> None:
        if self._seed != self._knobs.delivery_seed:
            self.start_over()
