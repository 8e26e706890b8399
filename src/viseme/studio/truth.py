"""Everything that is known about a rendered clip, in one npz file without pickles.

The file serves two readers. Learners take the arrays: face units, head pose and landmarks per
frame with their names, and the phones with their times. `redraw` takes all of it, and gives the
clip's frames again, bit for bit, with the same versions of viseme and NumPy.

    units (T, U), unit_names (U,)             weights, 0 to 1
    rotation (T, 3), translation (T, 3)       radians and cm, axes as in `Performance`
    landmarks (T, P, 2), landmark_names (P,)  px from the picture's top left corner
    phones (N,), phone_times_s (N, 2)         IPA; start and end
    shape (A,)                                of the person's head
    identity, story                           the rest of the person and of the clip, JSON
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme import config
from viseme.errors import ConfigError, ManifestError
from viseme.files import atomic_write
from viseme.studio.camera import Camera
from viseme.studio.head import LANDMARKS
from viseme.studio.identity import Articulation, Identity
from viseme.studio.motion.perform import Manner
from viseme.studio.performance import UNITS, Performance
from viseme.studio.rendering import RenderedClip, draw
from viseme.studio.scene import Scene
from viseme.studio.utterance import Laugh, Phone
from viseme.text.transcript import Word

FORMAT = 1
"""Raise it when the meaning of a stored name changes."""


@dataclass(frozen=True)
class Story:
    """What a clip is made from, the person and the motion excepted.

    Attributes:
        format: of the file.
        numpy: version of the package that made it.
        text, language, voice, words, phones, laughs: as in `Utterance`.
        camera, scene, manner, head: as in `RenderedClip`.
    """

    format: int
    numpy: str
    text: str
    language: str
    voice: str
    words: tuple[Word, ...]
    phones: tuple[Phone, ...]
    laughs: tuple[Laugh, ...]
    camera: Camera
    scene: Scene
    manner: Manner
    head: str


@dataclass(frozen=True)
class Truth:
    """What is known about a clip.

    Attributes:
        story: what it is made from.
        identity: the person.
        performance: face units and head pose.
        landmarks: places (T, P, 2) px of `head.LANDMARKS`.
    """

    story: Story
    identity: Identity
    performance: Performance
    landmarks: NDArray[np.float32]


def save_truth(path: str | Path, clip: RenderedClip) -> None:
    """Write what is known about a clip; the same clip gives the same bytes."""
    phones = clip.utterance.phones
    times = [(phone.start_s, phone.end_s) for phone in phones]
    arrays = {
        "units": clip.performance.units,
        "unit_names": np.array(UNITS),
        "rotation": clip.performance.rotation,
        "translation": clip.performance.translation,
        "landmarks": clip.landmarks,
        "landmark_names": np.array(list(LANDMARKS)),
        "phones": np.array([phone.symbol for phone in phones], dtype=str),
        "phone_times_s": np.array(times, dtype=np.float64).reshape(-1, 2),
        "shape": clip.identity.shape,
        "identity": _as_json(_identity_row(clip.identity)),
        "story": _as_json(config.to_dict(_story(clip))),
    }
    with atomic_write(path, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_truth(path: str | Path) -> Truth:
    """Read a file that `save_truth` wrote.

    Raises:
        ManifestError: it is missing, is no such file, or of another version.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return _truth(file)
    except _BROKEN as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise ManifestError(
            f"is no ground truth of the studio ({reason})",
            path=path,
            todo="Render the corpus again with this version.",
        ) from error


def redraw(truth: Truth) -> NDArray[np.uint8]:
    """The frames (T, H, W, 3) of the clip, rendered again from what is known about it."""
    story = truth.story
    return draw(story.head, truth.identity, truth.performance, story.camera, story.scene)


_BROKEN = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, ConfigError)


def _story(clip: RenderedClip) -> Story:
    said = clip.utterance
    return Story(
        format=FORMAT,
        numpy=np.__version__,
        text=said.text,
        language=said.language,
        voice=said.voice,
        words=said.words,
        phones=said.phones,
        laughs=said.laughs,
        camera=clip.camera,
        scene=clip.scene,
        manner=clip.manner,
        head=clip.head,
    )


def _truth(file: Mapping[str, NDArray[Any]]) -> Truth:
    story = json.loads(file["story"].item())
    if story["format"] != FORMAT:
        raise ValueError(f"it has format {story['format']}, this version reads {FORMAT}")
    return Truth(
        config.from_dict(Story, story),
        _identity(json.loads(file["identity"].item()), file["shape"]),
        Performance(file["units"], file["rotation"], file["translation"]),
        file["landmarks"],
    )


def _identity_row(identity: Identity) -> dict[str, Any]:
    """The person as plain values, without the shape, which is an array."""
    row = {field.name: getattr(identity, field.name) for field in fields(identity)}
    return row | {"shape": None, "articulation": config.to_dict(identity.articulation)}


def _identity(row: dict[str, Any], shape: NDArray[np.float32]) -> Identity:
    colours = {name: tuple(row[name]) for name in ("skin", "lips", "hair", "iris")}
    articulation = config.from_dict(Articulation, row["articulation"])
    return Identity(**row | colours | {"shape": shape, "articulation": articulation})


def _as_json(value: dict[str, Any]) -> NDArray[np.str_]:
    return np.array(json.dumps(value, ensure_ascii=False))
