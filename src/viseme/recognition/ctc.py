"""CTC on its own: greedy text, likelihood of a text, forced alignment.

Connectionist temporal classification (Graves et al. 2006). A path gives every frame a token or the
blank; merging repeats and dropping blanks turns it into a text. The states of a text of L tokens
are blank, token 1, blank, ..., token L, blank (2L+1); the blank is id 0 unless said otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.floating]


@dataclass(frozen=True)
class TokenSpan:
    """Frames start_frame <= t < end_frame of a token, and the mean log-posterior it has there."""

    start_frame: int
    end_frame: int
    log_prob: float


def greedy(log_probs: Tensor, lengths: Tensor, blank_id: int = 0) -> list[list[int]]:
    """Texts of the most likely paths through posteriors log_probs (B, T, V) of lengths (B,)."""
    texts = []
    for path, length in zip(log_probs.argmax(-1), lengths.tolist(), strict=True):
        tokens = path[:length].unique_consecutive()
        texts.append(tokens[tokens != blank_id].tolist())
    return texts


def log_likelihood(log_probs: Array, tokens: Sequence[int], blank_id: int = 0) -> float:
    """Log-probability of the text `tokens`, summed over all its paths through log_probs (T, V).

    -inf if there are too few frames for it.
    """
    states, may_skip = _lattice(tokens, blank_id)
    emissions = np.asarray(log_probs, np.float64)[:, states]  # (T, 2L+1)
    forward = np.full(len(states), -np.inf)
    forward[:2] = emissions[0, :2]
    for emission in emissions[1:]:
        stay, step, skip = _predecessors(forward, may_skip)
        forward = np.logaddexp(np.logaddexp(stay, step), skip) + emission
    return float(np.logaddexp.reduce(forward[-2:]))


def align(log_probs: Array, tokens: Sequence[int], blank_id: int = 0) -> list[TokenSpan]:
    """When each of `tokens` is said: the most likely path of the text through log_probs (T, V).

    Raises:
        ValueError: fewer frames than the text needs (one a token, one more between equal ones).
    """
    needed = len(tokens) + sum(a == b for a, b in pairwise(tokens))
    if needed > len(log_probs):
        raise ValueError(f"{len(tokens)} tokens need {needed} frames, there are {len(log_probs)}")
    if not tokens:
        return []
    path = _best_path(np.asarray(log_probs, np.float64), tokens, blank_id)
    spans = []
    for index, token in enumerate(tokens):
        frames = np.flatnonzero(path == 2 * index + 1)
        start, end = int(frames[0]), int(frames[-1]) + 1
        spans.append(TokenSpan(start, end, float(np.mean(log_probs[start:end, token]))))
    return spans


def _best_path(log_probs: Array, tokens: Sequence[int], blank_id: int) -> NDArray[np.int64]:
    """State index (T,) of every frame on the most likely path that spells `tokens`."""
    states, may_skip = _lattice(tokens, blank_id)
    num_frames, num_states = len(log_probs), len(states)
    # A floor keeps impossible emissions comparable, so that a feasible text always has a path.
    emissions = np.maximum(log_probs[:, states], -1e6)
    score = np.full(num_states, -np.inf)
    score[:2] = emissions[0, :2]
    steps = np.zeros((num_frames, num_states), np.int64)
    for t in range(1, num_frames):
        arrivals = np.stack(_predecessors(score, may_skip))
        steps[t] = arrivals.argmax(0)
        score = arrivals.max(0) + emissions[t]
    state = num_states - 2 + int(score[-1] > score[-2])
    path = np.empty(num_frames, np.int64)
    for t in range(num_frames - 1, -1, -1):
        path[t] = state
        state -= steps[t, state]
    return path


def _lattice(tokens: Sequence[int], blank_id: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Token of each state (2L+1,) and whether it may be entered from two states before."""
    states = np.full(2 * len(tokens) + 1, blank_id)
    states[1::2] = tokens
    may_skip = np.zeros(len(states), bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    return states, may_skip


def _predecessors(score: Array, may_skip: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Scores of arriving at each state by staying, by one step and by skipping a blank."""
    step = np.concatenate([[-np.inf], score[:-1]])
    skip = np.where(may_skip, np.concatenate([[-np.inf, -np.inf], score])[: len(score)], -np.inf)
    return score, step, skip
