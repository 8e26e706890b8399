"""Conditions on the means of arms that claims are often made of."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import hypot

from viseme.experiments.experiment import Summary

Condition = Callable[[Summary], bool]


def falls(arms: Sequence[str], figure: str = "WER") -> Condition:
    """A figure falls from each arm to the next."""
    return lambda s: all(s.mean(a, figure) > s.mean(b, figure) for a, b in pairwise(arms))


def clearly_below(lower: str, upper: str, figure: str = "WER") -> Condition:
    """One arm's figure is below another's by more than two standard errors of their difference."""

    def holds(summary: Summary) -> bool:
        error = hypot(*(summary.standard_error(arm, figure) for arm in (lower, upper)))
        return summary.mean(lower, figure) + 2 * error < summary.mean(upper, figure)

    return holds
