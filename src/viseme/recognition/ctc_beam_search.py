"""CTC prefix beam search: the most likely texts by CTC alone, open vocabulary.

Frame by frame (Graves and Jaitly 2014; Hannun et al. 2014): each prefix in the beam keeps the
probability of ending in a blank and in its last token; paths that spell the same prefix are added.
Vectorised over beam and vocabulary; scores are lower bounds, as paths of dropped prefixes are lost.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.recognition.hypothesis import Hypothesis

Array = NDArray[np.floating]
Ids = NDArray[np.int64]


class _Prefixes:
    """All prefixes met so far, as a tree: the same prefix always has the same number."""

    def __init__(self) -> None:
        self.parent, self.token = [-1], [-1]
        self._children: dict[tuple[int, int], int] = {}

    def child(self, parent: int, token: int) -> int:
        key = (parent, token)
        if key not in self._children:
            self._children[key] = len(self.parent)
            self.parent.append(parent)
            self.token.append(token)
        return self._children[key]

    def text(self, prefix: int) -> list[int]:
        tokens = []
        while prefix > 0:
            tokens.append(self.token[prefix])
            prefix = self.parent[prefix]
        return tokens[::-1]


@dataclass
class _Beam:
    prefix: Ids  # (K,) numbers in the tree
    parent: Ids  # (K,)
    last: Ids  # (K,) last token, -1 for the empty prefix
    blank: Array  # (K,) log-probability of the prefix ending in a blank
    nonblank: Array  # (K,) of ending in its last token


def ctc_beam_search(
    log_probs: Array, *, beam_size: int = 10, num_best: int = 1, blank_id: int = 0
) -> list[Hypothesis]:
    """The likely texts of one utterance's posteriors log_probs (T, V), best first.

    Raises:
        ValueError: the beam is smaller than 1.
    """
    if beam_size < 1:
        raise ValueError(f"beam size {beam_size} must be at least 1")
    tree = _Prefixes()
    start = np.array([0]), np.array([-1]), np.array([-1])
    beam = _Beam(*start, np.zeros(1), np.full(1, -np.inf))
    for frame in np.asarray(log_probs, np.float64):
        beam = _advance(beam, frame, tree, beam_size, blank_id)
    scores = np.logaddexp(beam.blank, beam.nonblank).tolist()
    ranked = sorted(zip(scores, beam.prefix.tolist(), strict=True), reverse=True)[:num_best]
    return [Hypothesis(tree.text(prefix), score, ctc_score=score) for score, prefix in ranked]


def _advance(beam: _Beam, frame: Array, tree: _Prefixes, beam_size: int, blank_id: int) -> _Beam:
    """The beam after one more frame (V,) of log-posteriors."""
    total = np.logaddexp(beam.blank, beam.nonblank)
    blank = total + frame[blank_id]
    begun = beam.last >= 0
    nonblank = np.where(begun, beam.nonblank + frame[beam.last], -np.inf)
    grown = total[:, None] + frame  # (K, V)
    # After its own last token a prefix grows only from a blank; without one the token is held.
    rows = np.flatnonzero(begun)
    grown[rows, beam.last[rows]] = beam.blank[rows] + frame[beam.last[rows]]
    grown[:, blank_id] = -np.inf
    child, parent = np.nonzero(beam.parent[:, None] == beam.prefix)  # grown prefixes in the beam
    nonblank[child] = np.logaddexp(nonblank[child], grown[parent, beam.last[child]])
    grown[parent, beam.last[child]] = -np.inf

    scores = np.concatenate([np.logaddexp(blank, nonblank), grown.ravel()])
    size = min(beam_size, int(np.isfinite(scores).sum()))
    best = np.argpartition(-scores, size - 1)[:size]
    held, new = best[best < len(blank)], best[best >= len(blank)] - len(blank)
    row, token = new // len(frame), new % len(frame)
    parents = beam.prefix[row]
    made = [tree.child(p, t) for p, t in zip(parents.tolist(), token.tolist(), strict=True)]
    return _Beam(
        np.concatenate([beam.prefix[held], np.array(made, np.int64)]),
        np.concatenate([beam.parent[held], parents]),
        np.concatenate([beam.last[held], token]),
        np.concatenate([blank[held], np.full(len(new), -np.inf)]),
        np.concatenate([nonblank[held], grown[row, token]]),
    )
