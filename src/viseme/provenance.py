"""How a result came about: the code, the machine and the moment, to be stored beside it."""

import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from viseme import processor

_PACKAGES = ("ai-edge-litert", "av", "numpy", "torch")
_GIT_TIMEOUT_S = 10


def provenance(command: Sequence[str]) -> dict[str, Any]:
    """The record of a command, in plain types.

    Args:
        command: the arguments as they were given, the program first.

    Returns:
        command: as one line for a shell; version: of viseme, None
        where it is not installed; commit: of the checkout that the code
        runs from, with "+changes" where files differ from it, None outside of one; machine; date
        (UTC).
    """
    return {
        "command": shlex.join(command),
        "version": _version("viseme"),
        "commit": _commit(Path(__file__)),
        "machine": _machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _machine() -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "processor": processor.name(),
        "instructions": processor.instructions(),
        "cores": _num_cores(),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def _num_cores() -> int:
    """Cores that this process may use, which can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit(file: Path) -> str | None:
    """The commit of the checkout that tracks `file`; a folder around it is not enough.

    An environment inside somebody's own checkout must not report that one's commit.
    """
    if _git(file.parent, "ls-files", "--error-unmatch", file.name) is None:
        return None
    commit = _git(file.parent, "rev-parse", "HEAD")
    changed = _git(file.parent, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if commit and changed else commit


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
