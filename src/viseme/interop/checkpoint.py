"""Files of weights that PyTorch code left behind, read without running anything they contain.

Three kinds are read: a bare table of tensors (`.pth`), a Lightning checkpoint (`.ckpt`), whose
weights lie under "state_dict" with the prefix "model.", and a zip or folder with `model.pth` and
the settings `model.json`, as the multilingual lip-reading models and ESPnet's language models come.
"""

import json
import pickle
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile, is_zipfile

import torch
from torch import Tensor

from viseme.errors import ModelError

SETTINGS = "model.json"
WEIGHTS_SUFFIXES = (".pth", ".pt", ".ckpt", ".best")
LIGHTNING_PREFIX = "model."


@dataclass(frozen=True)
class Checkpoint:
    """Weights as their author named them.

    Attributes:
        path: the file or folder that was read.
        weights: the tensors by name, on the CPU.
        settings: what `model.json` beside or inside it holds, or None without one.
    """

    path: Path
    weights: dict[str, Tensor]
    settings: Any


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a file or folder of weights.

    Raises:
        ModelError: it is missing, damaged, holds more than weights, or is no such file.
    """
    path = Path(path)
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise ModelError("there is no such checkpoint", path=path)
    if found := _of_zip(path):
        return found
    beside = path.with_name(SETTINGS)
    settings = _settings(beside.read_bytes(), beside) if beside.is_file() else None
    with path.open("rb") as file:
        return Checkpoint(path, _weights(file, path), settings)


def _of_folder(path: Path) -> Checkpoint:
    """The one file of weights in a folder, wherever below it."""
    files = sorted(p for p in path.rglob("*") if p.suffix in WEIGHTS_SUFFIXES and p.is_file())
    if len(files) != 1:
        raise ModelError(
            f"holds {len(files)} checkpoints ({', '.join(WEIGHTS_SUFFIXES)})",
            path=path,
            todo="Give the file itself.",
        )
    found = read_checkpoint(files[0])
    return Checkpoint(path, found.weights, found.settings)


def _of_zip(path: Path) -> Checkpoint | None:
    """What a zip holds; None if the file is none, or is itself PyTorch's format."""
    try:
        if not is_zipfile(path):
            return None
        with ZipFile(path) as archive:
            names = sorted(archive.namelist())
            weights = next((n for n in names if n.endswith(WEIGHTS_SUFFIXES)), None)
            if weights is None:
                return None
            settings = next((n for n in names if n.endswith(SETTINGS)), None)
            content = BytesIO(archive.read(weights))
            listed = archive.read(settings) if settings else None
    except Exception as error:  # what is damaged can fail anywhere in the readers of zip and zlib
        raise ModelError(f"is a damaged zip ({error})", path=path, todo=_AGAIN) from error
    return Checkpoint(
        path, _weights(content, path), None if listed is None else _settings(listed, path)
    )


_AGAIN = "Download it again."


def _settings(content: bytes, path: Path) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"its {SETTINGS} is not JSON ({error})", path=path) from error


def _weights(file: IO[bytes], path: Path) -> dict[str, Tensor]:
    """The table of tensors in a file, out of Lightning's wrapping if it has one."""
    content = _load(file, path)
    if isinstance(content, dict) and "state_dict" in content:
        content = content["state_dict"]
        if isinstance(content, dict):
            content = {str(key).removeprefix(LIGHTNING_PREFIX): content[key] for key in content}
    if not isinstance(content, dict) or not content:
        raise ModelError(f"holds a {type(content).__name__}, not a table of weights", path=path)
    strange = [
        str(key)
        for key, value in content.items()
        if not (isinstance(key, str) and isinstance(value, Tensor))
    ]
    if strange:
        raise ModelError(
            f"is not a table of weights alone: {', '.join(strange[:5])} are none",
            path=path,
            todo="Give the file of the model's state dict.",
        )
    return dict(content)


def _load(file: IO[bytes], path: Path) -> Any:
    """What a PyTorch file holds; its settings and the like, if classes, become inert objects."""
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        names = _foreign_classes(file)
        if not names:
            raise _unreadable(path, error) from error
    except Exception as error:  # what is damaged can fail anywhere in PyTorch's reader
        raise _unreadable(path, error) from error
    try:
        file.seek(0)
        with torch.serialization.safe_globals([_inert(name) for name in names]):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # stand-ins may meet any use of what they stand for
        raise ModelError(
            f"holds objects of other code ({', '.join(names[:5])}), which are not run",
            path=path,
            todo='Save its weights alone: torch.save(checkpoint["state_dict"], "weights.pth").',
        ) from error


def _foreign_classes(file: IO[bytes]) -> list[str]:
    """Full names of the classes in a file that the safe reader refuses."""
    file.seek(0)
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(file)
    except Exception:  # a damaged file, or a format without such a list
        return []


def _inert(full_name: str) -> type:
    """A class of this name that keeps nothing and does nothing."""
    module, _, name = full_name.rpartition(".")
    return type(name, (_Inert,), {"__module__": module, "__qualname__": name})


class _Inert(dict):
    """Stands for whatever a checkpoint wanted to make: a run's settings, a callback's state."""

    def __init__(self, *args: object) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass


def _unreadable(path: Path, error: Exception) -> ModelError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ModelError(f"is not a readable PyTorch checkpoint ({reason})", path=path, todo=_AGAIN)
