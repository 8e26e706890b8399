"""How much of a split is done, and when it is enough."""

from collections.abc import Sequence

from viseme.studio.presets import Split
from viseme.studio.take import Take

_USUAL_TAKE_S = 3.0


class Quota:
    """The takes of one split, which arrive in any order.

    The split is the shortest run of takes from number 0 on that lasts as long as is wanted and has
    as many takes as the split needs at least. Takes beyond it, which other workers had in hand when
    it was full, do not count.
    """

    def __init__(self, split: Split, wanted_s: float) -> None:
        self.split = split
        self._wanted_s = wanted_s
        self._takes: dict[int, Take] = {}
        self._run, self._run_s = 0, 0.0  # takes without a gap so far, and how long they last

    def add(self, number: int, take: Take) -> None:
        """Take in a finished take."""
        self._takes[number] = take
        while not self.is_full and self._run in self._takes:
            self._run_s += self._takes[self._run].duration_s
            self._run += 1

    @property
    def is_full(self) -> bool:
        """Whether no more takes are needed."""
        return self._run >= self.split.min_clips and self._run_s >= self._wanted_s

    @property
    def takes(self) -> Sequence[Take]:
        """The takes that count, in order."""
        return [self._takes[number] for number in range(self._run)]

    @property
    def num_done(self) -> int:
        """How many takes are finished."""
        return len(self._takes)

    @property
    def expected(self) -> int:
        """How many takes it may have in the end, judged by the length of those so far."""
        if self.is_full:
            return self._run
        mean_s = self._run_s / self._run if self._run else _USUAL_TAKE_S
        return max(self.split.min_clips, self._run + 1, round(self._wanted_s / mean_s))
