"""One picture that shows at a glance who and what is in a corpus."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from viseme.data.manifest import Clip
from viseme.files import atomic_write
from viseme.media import read_frames
from viseme.studio.performance import FPS

MAX_CLIPS = 24
FRAMES_PER_CLIP = 8
FRAME_PX = 128
LABEL_HEIGHT_PX = 16
GAP_PX = 2


def write_contact_sheet(path: str | Path, clips: Sequence[Clip]) -> None:
    """Write a PNG with a labelled row of evenly spaced frames for each of up to 24 clips.

    The clips are evenly spaced too.
    """
    chosen = [clips[index] for index in _evenly(len(clips), MAX_CLIPS)]
    row_height = LABEL_HEIGHT_PX + FRAME_PX + GAP_PX
    width = FRAMES_PER_CLIP * (FRAME_PX + GAP_PX)
    sheet = Image.new("RGB", (width, len(chosen) * row_height), "white")
    draw = ImageDraw.Draw(sheet)
    for row, clip in enumerate(chosen):
        assert clip.video is not None
        frames = list(read_frames(clip.video, fps=FPS))
        label = f"{clip.id}   {clip.speaker}   {clip.text or ''}"
        draw.text((2, row * row_height + 2), label.encode("ascii", "replace").decode(), fill=0)
        for column, index in enumerate(_evenly(len(frames), FRAMES_PER_CLIP)):
            picture = Image.fromarray(frames[index]).resize((FRAME_PX, FRAME_PX))
            place = (column * (FRAME_PX + GAP_PX), row * row_height + LABEL_HEIGHT_PX)
            sheet.paste(picture, place)
    with atomic_write(path, "wb") as file:
        sheet.save(file, "PNG")


def _evenly(length: int, count: int) -> list[int]:
    """Up to `count` different indices into a sequence, from its first to its last."""
    return sorted({int(index) for index in np.linspace(0, length - 1, min(length, count))})
