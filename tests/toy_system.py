"""A system of a few numbers for tests of the loop; it uses every random generator."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from viseme.train.loop import LoopConfig, fit

BATCHES_PER_EPOCH = 4
EPOCHS = 3


class Killed(Exception):
    """Stands for the end of the process."""


class OneProcess:
    """The little that the loop itself asks of Fabric."""

    is_global_zero = True
    global_rank = 0
    world_size = 1

    def barrier(self) -> None:
        pass


class ToyEpoch:
    """Random numbers that depend on the epoch and the batch's number alone."""

    def __init__(self, epoch: int, count: int) -> None:
        self.epoch, self.count = epoch, count

    def __len__(self) -> int:
        return self.count

    def starting_at(self, first: int) -> Iterator[Tensor]:
        for number in range(first, self.count):
            rng = np.random.default_rng((self.epoch, number))
            yield torch.from_numpy(rng.standard_normal((4, 3), np.float32))


class ToyData:
    def train(self, epoch: int) -> ToyEpoch:
        return ToyEpoch(epoch, BATCHES_PER_EPOCH)

    def val(self) -> ToyEpoch:
        return ToyEpoch(99, 2)


class ToySystem:
    """Learns to predict zero, disturbed by three kinds of chance.

    Args:
        die_at: name of a call and which one of them raises `Killed`: ("train", 5).
    """

    def __init__(self, die_at: tuple[str, int] | None = None) -> None:
        self.die_at = die_at
        self.calls = {"train": 0, "eval": 0}

    def setup(self, fabric: Any, total_steps: int) -> None:
        self.modules = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.3))
        self.optimizer = torch.optim.AdamW(self.modules.parameters(), lr=0.1)
        self.total_steps = total_steps

    def _call(self, name: str) -> None:
        if self.die_at == (name, self.calls[name]):
            raise Killed
        self.calls[name] += 1

    def train_step(self, batches: Sequence[Tensor], step: int) -> dict[str, float]:
        self._call("train")
        assert self.modules.training
        batch = torch.cat(list(batches))
        loss = self.modules(batch).square().mean() * (1 + random.random() + np.random.rand())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return {"loss": loss.item()}

    def eval_step(self, batch: Tensor) -> dict[str, float]:
        self._call("eval")
        assert not self.modules.training
        assert torch.is_inference_mode_enabled()
        return {"total": self.modules(batch).square().sum().item(), "clips": float(len(batch))}

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        return {"mean": sums["total"] / sums["clips"]}

    def state_dict(self) -> dict[str, Any]:
        return {"modules": self.modules.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])

    def weights(self) -> dict[str, Tensor]:
        return self.modules.state_dict()


def run(folder: Path, die_at: tuple[str, int] | None = None, **settings: int) -> dict[str, float]:
    """One process training into `folder`, from its checkpoint if there is one."""
    config = LoopConfig(**{"epochs": EPOCHS, "save_every_steps": 3, "keep_weights": 2} | settings)
    return fit(ToySystem(die_at), ToyData(), config, folder, OneProcess())
