"""One picture that shows at a glance whether the mouths were found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from viseme.data.manifest import Clip
from viseme.data.roi_storage import read_rois
from viseme.face.align import MOUTH_ROI_SIZE_PX as SIZE_PX
from viseme.files import atomic_write

MAX_CLIPS = 24
CROPS_PER_CLIP = 10
LABEL_HEIGHT_PX = 16
GAP_PX = 2


def write_contact_sheet(path: str | Path, clips: Sequence[Clip]) -> None:
    """Write a PNG with a labelled row of evenly spaced crops for each of up to 24 prepared clips.

    The clips are evenly spaced too. Without clips the picture is empty.
    """
    chosen = [clips[index] for index in _evenly(len(clips), MAX_CLIPS)]
    row_height = LABEL_HEIGHT_PX + SIZE_PX + GAP_PX
    width = CROPS_PER_CLIP * (SIZE_PX + GAP_PX)
    sheet = Image.new("L", (width, max(1, len(chosen)) * row_height), 255)
    draw = ImageDraw.Draw(sheet)
    for row, clip in enumerate(chosen):
        assert clip.video is not None
        rois = read_rois(clip.video)
        label = f"{clip.id}   {len(rois)} frames   {clip.text or ''}"
        draw.text((2, row * row_height + 2), label.encode("ascii", "replace").decode(), fill=0)
        for column, frame in enumerate(_evenly(len(rois), CROPS_PER_CLIP)):
            place = (column * (SIZE_PX + GAP_PX), row * row_height + LABEL_HEIGHT_PX)
            sheet.paste(Image.fromarray(rois[frame]), place)
    with atomic_write(path, "wb") as file:
        sheet.save(file, "PNG")


def _evenly(length: int, count: int) -> list[int]:
    """Up to `count` different indices into a sequence, from its first to its last."""
    return sorted({int(index) for index in np.linspace(0, length - 1, min(length, count))})
