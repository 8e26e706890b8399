"""A talking head for a demonstration where there is no recording: the studio's, drawn by formulas.

Its lips follow the sounds of a sentence of the GRID grammar as the studio moves every head, but
nobody has checked that a person could read them.
"""

# ruff: noqa: RUF001 - IPA letters are meant to look like Latin ones.

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.media import write_video
from viseme.studio.camera import Camera
from viseme.studio.heads.drawn_head import DrawnHead
from viseme.studio.motion.perform import Manner, perform
from viseme.studio.people import person
from viseme.studio.performance import FPS, Performance
from viseme.studio.scene import Scene
from viseme.studio.utterance import SAMPLE_RATE_HZ, Phone, Utterance

SIZE_PX = 256
NUM_FRAMES = 75
SENTENCE = "bin blue at f two now"

_PERSON = 9
_SEED = 1  # blinks twice
_SOUNDS = (
    *(("", 0.55), ("b", 0.08), ("ɪ", 0.10), ("n", 0.09)),
    *(("b", 0.09), ("l", 0.08), ("uː", 0.18)),
    *(("æ", 0.13), ("t", 0.09)),
    *(("ɛ", 0.14), ("f", 0.14)),
    *(("t", 0.10), ("uː", 0.20)),
    *(("n", 0.10), ("a", 0.15), ("ʊ", 0.15)),
    ("", 0.63),
)
"""The sounds of the sentence and how long they last, seconds; 3 s in all."""


def write_talking_head(path: str | Path, num_frames: int = NUM_FRAMES) -> None:
    """Write a silent clip at 25 pictures per second, 256x256 px; what is said takes 3 s."""
    write_video(path, talking_head(num_frames), FPS)


def talking_head(
    num_frames: int = NUM_FRAMES, size_px: int = SIZE_PX
) -> Iterator[NDArray[np.uint8]]:
    """Yield the first pictures (size_px, size_px, 3) RGB of the head, the same ones every time."""
    motion, head, camera = performance(), DrawnHead(), Camera(size_px=size_px)
    for start in range(0, min(num_frames, len(motion)), FPS):
        part = slice(start, min(start + FPS, num_frames))
        second = Performance(motion.units[part], motion.rotation[part], motion.translation[part])
        yield from head.draw(person(_PERSON), second, camera, Scene())


def performance() -> Performance:
    """What the head does: 75 frames."""
    ends_s = np.cumsum([length_s for _, length_s in _SOUNDS]).round(3).tolist()
    phones = tuple(
        Phone(symbol, start_s, end_s)
        for (symbol, _), start_s, end_s in zip(_SOUNDS, [0.0, *ends_s], ends_s, strict=False)
    )
    silence = np.zeros(NUM_FRAMES * SAMPLE_RATE_HZ // FPS, np.float32)
    utterance = Utterance(SENTENCE, "en", "", silence, phones=phones)
    return perform(utterance, person(_PERSON).articulation, Manner(), _SEED)
