"""Every error a user can meet. Each says what is wrong, with which file, and what to do."""

from functools import partial
from pathlib import Path
from typing import Any


class VisemeError(Exception):
    """Base of all errors that bad input can cause; the command line prints no traceback of them.

    Args:
        what: what is wrong, a clause; the full stop of somebody else's message is dropped.
        path: the file it is about, if any.
        todo: what the user can do, a sentence.
    """

    def __init__(self, what: str, *, path: str | Path | None = None, todo: str = "") -> None:
        super().__init__(what)  # what an error is made of again when a worker process sends it
        self.what, self.path, self.todo = what.rstrip("."), path, todo

    def __str__(self) -> str:
        return self.reason if self.path is None else f"{self.path}: {self.reason}"

    @property
    def reason(self) -> str:
        """What is wrong and what to do; without the file, which has its name on one machine."""
        return f"{self.what}." + (f" {self.todo}" if self.todo else "")

    def __reduce__(self) -> tuple[Any, ...]:
        """From its parts, not its message, when it comes from another process."""
        return partial(type(self), path=self.path, todo=self.todo), (self.what,)


class OutputError(VisemeError):
    """A file that cannot be written: the disk is full, or the folder is not ours."""


class MediaError(VisemeError):
    """A video or audio file that cannot be read or written."""


class NoVideoError(MediaError):
    """A file without a picture where a picture is needed."""


class NoAudioError(MediaError):
    """A file without sound where sound is needed."""


class NoFaceError(VisemeError):
    """No usable face in the video; the message says where it was looked for."""


class ManifestError(VisemeError):
    """A manifest or corpus folder that is missing, malformed or inconsistent."""


class ModelError(VisemeError):
    """A model folder or checkpoint that is missing, damaged, unsafe or of another kind."""


class AssetError(VisemeError):
    """A third-party asset that cannot be fetched or fails its checksum."""


class ConfigError(VisemeError):
    """A setting that does not exist or has a value of the wrong kind."""


class BusyError(ConfigError):
    """A folder that another process is writing."""
