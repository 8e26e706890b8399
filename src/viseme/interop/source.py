"""What an importer of foreign checkpoints is, and the renaming that all of them need."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from viseme.errors import ModelError
from viseme.interop.checkpoint import Checkpoint

Rules = dict[str, str | None]
"""From the pattern of a whole foreign name to our name, where "\\1" is its group; None drops it."""


@dataclass(frozen=True)
class Imported:
    """A foreign checkpoint in this project's terms.

    Attributes:
        system: name in `viseme.systems` of the module whose `network(config, vocab_size)` the
            weights are to fill.
        kind: what the model can do, a name in `viseme.models.kinds.KINDS`.
        config: that network's settings, plain types.
        use: how to use it, plain types.
        weights: the tensors by our names; what no rule knew has kept its own.
        vocab_size: number of token ids, blank and eos included; 0 for a model without text.
    """

    system: str
    kind: str
    config: dict[str, Any]
    use: dict[str, Any]
    weights: dict[str, Tensor]
    vocab_size: int


@dataclass(frozen=True)
class Source:
    """One family of published checkpoints.

    Attributes:
        name: as the command line takes it.
        about: one line for people.
        matches: whether a checkpoint is of this family; families exclude each other.
        convert: brings one that matches into our terms; raises ModelError where it cannot.
    """

    name: str
    about: str
    matches: Callable[[Checkpoint], bool]
    convert: Callable[[Checkpoint], Imported]


def renamed(weights: Mapping[str, Tensor], rules: Rules) -> dict[str, Tensor]:
    """The tensors under our names, by the first rule whose pattern is their whole name.

    A name that no rule knows stays as it is. No network of ours has it, so that it is told as
    extra together with all else that does not fit.

    Raises:
        ModelError: two tensors would get the same name.
    """
    patterns = [(re.compile(pattern), name) for pattern, name in rules.items()]
    ours: dict[str, Tensor] = {}
    for key, tensor in weights.items():
        name = _our_name(key, patterns)
        if name is None:
            continue
        if name in ours:
            raise ModelError(f"two weights are {name} here, one of them {key}")
        ours[name] = tensor
    return ours


def _our_name(key: str, patterns: list[tuple[re.Pattern[str], str | None]]) -> str | None:
    for pattern, name in patterns:
        if match := pattern.fullmatch(key):
            return None if name is None else match.expand(name)
    return key


def size(weights: Mapping[str, Tensor], name: str, axis: int) -> int:
    """Length of one axis of a tensor, by which a size of the network is known.

    Raises:
        ModelError: there is no such tensor, or it has fewer axes.
    """
    if name not in weights:
        raise ModelError(f"lacks {name}", todo="The file is incomplete or of another kind.")
    shape = weights[name].shape
    if axis >= len(shape):
        raise ModelError(f"{name} has the shape {list(shape)}, too few axes")
    return shape[axis]


def count(weights: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered modules "prefix0", "prefix1", ... the names have."""
    pattern = re.compile(re.escape(prefix) + r"(\d+)\.")
    numbers = {int(match[1]) for key in weights if (match := pattern.match(key))}
    return max(numbers, default=-1) + 1
