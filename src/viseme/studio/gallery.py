"""Pictures of what the studio makes, for its page: run `python -m viseme.studio.gallery FOLDER`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from viseme.files import atomic_write
from viseme.studio.camera import Camera, rig
from viseme.studio.motion.expression import emotion
from viseme.studio.motion.laughing import laughing
from viseme.studio.motion.perform import performance
from viseme.studio.motion.shapes import SHAPES, unit_weights
from viseme.studio.motion.visemes import visemes
from viseme.studio.people import person
from viseme.studio.performance import FPS, Performance
from viseme.studio.rendering import HEADS, draw
from viseme.studio.scene import Scene
from viseme.studio.utterance import Laugh

FACE_CM, MOUTH_CM = 27.0, 9.0
"""Height of what the camera sees of a head, and of a mouth."""

PEOPLE = tuple(range(12))
SPEAKER = 7
SOUNDS = {"p": "p", "f": "f", "th": "θ", "l": "l", "i": "i", "u": "u", "a": "a"}
FEELINGS = ("happy", "surprised", "angry", "disgusted", "afraid")
STRENGTHS = {"mild": 0.3, "strong": 0.65, "extreme": 1.0}
PULSES = (Laugh("voiced", 0.3, 0.46, 1.0), Laugh("voiced", 0.54, 0.68, 0.8))
LAUGH_FRAMES = (0, 5, 9, 12, 15, 24)

Pictures = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class Row:
    """Pictures (size, size, 3) side by side, a label below each."""

    labels: Sequence[str]
    pictures: Pictures


def write_gallery(
    folder: str | Path, *, heads: Sequence[str] = tuple(HEADS), size_px: int = 144
) -> list[Path]:
    """Write the sheets, PNG files, and return their paths.

    Args:
        folder: where to; it is made if it is missing.
        heads: that draw; the first one draws where there is only room for one.
        size_px: side of each picture.

    Raises:
        ConfigError: a package that a head needs is missing.
        AssetError: the data of a head cannot be had.
    """
    main = heads[0]
    sheets = {
        "people": _people(main, size_px),
        "visemes": [_visemes(head, size_px) for head in heads],
        "emotions": _emotions(main, size_px),
        "laughter": [_laughter(main, size_px)],
        "views": [_views(head, size_px) for head in heads],
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, rows in sheets.items():
        paths.append(folder / f"studio_{name}.png")
        with atomic_write(paths[-1], "wb") as file:
            sheet(rows).save(file, "PNG", optimize=True)
    return paths


def sheet(rows: Sequence[Row]) -> Image.Image:
    """All rows below one another, in 256 colours: a third of the bytes, and it hardly shows."""
    size = len(rows[0].pictures[0])
    label, gap = max(size // 8, 12), max(size // 64, 2)
    font = ImageFont.load_default(0.8 * label)
    width = max(len(row.pictures) for row in rows) * (size + gap) - gap
    heights = [size + gap + (label if any(row.labels) else 0) for row in rows]
    page = Image.new("RGB", (width, sum(heights)), "white")
    write = ImageDraw.Draw(page)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for column, (text, picture) in enumerate(zip(row.labels, row.pictures, strict=True)):
            left = column * (size + gap)
            page.paste(Image.fromarray(picture), (left, top))
            write.text((left + size / 2, top + size), text, "black", font, anchor="ma")
        top += height
    return page.quantize(256)


def _people(head: str, size_px: int) -> list[Row]:
    """Everybody once, lit alike, before walls of different colours."""
    rng = np.random.default_rng(0)
    still = _still([emotion("happy", 0.45)])
    pictures = []
    for number in PEOPLE:
        red, green, blue = (rng.uniform(0.15, 0.5) * rng.uniform(0.8, 1.2, 3)).tolist()
        scene = Scene(background=(red, green, blue), seed=number)
        pictures += list(draw(head, person(number), still, _camera(size_px), scene))
    half = len(pictures) // 2
    return [Row([""] * half, pictures[:half]), Row([""] * half, pictures[half:])]


def _visemes(head: str, size_px: int) -> Row:
    """The mouth of a sound each, as it is when the sound stands alone."""
    faces = [dict(SHAPES[visemes(symbol)[0]].weights) for symbol in SOUNDS.values()]
    camera = Camera(size_px=size_px, view_cm=MOUTH_CM, aim_cm=(0.0, -5.5, 0.0))
    return Row(list(SOUNDS), list(draw(head, person(SPEAKER), _still(faces), camera, Scene())))


def _emotions(head: str, size_px: int) -> list[Row]:
    rows = []
    for degree, strength in STRENGTHS.items():
        faces = [emotion(name, strength) for name in FEELINGS]
        pictures = draw(head, person(10), _still(faces), _camera(size_px), Scene())
        rows.append(Row([f"{degree}: {name}" for name in FEELINGS], list(pictures)))
    return rows


def _laughter(head: str, size_px: int) -> Row:
    """Frames of a short laugh, with their times."""
    times = np.array(LAUGH_FRAMES) / FPS
    motion = laughing(PULSES, times)
    laugh = performance(motion.units, motion.rotation, motion.translation)
    pictures = draw(head, person(4), laugh, _camera(size_px), Scene())
    return Row([f"{time:.2f} s" for time in times], list(pictures))


def _views(head: str, size_px: int) -> Row:
    """The same moment from the left, the centre and the right, as the person sees them."""
    still = _still([emotion("happy", 0.5)])
    centre, left, right = rig(size_px)
    cameras = [_camera(size_px, camera.yaw) for camera in (left, centre, right)]
    pictures = [
        picture
        for camera in cameras
        for picture in draw(head, person(SPEAKER), still, camera, Scene())
    ]
    return Row([f"{head}, {name}" for name in ("left", "centre", "right")], pictures)


def _camera(size_px: int, yaw: float = 0.0) -> Camera:
    return Camera(size_px=size_px, view_cm=FACE_CM, yaw=yaw)


def _still(faces: Sequence[dict[str, float]]) -> Performance:
    """A frame for each face, of a head that faces the centre camera."""
    units = np.stack([unit_weights(face) for face in faces])
    pose = np.zeros((len(faces), 3))
    return performance(units, pose, pose)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write_gallery(parser.parse_args().folder)


if __name__ == "__main__":
    _main()
