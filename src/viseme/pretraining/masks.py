"""Which frames of its input a student does not see: spans at random places.

RAVEn's paper and code differ here. By the paper every frame begins a span with the probability; by
the code (fairseq's `compute_mask_indices`) the spans' frames, overlaps counted twice, are that
share of the clip. At a probability of 0.2 and spans of 3 frames the one hides half of a clip, the
other a fifth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from viseme.config import check_at_least

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class MaskConfig:
    """Spans of one stream.

    Attributes:
        probability: of a frame to begin a span, or the share of frames in spans; see `rule`.
        span_frames: length of a span.
        rule: "code", a number of spans whose frames are a share of the clip, all clips of a batch
            with as few masked frames as the one with the fewest; or "paper", each frame by chance.
    """

    probability: float = 0.2
    span_frames: int = 3
    rule: Literal["code", "paper"] = "code"

    def __post_init__(self) -> None:
        check_at_least(1, self, "span_frames")
        if not 0 < self.probability <= 1:
            raise ValueError(f"probability {self.probability} is not above 0 and at most 1")


def batch_masks(lengths: Sequence[int], config: MaskConfig, rng: Generator) -> list[Mask]:
    """A mask (T,) for each clip of T frames, True where the student does not see.

    At least one frame of a clip is masked and, unless it is shorter than a span, one is seen.
    """
    masks = [_mask(length, config, rng) for length in lengths]
    if config.rule == "code":
        fewest = min(int(mask.sum()) for mask in masks)
        masks = [_fewer(mask, fewest, rng) for mask in masks]
    return masks


def _mask(length: int, config: MaskConfig, rng: Generator) -> Mask:
    span = config.span_frames
    if config.rule == "paper":
        starts = np.flatnonzero(rng.random(length) < config.probability)
        if not len(starts):
            starts = rng.integers(0, length, 1)
    else:
        # As in the code: the last place where a whole span would fit begins none.
        wanted = max(1, int(config.probability * length / span + rng.random()))
        places = max(1, length - span)
        starts = rng.choice(places, min(wanted, places), replace=False)
    mask = np.zeros(length, bool)
    for start in starts:
        mask[start : start + span] = True
    if mask.all() and length > span:
        mask[rng.integers(0, length)] = False
    return mask


def _fewer(mask: Mask, wanted: int, rng: Generator) -> Mask:
    masked = np.flatnonzero(mask)
    kept = np.zeros_like(mask)
    kept[rng.choice(masked, wanted, replace=False)] = True
    return kept
