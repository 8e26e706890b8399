"""One clip in memory, as augmentation and batching see it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.text.transcript import Word

VIDEO_FPS = 25
SAMPLES_PER_FRAME = 640


@dataclass(frozen=True)
class Example:
    """A clip's mouth ROIs and sound with its text.

    Attributes:
        id: of the clip.
        video: grey mouth ROIs uint8 (T, H, W) at 25 fps, or None.
        audio: waveform float32 (S,) at 16 kHz, S = 640 T, or None.
        text: what is said; empty where that is unknown.
        words: word times, seconds from the clip's start; empty where unknown.
    """

    id: str
    video: NDArray[np.uint8] | None
    audio: NDArray[np.float32] | None
    text: str
    words: tuple[Word, ...] = ()

    @property
    def num_frames(self) -> int:
        """Length T in video frames."""
        if self.video is not None:
            return len(self.video)
        assert self.audio is not None
        return len(self.audio) // SAMPLES_PER_FRAME
