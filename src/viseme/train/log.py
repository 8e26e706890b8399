"""What a run tells: a JSONL file, TensorBoard where installed, a live line with the time left."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

logger = logging.getLogger(__name__)


class RunLog:
    """Scalars of a run, appended to log.jsonl and TensorBoard event files in its folder.

    Args:
        folder: of the run.
        keep_bytes: what a killed run wrote to log.jsonl after so many bytes, its size at the last
            checkpoint, is dropped.
        resume_step: TensorBoard hides what it was told of this step and later ones.
    """

    def __init__(self, folder: Path, keep_bytes: int = 0, resume_step: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "log.jsonl"
        self.path.touch()
        if keep_bytes < self.size:
            os.truncate(self.path, keep_bytes)
        self._board = _tensorboard(folder, resume_step)

    @property
    def size(self) -> int:
        """Bytes in log.jsonl."""
        return self.path.stat().st_size

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Append one record."""
        with self.path.open("a") as out:
            out.write(json.dumps({"step": step, **scalars}) + "\n")
        if self._board is not None:
            for name, value in scalars.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush what TensorBoard still holds."""
        if self._board is not None:
            self._board.close()


def _tensorboard(folder: Path, resume_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.info("tensorboard is not installed; scalars go to log.jsonl only")
        return None
    return SummaryWriter(str(folder), purge_step=resume_step)


def progress_bar(visible: bool = True) -> Progress:
    """The live line of a long job: share, count, rate and time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        disable=not visible,
    )
