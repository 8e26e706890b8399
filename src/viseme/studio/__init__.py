"""The studio: rendered people who do not exist, speaking synthetic speech, with full ground truth.

A clip is made in one direction: sentence -> voice (`Utterance`: sound, words, phones) -> motion
(`Performance`: face units and head pose per frame) -> head (`Identity`) seen by a `Camera` in a
`Scene` -> pixels and landmarks. Every step is a pure function of its inputs and a seed.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Camera": "viseme.studio.camera",
    "Manner": "viseme.studio.motion.perform",
    "RenderedClip": "viseme.studio.rendering",
    "Scene": "viseme.studio.scene",
    "load_truth": "viseme.studio.truth",
    "redraw": "viseme.studio.truth",
    "render": "viseme.studio.rendering",
    "render_corpus": "viseme.studio.corpus",
    "render_views": "viseme.studio.rendering",
    "rig": "viseme.studio.camera",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'viseme.studio' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
