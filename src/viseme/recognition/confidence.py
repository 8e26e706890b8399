"""How sure a reading is: a score for each word, its calibration, and when to say nothing.

A word's raw score is a geometric mean over its tokens of what CTC gives them on the frames they are
aligned to and of what the text decoder gives them. It orders words well but is no probability; a
logistic map fitted on held-out words (Platt 1999) makes it one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

SCORE_MARGIN = 1e-6
NEWTON_STEPS = 50


def word_score(ctc: Sequence[float], decoder: Sequence[float] = ()) -> float:
    """Raw score (0 to 1) of a word from the log-probabilities of its tokens.

    Both judges count the same, whatever the number of tokens; without `decoder` CTC judges alone.
    """
    means = [sum(judge) / len(judge) for judge in (ctc, decoder) if judge]
    return math.exp(min(0.0, sum(means) / len(means))) if means else 0.0


@dataclass(frozen=True)
class Calibration:
    """Probability that a word is right: a logistic function of the logit of its raw score.

    The default changes nothing. `viseme.config` reads and writes it as plain values.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, scores: Sequence[float], correct: Sequence[bool]) -> "Calibration":
        """The most likely map for held-out words, by Newton's method.

        As in Platt (1999) the targets stay a little short of 0 and 1, so that few or perfectly
        separated words do not make it certain.

        Raises:
            ValueError: no words, or not one verdict for each score.
        """
        if not scores or len(scores) != len(correct):
            raise ValueError(f"{len(scores)} scores and {len(correct)} verdicts do not fit")
        x = np.stack([_logit(np.asarray(scores, float)), np.ones(len(scores))], 1)
        right = np.asarray(correct, bool)
        positive, negative = right.sum(), (~right).sum()
        target = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
        weights = np.zeros(2)
        for _ in range(NEWTON_STEPS):
            p = _logistic(x @ weights)
            # The ridge keeps a solution where all scores are equal.
            curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
            step = np.linalg.solve(curvature, x.T @ (target - p) - 1e-6 * weights)
            size = 1.0
            while size > 1e-4 and _loss(x, target, weights + size * step) > _loss(
                x, target, weights
            ):
                size /= 2
            weights = weights + size * step
            if np.abs(step).max() < 1e-9:
                break
        return cls(*weights.tolist())

    def apply(self, score: float) -> float:
        """Calibrated probability of a raw score; both 0 to 1."""
        return float(_logistic(self.slope * _logit(np.asarray(score)) + self.intercept))


@dataclass(frozen=True)
class Abstention:
    """When to give no text rather than an invented one.

    Attributes:
        least_confidence: mean calibrated confidence of the words below which there is no text.
        least_visible: share of the frames with a usable mouth below which there is none.
    """

    least_confidence: float = 0.2
    least_visible: float = 0.5

    def reason(self, confidences: Sequence[float], visible: float = 1.0) -> str | None:
        """Why to abstain, for the transcript's warnings, or None to give the text.

        Args:
            confidences: of the words; none at all is a text that is empty anyway.
            visible: share of frames, 0 to 1; 1 where no lips are needed.
        """
        if visible < self.least_visible:
            return (
                f"no readable lips here: a mouth is visible in {visible:.0%} of the frames; "
                "it may be covered, turned away from the camera or out of the picture"
            )
        if confidences:
            mean = sum(confidences) / len(confidences)
            if mean < self.least_confidence:
                return f"no readable speech here: mean word confidence is {mean:.2f}"
        return None


def _logit(score: Array) -> Array:
    p = np.clip(score, SCORE_MARGIN, 1 - SCORE_MARGIN)
    return np.log(p) - np.log1p(-p)


def _logistic(x: Array) -> Array:
    return np.exp(-np.logaddexp(0.0, -x))


def _loss(x: Array, target: Array, weights: Array) -> float:
    """Penalised cross-entropy that `Calibration.fit` makes small."""
    logits = x @ weights
    return float((np.logaddexp(0.0, logits) - target * logits).sum() + 5e-7 * weights @ weights)
