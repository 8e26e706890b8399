"""Weights in safetensors files: one, or several in a folder with an index that lists them."""

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from viseme.errors import ModelError

SUFFIX = ".safetensors"
INDEX_SUFFIX = ".index.json"

_AGAIN = "Download it again."


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of one file.

    Raises:
        ModelError: it is damaged.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"is not a readable safetensors file ({error})", path=path, todo=_AGAIN
        ) from error


def index_of(folder: Path) -> Path | None:
    """The index of a folder of shards, None if it has none.

    Raises:
        ModelError: it has several.
    """
    found = sorted(folder.glob(f"*{INDEX_SUFFIX}"))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ModelError(f"has several indices ({names})", path=folder, todo="Leave one.")
    return found[0] if found else None


def shards_of(index: Path) -> dict[Path, list[str]]:
    """The files that an index names, all beside it, and the weights that each holds.

    Raises:
        ModelError: it is no index, names a file elsewhere, or one that is missing.
    """
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        pairs = [(str(name), str(file)) for name, file in places.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError("is no index of weights", path=index, todo=_AGAIN) from error
    shards: dict[Path, list[str]] = {}
    for name, file in pairs:
        path = index.with_name(Path(file).name)
        if Path(file).name != file or file in ("", ".", ".."):
            raise ModelError(f"names a file outside its folder: {file!r}", path=index)
        if not path.is_file():
            raise ModelError(f"lacks {file}, which its index names", path=index, todo=_AGAIN)
        shards.setdefault(path, []).append(name)
    return shards
