"""When words begin and end, read off the encoder's features by a linear layer.

CTC tells the order of the tokens, but marks each anywhere in what stands for it: the first word's
often in the silence before it. So every edge between two frames gets two scores, for a word that
begins there and for one that ends there, from the features on both sides of it. A text's words
take the edges with the best sum that are in order and near enough to where CTC has their tokens.
The layer learns from word times, those near enough to CTC being the choice (softmax).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

Array = NDArray[np.floating]
Span = tuple[int, int]
"""First and last frame that CTC has for a word: those of its first and of its last token."""

REACH_FRAMES = 3
"""Features of so many frames on either side of an edge are looked at."""

LATE_FRAMES, EARLY_FRAMES = 6, 3
"""A word begins up to so many frames after CTC's first for it, and ends so many before its last."""

_MAX_SHIFT = 0.45
"""Of an edge, in frames: less than half of one, so that words keep some length."""

_WEIGHT_DECAY = 1e-4
_MAX_STEPS = 80
_NEVER = -1e9


@dataclass(frozen=True)
class Taught:
    """A clip that teaches: features (T, D), CTC's spans of its N words, and their times (N, 2) in
    frames."""

    features: Array
    spans: Sequence[Span]
    times: Array


@dataclass(frozen=True)
class WordTimer:
    """The layer: weight (2, D, 2 REACH_FRAMES) for features less their mean (D,)."""

    weight: Tensor
    mean: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """What a model folder keeps, in 16 bits."""
        return {"weight": self.weight.half(), "mean": self.mean.half()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> "WordTimer":
        """Undo of `tensors`."""
        return cls(tensors["weight"].float(), tensors["mean"].float())

    def times(self, features: Tensor, spans: Sequence[Span]) -> Array:
        """Starts and ends (N, 2) of words, in frames and parts of them.

        Args:
            features: encoder output (T, D) of one clip, without padding.
            spans: where CTC has the words, in order.

        Words have some length and do not overlap.
        """
        num_frames = len(features)
        scores = self._scores(features[None]).squeeze(0).cpu().double().numpy()
        candidates = _candidates(spans, num_frames)
        rows = np.full((2 * len(spans), num_frames + 1), -np.inf)
        for index, (low, high) in enumerate(candidates):
            part = scores[index % 2, low : high + 1]
            rows[index, low : high + 1] = part - np.logaddexp.reduce(part)
        return np.maximum.accumulate(_between(rows, _best_chain(rows))).reshape(-1, 2)

    def _scores(self, features: Tensor) -> Tensor:
        """Scores (B, 2, T + 1) of the edges of features (B, T, D)."""
        padded = F.pad((features - self.mean).transpose(1, 2), (REACH_FRAMES, REACH_FRAMES))
        return F.conv1d(padded, self.weight)

    @classmethod
    def fit(cls, clips: Sequence[Taught]) -> "WordTimer":
        """The layer that most likely gives the clips' word times.

        Raises:
            ValueError: no clips.
        """
        if not clips:
            raise ValueError("no clips to learn word times from")
        mean = torch.from_numpy(np.concatenate([clip.features for clip in clips]).mean(0)).float()
        dim = len(mean)
        weight = torch.zeros(2, dim, 2 * REACH_FRAMES, requires_grad=True)
        timer = cls(weight, mean)
        longest = max(len(clip.features) for clip in clips)
        features = mean.repeat(len(clips), longest, 1)  # as if padded by nothing at all
        for row, clip in zip(features, clips, strict=True):
            row[: len(clip.features)] = torch.from_numpy(clip.features)
        clip_of, kind_of, allowed, target = _lessons(clips, longest + 1)
        optimizer = torch.optim.LBFGS(
            [weight], max_iter=_MAX_STEPS, line_search_fn="strong_wolfe", tolerance_change=1e-6
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            scores = timer._scores(features)[clip_of, kind_of].masked_fill(~allowed, _NEVER)
            value = -(target * scores.log_softmax(-1)).sum(-1).mean()
            value = value + _WEIGHT_DECAY * weight.square().sum()
            value.backward()
            return value

        optimizer.step(loss)
        return cls(weight.detach(), mean)


def _candidates(spans: Sequence[Span], num_frames: int) -> list[tuple[int, int]]:
    """First and last edge at which each word may start, and end: 2 N of them, word by word."""
    found = []
    last = len(spans) - 1
    for index, (first_frame, last_frame) in enumerate(spans):
        if index == 0:
            following = spans[1][0] if last else num_frames
            start = (0, max(first_frame + LATE_FRAMES, following))
        else:
            start = (spans[index - 1][1], first_frame + LATE_FRAMES)
        if index == last:
            end = (spans[index - 1][1] if index else 0, num_frames)
        else:
            end = (last_frame - EARLY_FRAMES, spans[index + 1][0] + LATE_FRAMES)
        for low, high in (start, end):
            low = min(max(low, 0), num_frames - 1)
            found.append((low, min(max(high, low + 1), num_frames)))
    return found


def _lessons(clips: Sequence[Taught], num_edges: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """For every boundary of every word: its clip, 0 for a start or 1 for an end, which edges are
    candidates, and how the true time is shared between the two edges beside it."""
    clip_of, kind_of = [], []
    allowed, target = [], []
    for number, clip in enumerate(clips):
        num_frames = len(clip.features)
        truth = np.clip(np.asarray(clip.times, float).ravel(), 0, num_frames)
        for index, (low, high) in enumerate(_candidates(clip.spans, num_frames)):
            edge = min(int(truth[index]), num_frames - 1)
            share = truth[index] - edge
            may, said = np.zeros(num_edges, bool), np.zeros(num_edges, np.float32)
            may[min(low, edge) : max(high, edge + 1) + 1] = True
            said[edge], said[edge + 1] = 1 - share, share
            clip_of.append(number)
            kind_of.append(index % 2)
            allowed.append(may)
            target.append(said)
    return (
        torch.tensor(clip_of),
        torch.tensor(kind_of),
        torch.from_numpy(np.stack(allowed)),
        torch.from_numpy(np.stack(target)),
    )


def _best_chain(rows: Array) -> NDArray[np.int64]:
    """Edges (2 N,) in order with the best sum of their rows' scores (2 N, T + 1).

    A word ends after it starts; the next may start where it ends. Where CTC leaves no room for
    that, scores of the impossible count as very low, so that there always is an answer.
    """
    rows = np.maximum(rows, _NEVER)
    edges = np.arange(rows.shape[1])
    total, came_from = rows[0], []
    for index in range(1, len(rows)):
        best = np.maximum.accumulate(total)
        origin = np.maximum.accumulate(np.where(total == best, edges, 0))
        if index % 2:
            best = np.concatenate([[2 * len(rows) * _NEVER], best[:-1]])
            origin = np.concatenate([[0], origin[:-1]])
        came_from.append(origin)
        total = best + rows[index]
    chain = [int(total.argmax())]
    for origin in reversed(came_from):
        chain.append(int(origin[chain[-1]]))
    return np.array(chain[::-1])


def _between(rows: Array, chain: NDArray[np.int64]) -> Array:
    """The chosen edges moved between the frames' edges, by the scores of those beside them."""
    moved = []
    for row, edge in zip(rows, chain, strict=True):
        near = np.arange(max(edge - 1, 0), min(edge + 2, len(row)))
        share = np.exp(np.maximum(row[near] - max(row[edge], _NEVER), -50).clip(max=50))
        place = float((near * share).sum() / share.sum())
        moved.append(min(max(place, edge - _MAX_SHIFT), edge + _MAX_SHIFT, len(row) - 1))
    return np.array(moved)
