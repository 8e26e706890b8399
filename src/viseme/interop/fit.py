"""Whether weights fit a network, and a report that a person can read if they do not."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

MOST_LINES = 12


@dataclass(frozen=True)
class Fit:
    """How the weights of a checkpoint compare with those of a network.

    Attributes:
        missing: names that only the network has.
        extra: names that only the checkpoint has.
        misshapen: names that both have, with the two shapes.
    """

    missing: list[str]
    extra: list[str]
    misshapen: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]

    @property
    def is_exact(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.missing or self.extra or self.misshapen)

    def report(self) -> str:
        """What differs, name by name; of many, numbered modules of one kind in one line."""
        shapes = {
            name: f"{list(given)} instead of {list(wanted)}"
            for name, (given, wanted) in self.misshapen.items()
        }
        kinds = {
            "missing": _shown(self.missing),
            "extra": _shown(self.extra),
            "of another shape": _shown([f"{name} {text}" for name, text in shapes.items()]),
        }
        parts = [_section(kind, lines) for kind, lines in kinds.items() if lines]
        return "\n".join(parts)


def compare(network: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> Fit:
    """Compare two tables of weights by name and shape."""
    shared = [name for name in network if name in weights]
    return Fit(
        missing=[name for name in network if name not in weights],
        extra=[name for name in weights if name not in network],
        misshapen={
            name: (tuple(weights[name].shape), tuple(network[name].shape))
            for name in shared
            if weights[name].shape != network[name].shape
        },
    )


def _shown(names: list[str]) -> list[str]:
    return names if len(names) <= MOST_LINES else [_pattern(name) for name in names]


def _pattern(name: str) -> str:
    """The name with its numbers left open, which the blocks of a network share."""
    return re.sub(r"(?<=\.)\d+(?=\.)", "*", name)


def _section(kind: str, lines: list[str]) -> str:
    counts = Counter(lines)
    rows = [f"    {line}" + (f" ({n} times)" if n > 1 else "") for line, n in counts.items()]
    more = [f"    and {len(rows) - MOST_LINES} more lines"] if len(rows) > MOST_LINES else []
    return "\n".join([f"  {len(lines)} {kind}:", *rows[:MOST_LINES], *more])
