"""What the tests of the command line share: a command's end, and verbs that only pretend."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viseme.text.transcript import Transcript, Word


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


Viseme = Callable[..., Ran]


@dataclass
class Call:
    """The arguments of the last call of a stub."""

    args: tuple[Any, ...] = ()
    options: dict[str, Any] | None = None


Stub = Callable[[str, Callable[..., Any]], Call]


def transcript_of(path: Path, mode: str) -> Transcript:
    """What the pretended transcription reads in a file: its name, or nothing if that says "bad"."""
    if "bad" in path.name:
        return Transcript(str(path), error=f"{path}: cannot be read. Record it again.")
    words = [Word("bin", 0.1, 0.4, 0.75), Word(path.stem, 0.4, 0.9, 0.5)]
    return Transcript(
        str(path), f"bin {path.stem}", words, 0.625, mode, "tiny", 1.5, 0.2, ["dark picture"]
    )
