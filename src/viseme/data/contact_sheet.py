"""One picture that shows at a glance who and what is in a corpus."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from viseme.data.manifest import Clip
from viseme.files import atomic_write

MAX_CLIPS = 24
PICTURES_PER_CLIP = 10
PICTURE_PX = 96
LABEL_HEIGHT_PX = 16
GAP_PX = 2


def write_contact_sheet(
    path: str | Path,
    clips: Sequence[Clip],
    read: Callable[[Path], NDArray[np.uint8]],
) -> None:
    """Write a PNG with a labelled row of evenly spaced pictures for each of up to 24 clips.

    The clips are evenly spaced too. Without clips the sheet is empty.

    Args:
        path: the PNG.
        clips: those that have a video.
        read: the square pictures of a video, (T, H, H) or (T, H, H, 3).
    """
    chosen = [clips[index] for index in _evenly(len(clips), MAX_CLIPS)]
    row_height = LABEL_HEIGHT_PX + PICTURE_PX + GAP_PX
    width = PICTURES_PER_CLIP * (PICTURE_PX + GAP_PX)
    sheet = Image.new("RGB", (width, max(1, len(chosen)) * row_height), "white")
    draw = ImageDraw.Draw(sheet)
    for row, clip in enumerate(chosen):
        assert clip.video is not None
        pictures = read(clip.video)
        said = (clip.id, clip.speaker, f"{len(pictures)} frames", clip.text)
        label = "   ".join(part for part in said if part)
        place = (2, row * row_height + 2)
        draw.text(place, label.encode("ascii", "replace").decode(), fill="black")
        for column, index in enumerate(_evenly(len(pictures), PICTURES_PER_CLIP)):
            picture = Image.fromarray(pictures[index]).resize((PICTURE_PX, PICTURE_PX))
            place = (column * (PICTURE_PX + GAP_PX), row * row_height + LABEL_HEIGHT_PX)
            sheet.paste(picture, place)
    with atomic_write(path, "wb") as file:
        sheet.save(file, "PNG")


def _evenly(length: int, count: int) -> list[int]:
    """Up to `count` different indices into a sequence, from its first to its last."""
    return sorted({int(index) for index in np.linspace(0, length - 1, min(length, count))})
