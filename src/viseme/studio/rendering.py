"""One clip, from a text to pictures: who says what, in which manner, seen from where.

from viseme import studio

clip = studio.render("good morning", identity=7, seed=1)
clip.frames, clip.utterance.audio, clip.performance.units, clip.landmarks
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.studio.camera import Camera, rig
from viseme.studio.head import Head
from viseme.studio.identity import Identity
from viseme.studio.motion.perform import Manner, perform
from viseme.studio.people import person
from viseme.studio.performance import FPS, Performance
from viseme.studio.pictures.recording import record
from viseme.studio.scene import Scene
from viseme.studio.utterance import Utterance
from viseme.studio.voices import Voice, speak, voices
from viseme.studio.voices import voice as find_voice

HEADS = {
    "mesh": "viseme.studio.heads.mesh_head:MeshHead",
    "drawn": "viseme.studio.heads.drawn_head:DrawnHead",
}


@dataclass(frozen=True)
class Staging:
    """What happens before the cameras.

    Attributes:
        utterance: what is said, with the sound; without a voice and silent where nothing is.
        performance: what the face does.
        identity: the person.
        manner: how they speak and act.
        scene: light, background and the recording's faults.
    """

    utterance: Utterance
    performance: Performance
    identity: Identity
    manner: Manner
    scene: Scene


@dataclass(frozen=True)
class RenderedClip(Staging):
    """What one camera sees of it.

    Attributes:
        camera: where it is seen from.
        head: name of the head that drew it.
        frames: pictures (T, H, W, 3) RGB uint8.
        landmarks: places (T, P, 2) px of `head.LANDMARKS`.
    """

    camera: Camera
    head: str
    frames: NDArray[np.uint8]
    landmarks: NDArray[np.float32]

    @property
    def fps(self) -> int:
        """Frames per second."""
        return FPS


def render(
    text: str,
    identity: int | Identity = 0,
    voice: str | None = None,
    camera: Camera | None = None,
    seed: int = 0,
    *,
    language: str = "en",
    head: str = "mesh",
    manner: Manner | None = None,
    scene: Scene | None = None,
) -> RenderedClip:
    """Render somebody who says a text.

    Args:
        text: what is said.
        identity: a person, or the number of one.
        voice: id of a voice; if None, one of the language that suits the person.
        camera: where they are seen from; straight ahead if None.
        seed: of everything that is random in their motion.
        language: of the text; a voice that is given decides it.
        head: "mesh" (a mesh, extra `viseme[studio]`) or "drawn" (by formulas).
        manner: how they speak; neutral if None.
        scene: light, background and the recording's faults; a plain one if None.

    Raises:
        ConfigError: no such voice, head or language, or a package is missing.
        AssetError: the data of the head or the voice cannot be fetched.
    """
    staging = _stage(text, identity, voice, seed, language, manner, scene)
    return film(staging, camera or Camera(), head)


def render_views(
    text: str,
    identity: int | Identity = 0,
    voice: str | None = None,
    cameras: Sequence[Camera] | None = None,
    seed: int = 0,
    *,
    language: str = "en",
    head: str = "mesh",
    manner: Manner | None = None,
    scene: Scene | None = None,
) -> list[RenderedClip]:
    """The same moment seen by several cameras, `camera.rig()` if None; the rest as `render`."""
    staging = _stage(text, identity, voice, seed, language, manner, scene)
    return [film(staging, camera, head) for camera in cameras or rig()]


def film(staging: Staging, camera: Camera, head: str) -> RenderedClip:
    """What a camera sees of a staging."""
    identity, performance = staging.identity, staging.performance
    landmarks = find_head(head).landmarks(identity, performance, camera)
    frames = draw(head, identity, performance, camera, staging.scene)
    return RenderedClip(
        **vars(staging), camera=camera, head=head, frames=frames, landmarks=landmarks
    )


def draw(
    head: str, identity: Identity, performance: Performance, camera: Camera, scene: Scene
) -> NDArray[np.uint8]:
    """Frames (T, size, size, 3) RGB, the recording's faults included."""
    return record(find_head(head).draw(identity, performance, camera, scene), scene, FPS)


@cache
def find_head(name: str) -> Head:
    """The head of that name; it loads its data once in a process.

    Raises:
        ConfigError: there is no such head, or a package that it needs is missing.
        AssetError: its data cannot be fetched.
    """
    if name not in HEADS:
        raise ConfigError(f"no head {name!r}", todo=f"Use one of: {', '.join(HEADS)}.")
    module, maker = HEADS[name].split(":")
    made: Head = getattr(import_module(module), maker)()
    return made


def _stage(
    text: str,
    identity: int | Identity,
    voice: str | None,
    seed: int,
    language: str,
    manner: Manner | None,
    scene: Scene | None,
) -> Staging:
    if isinstance(identity, int):
        identity = person(identity)
    manner = manner or Manner()
    utterance = speak(text, find_voice(voice) if voice else _suitable_voice(language, identity))
    performance = perform(utterance, identity.articulation, manner, seed)
    return Staging(utterance, performance, identity, manner, scene or Scene())


def _suitable_voice(language: str, identity: Identity) -> Voice:
    """The first voice of the person's sex that speaks the language."""
    suitable = [voice for voice in voices(language, "espeak") if voice.sex == identity.sex]
    if not suitable:
        raise ConfigError(f"nobody speaks {language!r}", todo="Name a voice.")
    return suitable[0]
