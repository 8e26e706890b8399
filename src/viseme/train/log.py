"""What a run tells: a JSONL file, TensorBoard where installed, a live line with the time left."""

import json
import logging
from pathlib import Path
from typing import Any

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
    """Scalars of a run, appended to log.jsonl and TensorBoard event files in its folder."""

    def __init__(self, folder: Path, resume_step: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "log.jsonl"
        self._keep_until(resume_step)
        self._board = _tensorboard(folder, resume_step)

    def _keep_until(self, step: int) -> None:
        """Drop entries that a killed run wrote after its last checkpoint."""
        if self.path.exists():
            kept = [line for line in self.path.read_text().splitlines() if _step(line) < step]
            self.path.write_text("".join(line + "\n" for line in kept))

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


def _step(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):  # a line cut short by the kill
        return 1 << 62


def _tensorboard(folder: Path, resume_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.info("tensorboard is not installed; scalars go to log.jsonl only")
        return None
    return SummaryWriter(str(folder), purge_step=resume_step)


def progress_bar() -> Progress:
    """The live line of a long job: share, count, rate and time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
