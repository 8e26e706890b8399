"""The training loop: data, step, log, evaluate, save. It knows no paper and never calls backward.

Lightning Fabric supplies device, precision and processes; start it with torchrun for several.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from viseme.errors import ConfigError
from viseme.train import checkpoint
from viseme.train.log import RunLog, progress_bar
from viseme.train.seed import seed_everything

logger = logging.getLogger(__name__)


class TrainableSystem(Protocol):
    """What the loop needs of a system."""

    modules: nn.Module

    def setup(self, fabric: Any, total_steps: int) -> None:
        """Make optimisers and hand modules to Fabric."""

    def train_step(self, batch: Any, step: int) -> dict[str, float]:
        """One update; returns scalars to log."""

    def eval_step(self, batch: Any) -> dict[str, float]:
        """Sums over a batch (all values add up over batches)."""

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        """Turn the sums of a whole evaluation into its figures."""

    def state_dict(self) -> dict[str, Any]:
        """Everything to resume from: weights, optimisers."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Undo of `state_dict`."""

    def weights(self) -> dict[str, Tensor]:
        """The weights to keep: what inference needs."""


class EpochBatches(Protocol):
    """The batches of one epoch."""

    def __len__(self) -> int: ...

    def starting_at(self, first: int) -> Iterator[Any]: ...


class TrainData(Protocol):
    """Batches by epoch, decided by the epoch's number alone, and those to evaluate on."""

    def train(self, epoch: int) -> EpochBatches: ...

    def val(self) -> EpochBatches: ...


@dataclass(frozen=True)
class LoopConfig:
    """How long, how precise, how often.

    Attributes:
        epochs: passes over the training clips.
        seed: of everything random.
        precision: Fabric's name: "32-true", "bf16-mixed", "16-mixed".
        devices: how many on this machine.
        eval_every_epochs: evaluate after so many epochs, and after the last.
        save_every_steps: write a checkpoint to resume from this often, and after every epoch.
        keep_weights: keep the weights of so many last epochs, for averaging.
    """

    epochs: int = 75
    seed: int = 42
    precision: str = "32-true"
    devices: int = 1
    eval_every_epochs: int = 1
    save_every_steps: int = 200
    keep_weights: int = 10


class Position(NamedTuple):
    """Where a run is: updates done, and the epoch it is in (an epoch ends with its evaluation)."""

    step: int
    epoch: int


def make_fabric(config: LoopConfig, device: str = "auto") -> Any:
    """Fabric for the device: "auto", "cpu" or "cuda"."""
    try:
        from lightning.fabric import Fabric
    except ImportError as error:
        raise ConfigError(
            "training needs lightning", todo="Install it with: pip install 'viseme[train]'"
        ) from error
    accelerator = {"auto": "auto", "cpu": "cpu", "cuda": "cuda"}[device]
    return Fabric(accelerator=accelerator, devices=config.devices, precision=config.precision)  # type: ignore[arg-type]


def fit(
    system: TrainableSystem, data: TrainData, config: LoopConfig, folder: Path, fabric: Any
) -> dict[str, float]:
    """Train to the end, resuming from `folder` if it holds a checkpoint; returns the last figures.

    A run that was killed and started again ends with the same weights, bit for bit, as one that was
    not: batches depend on (seed, epoch, number) alone, and the generators' states are saved.
    """
    seed_everything(config.seed)
    steps_per_epoch = [len(data.train(epoch)) for epoch in range(config.epochs)]
    system.setup(fabric, sum(steps_per_epoch))
    position = _resume(system, folder)
    log = RunLog(folder, position.step)
    figures: dict[str, float] = {}
    with progress_bar() as progress:
        total_steps = sum(steps_per_epoch)
        task = progress.add_task("training", total=total_steps, completed=position.step, note="")
        for epoch in range(position.epoch, config.epochs):
            system.modules.train()
            first = position.step - sum(steps_per_epoch[:epoch])
            for batch in data.train(epoch).starting_at(first):
                scalars = system.train_step(batch, position.step)
                log.write(position.step, {f"train/{k}": value for k, value in scalars.items()})
                position = Position(position.step + 1, epoch)
                progress.update(task, completed=position.step, note=_note(epoch, scalars, figures))
                if position.step % config.save_every_steps == 0:
                    _save(system, folder, position)
            if (epoch + 1) % config.eval_every_epochs == 0 or epoch + 1 == config.epochs:
                figures = evaluate(system, data.val())
                log.write(position.step - 1, {f"val/{k}": value for k, value in figures.items()})
            _keep_weights(system, folder, epoch, config.keep_weights)
            position = Position(position.step, epoch + 1)
            _save(system, folder, position)
    log.close()
    return figures


def evaluate(system: TrainableSystem, batches: EpochBatches) -> dict[str, float]:
    """Figures of the system over all batches; its modules are back in training mode afterwards."""
    system.modules.eval()
    sums: dict[str, float] = {}
    with torch.inference_mode():
        for batch in batches.starting_at(0):
            for name, value in system.eval_step(batch).items():
                sums[name] = sums.get(name, 0.0) + value
    system.modules.train()
    return system.summarise(sums)


def epoch_weights(folder: Path) -> list[Path]:
    """Weight files of the last epochs, oldest first."""
    return sorted(folder.glob("epoch-*.safetensors"))


def _resume(system: TrainableSystem, folder: Path) -> Position:
    path = folder / checkpoint.LAST
    if not path.exists():
        return Position(0, 0)
    state = checkpoint.load_state(path)
    system.load_state_dict(state["system"])
    checkpoint.set_random_state(state["random"])
    logger.info("resuming %s at step %d", folder, state["step"])
    return Position(state["step"], state["epoch"])


def _save(system: TrainableSystem, folder: Path, position: Position) -> None:
    state = {
        "step": position.step,
        "epoch": position.epoch,
        "system": system.state_dict(),
        "random": checkpoint.random_state(),
    }
    checkpoint.save_state(folder / checkpoint.LAST, state)


def _keep_weights(system: TrainableSystem, folder: Path, epoch: int, keep: int) -> None:
    checkpoint.save_weights(folder / f"epoch-{epoch:04d}.safetensors", system.weights())
    for path in epoch_weights(folder)[:-keep]:
        path.unlink()


def _note(epoch: int, scalars: dict[str, float], figures: dict[str, float]) -> str:
    return f"epoch {epoch} {_format(scalars)} {_format(figures)}"


def _format(scalars: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in scalars.items())
