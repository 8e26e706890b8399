"""Why lips that are seen cannot be read: what is wrong with the picture, so that one can act on it.

The bounds are where `grid-s1-vsr` begins to get one word in ten wrong, or more, on clips of GRID
that were made smaller, darker, blurred or slower (docs/face.md). They explain; a reading that is
sure needs no explanation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from viseme.errors import NoFaceError
from viseme.face.crop import MouthBlock

LEAST_PICTURES_PER_S = 10
LEAST_FACE_PX = 30
LEAST_BRIGHTNESS = 50
LEAST_SHARPNESS = 0.06
"""Mean difference of neighbouring pixels in a row of the mouth ROI, by its standard deviation."""

BLACK = 16
"""A picture whose mean is darker shows nothing at all."""

_STEP_PX = 4
_SAME_SHARE = 0.04
"""A picture shown again changes by coding alone: by less than this share of what others do."""


@dataclass(frozen=True)
class Fault:
    """What is wrong: a code, and a clause that says how much and what is needed."""

    code: str
    reason: str


@dataclass
class PictureWatch:
    """Notes of pictures on their way to the face tracker how they change and how bright they are.

    Attributes:
        changes: of each picture, mean difference to the one before, grey levels.
        brightness: of each, mean 0 to 255.
    """

    changes: list[float] = field(default_factory=list)
    brightness: list[float] = field(default_factory=list)

    def passing(self, frames: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        """The same frames (H, W, 3)."""
        before = None
        for frame in frames:
            seen = frame[::_STEP_PX, ::_STEP_PX].astype(np.int16)
            self.changes.append(0.0 if before is None else float(np.abs(seen - before).mean()))
            self.brightness.append(float(seen.mean()))
            before = seen
            yield frame

    def faults(self, block: MouthBlock, fps: float) -> list[Fault]:
        """What is wrong with a block of these pictures, the worst first.

        Args:
            block: with a visible mouth or without.
            fps: frames of the block per second.
        """
        visible = block.visible
        if not visible.any():
            return []
        changes = np.array(self.changes[block.start_frame : block.start_frame + len(block)])
        is_new = changes > _SAME_SHARE * np.quantile(changes, 0.95)
        is_new[0] = True
        pictures_per_s = fps * float(is_new[visible].mean())
        face_px = float(np.median(block.boxes[visible, 2] - block.boxes[visible, 0]))
        rois = block.rois[visible].astype(np.float32)
        brightness = float(np.median(rois.mean((1, 2))))
        contrast = rois.std((1, 2)).clip(1)
        sharpness = float(np.median(np.abs(np.diff(rois, axis=2)).mean((1, 2)) / contrast))
        found = (
            (
                pictures_per_s < LEAST_PICTURES_PER_S,
                "few_pictures",
                f"too few pictures to read lips: {pictures_per_s:.2g} a second, some "
                f"{LEAST_PICTURES_PER_S} are needed",
            ),
            (
                face_px < LEAST_FACE_PX,
                "small_face",
                f"the face is too small to read lips: {face_px:.0f} px wide, some "
                f"{LEAST_FACE_PX} are needed",
            ),
            (
                brightness < LEAST_BRIGHTNESS,
                "dark",
                f"the mouth is too dark to be read: brightness {brightness:.0f} of 255, some "
                f"{LEAST_BRIGHTNESS} are needed",
            ),
            (
                sharpness < LEAST_SHARPNESS,
                "blurred",
                "the mouth is too blurred to be read: sharpen the focus, or take the original "
                "of a copy that was made smaller",
            ),
        )
        return [Fault(code, reason) for holds, code, reason in found if holds]

    def explained(self, error: NoFaceError) -> NoFaceError:
        """The error, or where all is black the one that says so."""
        brightness = float(np.median(self.brightness)) if self.brightness else 255.0
        if brightness >= BLACK:
            return error
        what = f"{error.what}; the picture is black, or nearly: brightness {brightness:.0f} of 255"
        return NoFaceError(what, path=error.path, todo="Record with more light.")
