"""Files of weights that PyTorch code left behind, read without running anything they contain.

Read are a table of tensors, bare or in a run's checkpoint (`.pth`, `.pt`, `.ckpt`; see `tables`),
`.safetensors`, a folder of several such files with an index, and a zip or folder with `model.pth`
and the settings `model.json`, as the multilingual lip-reading models and ESPnet's language models
come.
"""

import json
import logging
import pickle
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile, is_zipfile

import torch
from torch import Tensor

from viseme.errors import ModelError
from viseme.interop.shards import SUFFIX, index_of, read_safetensors, shards_of
from viseme.interop.tables import Table, chosen, listed, tables_in, unwrapped

SETTINGS = "model.json"
PICKLED_SUFFIXES = (".pth", ".pt", ".ckpt", ".best")
WEIGHTS_SUFFIXES = (*PICKLED_SUFFIXES, SUFFIX)

logger = logging.getLogger(__name__)


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


def read_checkpoint(path: str | Path, table: str | None = None) -> Checkpoint:
    """Read a file or folder of weights.

    Args:
        path: of the file or folder.
        table: place of the weights in a file that holds several tables, such as "ema"; None takes
            the largest that is no average.

    Raises:
        ModelError: it is missing, damaged, holds more than weights, or is no such file.
    """
    path = Path(path)
    if path.is_dir():
        return _of_folder(path, table)
    if not path.is_file():
        raise ModelError("there is no such checkpoint", path=path)
    if found := _of_zip(path, table):
        return found
    beside = path.with_name(SETTINGS)
    settings = _settings(beside.read_bytes(), beside) if beside.is_file() else None
    return Checkpoint(path, _of_content(_content(path), path, table), settings)


def _content(path: Path) -> Any:
    """What one file holds."""
    if path.suffix == SUFFIX:
        return read_safetensors(path)
    with path.open("rb") as file:
        return _load(file, path)


def _of_folder(path: Path, table: str | None) -> Checkpoint:
    """The shards that a folder's index lists, or its one file of weights, wherever below it."""
    if (index := index_of(path)) is not None:
        return Checkpoint(path, _of_content(_joined(index), path, table), None)
    files = sorted(p for p in path.rglob("*") if p.suffix in WEIGHTS_SUFFIXES and p.is_file())
    if len(files) != 1:
        raise ModelError(
            f"holds {len(files)} checkpoints ({', '.join(WEIGHTS_SUFFIXES)})",
            path=path,
            todo="Give the file itself.",
        )
    found = read_checkpoint(files[0], table)
    return Checkpoint(path, found.weights, found.settings)


def _joined(index: Path) -> Table:
    """The weights of all shards, each in the one that the index says and in no other."""
    joined: Table = {}
    for shard, names in shards_of(index).items():
        held = _content(shard)
        if not isinstance(held, dict) or set(held) != set(names):
            raise ModelError(f"holds other weights than {index.name} says", path=shard, todo=_AGAIN)
        joined |= held
    return joined


def _of_zip(path: Path, table: str | None) -> Checkpoint | None:
    """What a zip holds; None if the file is none, or is itself PyTorch's format."""
    try:
        if not is_zipfile(path):
            return None
        with ZipFile(path) as archive:
            names = sorted(archive.namelist())
            weights = next((n for n in names if n.endswith(PICKLED_SUFFIXES)), None)
            if weights is None:
                return None
            settings = next((n for n in names if n.endswith(SETTINGS)), None)
            content = BytesIO(archive.read(weights))
            written = archive.read(settings) if settings else None
    except Exception as error:  # what is damaged can fail anywhere in the readers of zip and zlib
        raise ModelError(f"is a damaged zip ({error})", path=path, todo=_AGAIN) from error
    found = _of_content(_load(content, path), path, table)
    return Checkpoint(path, found, None if written is None else _settings(written, path))


_AGAIN = "Download it again."


def _settings(content: bytes, path: Path) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"its {SETTINGS} is not JSON ({error})", path=path) from error


def _of_content(content: Any, path: Path, wanted: str | None) -> Table:
    """The table of weights in what a file holds, under the names that the network gave.

    Raises:
        ModelError: it holds none, or none of the wanted name.
    """
    tables = tables_in(content)
    if not tables:
        raise _no_table(content, path)
    try:
        place = chosen(tables, wanted)
        table = unwrapped(tables[place])
    except ModelError as error:
        raise ModelError(error.what, path=path, todo=error.todo) from error
    others = {name: table for name, table in tables.items() if name != place}
    if others and wanted is None:
        logger.info("%s: took %s; --table NAME takes another: %s", path, place, listed(others))
    return table


def _no_table(content: Any, path: Path) -> ModelError:
    """Why there are no weights in it."""
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not content:
        return ModelError(f"holds a {type(content).__name__}, not a table of weights", path=path)
    strange = [
        str(key)
        for key, value in content.items()
        if not (isinstance(key, str) and isinstance(value, Tensor))
    ]
    return ModelError(
        f"is not a table of weights alone: {', '.join(strange[:5])} are none",
        path=path,
        todo="Give the file of the model's state dict.",
    )


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
