"""The mouth of one face through consecutive frames: aligned ROIs and what came with them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viseme.face.align import (
    MOUTH_ROI_SIZE_PX,
    SMOOTHING_RADIUS_FRAMES,
    FaceWindow,
    apply,
    mouth_roi_transforms,
    region_means,
    window_transforms,
)
from viseme.face.gaps import MAX_GAP_FRAMES, fill_gaps, spans
from viseme.face.mesh import EYE_CORNERS
from viseme.face.tracker import Face
from viseme.face.warp import invert, warp

CONTEXT_FRAMES = SMOOTHING_RADIUS_FRAMES + MAX_GAP_FRAMES
"""Frames to both sides that can change a mouth ROI: smoothing reaches out, and so do gaps there."""

_INNER_LIPS = (13, 14)
_NUM_REGION_VALUES = 8
_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * MOUTH_ROI_SIZE_PX - 0.5


class Observation(NamedTuple):
    """What is kept of a face in one frame.

    `values` (13,) are the four region means, the box and how far the lips are open, in eye
    distances; `score` is that of the face.
    """

    values: NDArray[np.float64]
    score: float

    @classmethod
    def of(cls, face: Face) -> "Observation":
        regions = region_means(face.landmarks[None].astype(np.float64))[0]
        points = face.landmarks.astype(np.float64)
        left, right = points[list(EYE_CORNERS)]
        upper, lower = points[list(_INNER_LIPS)]
        opening = np.linalg.norm(lower - upper) / max(float(np.linalg.norm(right - left)), 1e-6)
        return cls(np.concatenate([regions.ravel(), face.box, [opening]]), face.score)


@dataclass(frozen=True)
class MouthTrack:
    """The mouth of one face in T consecutive frames.

    Attributes:
        rois: (T, 96, 96) uint8 grey mouth ROIs, black where the face is not visible.
        visible: (T,) True where the face was seen or bridged.
        scores: (T,) float32 face score, 0 where it was not seen.
        boxes: (T, 4) float32 px, x0, y0, x1, y1; not a number where not visible.
        quads: (T, 4, 2) float32 px, outer corners of the ROI in the frame, clockwise from its top
            left; not a number where not visible.
        openings: (T,) float32, distance of the inner lips in eye distances; not a number where not
            visible.
        cuts: (T, size, size, 3) uint8 RGB of each further window, black where the face is not
            visible.
    """

    rois: NDArray[np.uint8]
    visible: NDArray[np.bool_]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    quads: NDArray[np.float32]
    openings: NDArray[np.float32]
    cuts: tuple[NDArray[np.uint8], ...] = ()

    @classmethod
    def blank(cls, num_frames: int, windows: Sequence[FaceWindow] = ()) -> "MouthTrack":
        """A track that is nowhere visible."""
        return cls(
            np.zeros((num_frames, MOUTH_ROI_SIZE_PX, MOUTH_ROI_SIZE_PX), np.uint8),
            np.zeros(num_frames, bool),
            np.zeros(num_frames, np.float32),
            np.full((num_frames, 4), np.nan, np.float32),
            np.full((num_frames, 4, 2), np.nan, np.float32),
            np.full(num_frames, np.nan, np.float32),
            tuple(np.zeros((num_frames, w.size_px, w.size_px, 3), np.uint8) for w in windows),
        )

    @classmethod
    def join(cls, parts: Sequence["MouthTrack"]) -> "MouthTrack":
        """One track from parts that follow each other."""
        names = [field.name for field in fields(cls) if field.name != "cuts"]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        cuts = zip(*(part.cuts for part in parts), strict=True)
        return cls(**joined, cuts=tuple(np.concatenate(pieces) for pieces in cuts))


def mouth_track(
    images: Sequence[NDArray[np.uint8]],
    window: Sequence[Observation | None],
    start: int,
    further: Sequence[FaceWindow] = (),
) -> MouthTrack:
    """The mouth of one face in consecutive frames.

    Args:
        images: the T frames, RGB (H, W, 3).
        window: the face, or None, in these and up to CONTEXT_FRAMES more frames to both sides
            (fewer only where the video begins or ends).
        start: index in `window` of the first of `images`.
        further: windows to cut besides the mouth.
    """
    present = np.array([seen is not None for seen in window])
    values = np.zeros((len(window), _NUM_REGION_VALUES + 5))
    track = MouthTrack.blank(len(images), further)
    for i, seen in enumerate(window):
        if seen is not None:
            values[i] = seen.values
            if start <= i < start + len(images):
                track.scores[i - start] = seen.score
    values, visible = fill_gaps(values, present)
    to_image = np.full((len(window), 2, 3), np.nan)
    others = [to_image.copy() for _ in further]
    for span in spans(visible):
        regions = values[span, :_NUM_REGION_VALUES].reshape(-1, 4, 2)
        to_image[span] = invert(mouth_roi_transforms(regions))
        for other, place in zip(others, further, strict=True):
            other[span] = invert(window_transforms(regions, place))
    here = slice(start, start + len(images))
    track.visible[:] = visible[here]
    track.boxes[:] = values[here, _NUM_REGION_VALUES:-1]
    track.openings[:] = values[here, -1]
    track.quads[:] = apply(to_image[here], _CORNERS)
    for i in np.flatnonzero(track.visible).tolist():
        patch = warp(images[i], to_image[start + i], MOUTH_ROI_SIZE_PX, grey=True)
        track.rois[i] = np.rint(patch[..., 0])
        for cut, other, place in zip(track.cuts, others, further, strict=True):
            cut[i] = np.rint(warp(images[i], other[start + i], place.size_px))
    return track
