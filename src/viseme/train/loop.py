"""The training loop: data, step, log, evaluate, save. It knows no paper and never calls backward.

Lightning Fabric supplies device, precision and processes; start it with torchrun for several.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import nn

from viseme.config import check_at_least
from viseme.errors import ConfigError
from viseme.processor import SLOW_BFLOAT16, multiplies_bfloat16
from viseme.train.log import progress_bar
from viseme.train.memory import keep_freed_memory
from viseme.train.run_folder import Position, Resumable, RunFolder
from viseme.train.seed import seed_everything

logger = logging.getLogger(__name__)


class TrainableSystem(Resumable, Protocol):
    """What the loop needs of a system."""

    modules: nn.Module

    def setup(self, fabric: Any, total_steps: int) -> None:
        """Make optimisers, as many as there are to be, and hand modules to Fabric."""

    def train_step(self, batches: Sequence[Any], step: int) -> dict[str, float]:
        """One update from one batch, or from several whose gradients add up; scalars to log.

        A step may update several networks, or another one than the step before: which, and at what
        rates, depends on `step` alone, so that a resumed run does the same.
        """

    def eval_step(self, batch: Any) -> dict[str, float]:
        """Sums over a batch (all values add up over batches)."""

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        """Turn the sums of a whole evaluation into its figures."""


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
        precision: Fabric's name; bfloat16 needs no loss scale that would have to be resumed. "auto"
            takes it where the machine multiplies in it.
        devices: how many on this machine, unless torchrun says.
        accumulate: batches whose gradients make one update, for batches larger than the memory.
        eval_every_epochs: evaluate after so many epochs, and after the last.
        save_every_steps: write a checkpoint to resume from this often, and after every epoch.
        keep_weights: keep the weights of so many last epochs, for averaging.
    """

    epochs: int = 75
    seed: int = 42
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    devices: int = 1
    accumulate: int = 1
    eval_every_epochs: int = 1
    save_every_steps: int = 200
    keep_weights: int = 10

    def __post_init__(self) -> None:
        check_at_least(1, self, "epochs", "devices", "accumulate", "eval_every_epochs")
        check_at_least(1, self, "save_every_steps", "keep_weights")


def on_machine(config: LoopConfig, device: str) -> LoopConfig:
    """The config with a precision that suits the device, "cpu" or "cuda", in place of "auto"."""
    if config.precision == "auto":
        fast = multiplies_bfloat16(device)
        config = replace(config, precision="bf16-mixed" if fast else "32-true")
        logger.info("training in %s", config.precision)
    return config


def make_fabric(config: LoopConfig, device: str) -> Any:
    """Fabric for the device, "cpu" or "cuda"; one process of several if torchrun started it.

    Raises:
        ConfigError: Lightning is not installed.
    """
    try:
        from lightning.fabric import Fabric
    except ImportError as error:
        raise ConfigError(
            "training needs lightning", todo="Install it with: pip install 'viseme[train]'"
        ) from error
    precision: Any = on_machine(config, device).precision
    if precision == "bf16-mixed" and not multiplies_bfloat16(device):
        logger.warning(SLOW_BFLOAT16)
    devices = int(os.environ.get("LOCAL_WORLD_SIZE", config.devices))
    num_nodes = int(os.environ.get("WORLD_SIZE", devices)) // devices
    return Fabric(accelerator=device, devices=devices, num_nodes=num_nodes, precision=precision)


_watchers: list[Callable[[int, int], None]] = []


@contextmanager
def watched(watcher: Callable[[int, int], None]) -> Iterator[None]:
    """Tell of every update that is made meanwhile: how many are done, and how many there are.

    What the watcher raises ends the training, which can be resumed as if it was killed.
    """
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def fit(
    system: TrainableSystem, data: TrainData, config: LoopConfig, folder: Path, fabric: Any
) -> dict[str, float]:
    """Train to the end, resuming from `folder` if it holds a checkpoint; returns the last figures.

    A run that was killed and started again ends with the same weights, bit for bit, as one that was
    not: batches depend on (seed, epoch, number) alone, and the generators' states are saved. Of
    several processes each trains on batches of its own, all evaluate, and one writes the folder;
    only the first one's generators are saved, the others' start anew.

    Raises:
        ConfigError: there is nothing to train on, or another process trains into the folder.
        ModelError: the folder's checkpoint is damaged or of another system.
    """
    keep_freed_memory()
    seed_everything(config.seed)
    group = config.accumulate
    steps_per_epoch = [-(-len(data.train(epoch)) // group) for epoch in range(config.epochs)]
    total_steps = sum(steps_per_epoch)
    if not total_steps:
        raise ConfigError("there are fewer batches than processes", todo="Use fewer processes.")
    system.setup(fabric, total_steps)
    run = RunFolder(folder, system, writes=fabric.is_global_zero)
    with closing(run), progress_bar(visible=run.writes) as progress:
        position = run.resume()
        if fabric.global_rank:  # or all would drop the same units and silence the same streams
            seed_everything(config.seed + fabric.global_rank + fabric.world_size * position.step)
        task = progress.add_task("training", total=total_steps, completed=position.step, note="")
        for epoch in range(position.epoch, config.epochs):
            system.modules.train()
            first = position.step - sum(steps_per_epoch[:epoch])
            batches = data.train(epoch).starting_at(first * group)
            while some := list(islice(batches, group)):
                scalars = system.train_step(some, position.step)
                run.log(position.step, "train", scalars)
                position = position._replace(step=position.step + 1)
                progress.update(task, completed=position.step, note=_note(position, scalars))
                for watcher in _watchers:
                    watcher(position.step, total_steps)
                if position.step % config.save_every_steps == 0:
                    run.save(position)
            if (epoch + 1) % config.eval_every_epochs == 0 or epoch + 1 == config.epochs:
                position = position._replace(figures=evaluate(system, data.val()))
                run.log(position.step - 1, "val", position.figures)
            run.keep_weights(epoch, config.keep_weights)
            position = position._replace(epoch=epoch + 1)
            run.save(position)
    fabric.barrier()
    return position.figures


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


def _note(position: Position, scalars: dict[str, float]) -> str:
    return f"epoch {position.epoch} {_format(scalars)} {_format(position.figures)}"


def _format(scalars: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3g}" for name, value in scalars.items())
