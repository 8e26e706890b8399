"""The tables of weights in what a file of training code holds, out of all that is wrapped around.

A run's checkpoint may hold several: the weights under one of many names, an average of them (EMA),
the optimiser's. Names carry what the network was wrapped in: DataParallel's `module.`,
torch.compile's `_orig_mod.`, a Lightning module's `model.`, in any order.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from viseme.errors import ModelError

WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.")
"""Prefixes that wrappers give; taken off while more than half of the names have one."""

_AVERAGES = ("ema", "average", "averaged", "swa", "shadow")
_DEEPEST = 8
_LISTED = 10

Table = dict[str, Tensor]


def tables_in(content: Any) -> dict[str, Table]:
    """All tables in nested dictionaries by their place, "" for the content itself.

    A table maps names to tensors and to nothing else; what an optimiser keeps is passed over.
    """
    found: dict[str, Table] = {}
    _collect(content, "", found, set())
    return found


def _collect(content: Any, place: str, found: dict[str, Table], seen: set[int]) -> None:
    if not isinstance(content, Mapping) or id(content) in seen or place.count(".") > _DEEPEST:
        return
    seen.add(id(content))
    values = content.values()
    if content and all(isinstance(v, Tensor) for v in values):
        if all(isinstance(key, str) for key in content):
            found[place] = dict(content)
        return
    for key, value in content.items():
        if isinstance(key, str) and not key.startswith("optim"):
            _collect(value, f"{place}.{key}" if place else key, found, seen)


def chosen(tables: Mapping[str, Table], wanted: str | None) -> str:
    """Place of the table to take: the one that is wanted, or the largest that is no average.

    Raises:
        ModelError: there is none of that name.
    """
    if wanted is not None:
        if wanted not in tables:
            raise ModelError(f"holds no table {wanted!r}", todo=f"It has: {listed(tables)}.")
        return wanted
    plain = [place for place in tables if not is_average(place)]
    return max(plain or tables, key=lambda place: sum(t.numel() for t in tables[place].values()))


def is_average(place: str) -> bool:
    """Whether a table's place says that it holds an average of weights."""
    parts = place.lower().replace(".", "_").split("_")
    return any(part in _AVERAGES for part in parts)


def listed(tables: Mapping[str, Table]) -> str:
    """The tables for a person: their places and sizes."""
    shown = [f"{place or '(the whole)'} ({len(table)} weights)" for place, table in tables.items()]
    more = [f"and {len(shown) - _LISTED} more"] if len(shown) > _LISTED else []
    return ", ".join([*shown[:_LISTED], *more])


def unwrapped(table: Table) -> Table:
    """The table under the names that the network itself gave.

    Raises:
        ModelError: two weights would get the same name.
    """
    while prefix := _wrapper(table):
        bare = {name.removeprefix(prefix): tensor for name, tensor in table.items()}
        if len(bare) < len(table):
            raise ModelError(f"has weights that differ by the prefix {prefix} alone")
        table = bare
    return table


def _wrapper(table: Table) -> str | None:
    for prefix in WRAPPERS:
        if 2 * sum(name.startswith(prefix) for name in table) > len(table):
            return prefix
    return None
