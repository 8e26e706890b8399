"""Checkpoints of a run: atomic, complete enough to resume bit for bit, and averageable."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from viseme.errors import ModelError
from viseme.files import atomic_write

LAST = "last.pt"


def random_state() -> dict[str, Any]:
    """State of every generator that `seed_everything` seeds, as plain types and tensors."""
    version, keys, gauss = random.getstate()
    numpy_state = np.random.get_state(legacy=False)
    assert isinstance(numpy_state, dict)
    mersenne = numpy_state["state"]
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": [version, list(keys), gauss],
        "numpy": [
            torch.from_numpy(mersenne["key"].astype(np.int64)),
            mersenne["pos"],
            numpy_state["has_gauss"],
            numpy_state["gauss"],
        ],
        "torch": torch.get_rng_state(),
        "cuda": cuda,
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Undo of `random_state`."""
    version, keys, gauss = state["python"]
    random.setstate((version, tuple(keys), gauss))
    numpy_keys, *rest = state["numpy"]
    np.random.set_state(("MT19937", numpy_keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; a kill leaves the old one or the new one, never half of one."""
    with atomic_write(path, "wb") as out:
        torch.save(state, out)


def load_state(path: Path) -> dict[str, Any]:
    """Read a checkpoint that `save_state` wrote; no code in it is run.

    Raises:
        ModelError: the file is damaged, or holds anything but plain types and tensors.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises nearly anything on damaged input
        raise ModelError(
            f"cannot be resumed from ({type(error).__name__})",
            path=path,
            todo="Delete it to start the run again.",
        ) from error


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write weights alone as safetensors, atomically."""
    with atomic_write(path, "wb") as out:
        out.write(save({name: tensor.contiguous() for name, tensor in weights.items()}))


def average_weights(paths: Sequence[Path]) -> dict[str, Tensor]:
    """Mean of several weight files; integer tensors (counters) are taken from the last."""
    if not paths:
        raise ValueError("nothing to average")
    total = load_file(paths[-1])
    floating = [name for name, tensor in total.items() if tensor.is_floating_point()]
    total |= {name: total[name].double() for name in floating}
    for path in paths[:-1]:
        other = load_file(path)
        for name in floating:
            total[name] += other[name]
    last = load_file(paths[-1])
    return {
        name: (tensor / len(paths)).to(last[name].dtype) if name in floating else tensor
        for name, tensor in total.items()
    }
