"""What `viseme train` and a paper's file say to each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from viseme.train.loop import TrainableSystem, TrainData


@dataclass(frozen=True)
class Run:
    """What a job may know of the run that it is made for.

    Attributes:
        name: of the model.
        system: name of the paper's file.
        preset: that the config began as.
        device: "cpu" or "cuda".
        process: (i, n) for the i-th of n processes that train together.
    """

    name: str
    system: str
    preset: str
    device: str
    process: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Job:
    """All that one training needs of a paper.

    Attributes:
        training: modules, steps, state.
        data: batches by epoch, and those to evaluate on.
        finish: writes the model folder at a path, given the weights of the last epochs, oldest
            first; called by one process only.
    """

    training: TrainableSystem
    data: TrainData
    finish: Callable[[Sequence[Path], Path], None]
