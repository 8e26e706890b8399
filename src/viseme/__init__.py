"""viseme: one library and one command for audio-visual speech.

Importing it loads nothing heavy: every public name is imported when first used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "FaceTracker": "viseme.face.tracker",
    "Transcript": "viseme.text.transcript",
    "VisemeError": "viseme.errors",
    "Word": "viseme.text.transcript",
    "import_model": "viseme.verbs.import_model",
    "load": "viseme.systems",
    "prepare": "viseme.data.prepare",
    "probe": "viseme.media.probe",
    "transcribe": "viseme.verbs.transcribe",
}

__all__ = [
    "FaceTracker",
    "Transcript",
    "VisemeError",
    "Word",
    "__version__",
    "import_model",
    "load",
    "prepare",
    "probe",
    "transcribe",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'viseme' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
