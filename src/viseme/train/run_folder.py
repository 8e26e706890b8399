"""The folder of a run: checkpoint, weights of the last epochs, log. One process writes it."""

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from viseme.errors import ModelError
from viseme.files import sole_writer
from viseme.train import checkpoint
from viseme.train.log import RunLog

logger = logging.getLogger(__name__)


class Position(NamedTuple):
    """Where a run is: updates done, the epoch it is in, and the figures of its last evaluation.

    An epoch ends with its evaluation, not with its last update.
    """

    step: int
    epoch: int
    figures: dict[str, float]


class Resumable(Protocol):
    """What the folder needs of a system."""

    def state_dict(self) -> dict[str, Any]:
        """Everything to resume from: weights, optimisers."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Undo of `state_dict`."""

    def weights(self) -> dict[str, Tensor]:
        """The weights to keep: what inference needs."""


class RunFolder:
    """Reads and writes a run's files; with `writes` False, as all processes but one, reads only."""

    def __init__(self, path: Path, system: Resumable, writes: bool = True) -> None:
        self.path, self.system, self.writes = path, system, writes
        self._log: RunLog | None = None
        self._open = ExitStack()

    def resume(self) -> Position:
        """Restore the last checkpoint, if there is one, and open the log where it was then.

        Raises:
            ConfigError: another process is writing the folder.
            ModelError: the checkpoint is damaged or of another system.
        """
        if self.writes:
            self.path.mkdir(parents=True, exist_ok=True)
            self._open.enter_context(sole_writer(self.path))
        last = self.path / checkpoint.LAST
        position = Position(0, 0, {})
        log_size = 0
        if last.exists():
            state = checkpoint.load_state(last)
            position, log_size = self._restore(state, last)
            logger.info("resuming %s at step %d", self.path, position.step)
        if self.writes:
            self._log = RunLog(self.path, log_size, position.step)
            self._open.callback(self._log.close)
        return position

    def _restore(self, state: dict[str, Any], last: Path) -> tuple[Position, int]:
        try:
            self.system.load_state_dict(state["system"])
            checkpoint.set_random_state(state["random"])
            return Position(state["step"], state["epoch"], state["figures"]), state["log_size"]
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"is no checkpoint of this run ({type(error).__name__})",
                path=last,
                todo="Train into another folder, or delete it to start the run again.",
            ) from error

    def log(self, step: int, group: str, scalars: dict[str, float]) -> None:
        """Append scalars as "group/name"."""
        if self._log is not None:
            self._log.write(step, {f"{group}/{name}": value for name, value in scalars.items()})

    def save(self, position: Position) -> None:
        """Write the checkpoint that `resume` reads."""
        if self._log is None:
            return
        state = position._asdict() | {
            "log_size": self._log.size,
            "system": self.system.state_dict(),
            "random": checkpoint.random_state(),
        }
        checkpoint.save_state(self.path / checkpoint.LAST, state)

    def keep_weights(self, epoch: int, keep: int) -> None:
        """Write the epoch's weights; of older ones leave so many that `keep` are there."""
        if not self.writes:
            return
        path = self.path / f"epoch-{epoch:04d}.safetensors"
        checkpoint.save_weights(path, self.system.weights())
        for old in epoch_weights(self.path)[:-keep]:
            old.unlink()

    def close(self) -> None:
        """Close the log and let other processes write the folder."""
        self._open.close()


def epoch_weights(folder: Path) -> list[Path]:
    """Weight files of the last epochs, oldest first."""
    return sorted(folder.glob("epoch-*.safetensors"))


def figures_of_ended(folder: Path, product: Path) -> dict[str, float] | None:
    """The last figures of a run that has ended, or None.

    Args:
        folder: of the run.
        product: the file that is written last, after the last checkpoint.

    Raises:
        ModelError: the checkpoint is damaged.
    """
    last = folder / checkpoint.LAST
    if not (last.exists() and product.exists()):
        return None
    if product.stat().st_mtime_ns < last.stat().st_mtime_ns:  # of an earlier run in this folder
        return None
    return dict(checkpoint.load_state(last)["figures"])
