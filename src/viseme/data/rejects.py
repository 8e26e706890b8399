"""What is not used and why: a row each, in one kind of list beside what became of the others."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from viseme.files import atomic_write

BAD_LINE = "bad_line"
"""Code of a manifest's line that is no clip."""


@dataclass(frozen=True)
class Reject:
    """Why a clip is not used.

    Attributes:
        id: of the clip; empty where a line of a manifest has none.
        source: its file, relative to the corpus, or the line of the manifest.
        code: to count by.
        reason: a sentence to read.
    """

    id: str
    source: str
    code: str
    reason: str


def rejects_beside(out: Path) -> Path:
    """Where the rejects of what is written to `out` are listed: a folder, or a .json(l)(.gz)."""
    if out.is_dir():
        return out / "rejects.jsonl"
    stem = out.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
    return out.with_name(f"{stem}.rejects.jsonl")


def write_rejects(path: Path, rejects: Iterable[Reject]) -> None:
    """Write the list, also if it is empty: an older one must not stay."""
    with atomic_write(path) as file:
        for reject in rejects:
            line = json.dumps(asdict(reject), ensure_ascii=False)
            # What UTF-8 cannot hold becomes an escape, which in JSON means the same.
            file.write(line.encode(errors="backslashreplace").decode() + "\n")


def listed(rejects: list[Reject], most: int = 10) -> str:
    """What is wrong with so many lines of a manifest, as a clause."""
    lines = [f"{reject.source} ({reject.reason.removesuffix('.')})" for reject in rejects[:most]]
    if len(rejects) == 1:
        return f"{rejects[0].source} is not a clip ({rejects[0].reason.removesuffix('.')})"
    more = [f"and {len(rejects) - most} more"] if len(rejects) > most else []
    return f"{len(rejects)} lines are not clips: {', '.join(lines + more)}"
