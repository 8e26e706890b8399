"""Toys with several networks, optimisers and rates: a GAN, and a teacher that averages its student.

Each is a `TrainableSystem` as a paper's would be; both use chance of their own in every step.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.train.average import averaging, update_average
from viseme.train.optim import OptimConfig, adamw, clipped_step, set_rate
from viseme.train.schedule import cosine


class Pair:
    """What both toys have in common: two networks by name, optimisers by name.

    `modules` holds the networks themselves, not what Fabric made of them, which has other names.
    """

    modules: nn.ModuleDict
    optimizers: dict[str, torch.optim.Optimizer]

    def state_dict(self) -> dict[str, Any]:
        optimizers = {name: one.state_dict() for name, one in self.optimizers.items()}
        return {"modules": self.modules.state_dict(), "optimizers": optimizers}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.modules.load_state_dict(state["modules"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])

    def weights(self) -> dict[str, Tensor]:
        return self.modules.state_dict()

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        return {"mean": sums["total"] / sums["rows"]}


class ToyGan(Pair):
    """Numbers that look like the batch's; the critic learns twice as often as the maker."""

    critic_config = OptimConfig(peak_lr=0.02, clip_norm=1.0)
    maker_config = OptimConfig(peak_lr=0.01, clip_norm=0.5)

    def setup(self, fabric: Any, total_steps: int) -> None:
        self.fabric, self.total_steps = fabric, total_steps
        critic = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        maker = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
        half = {"0": 0.5}  # the maker's first layer learns at half the rate
        self.critic, critic_optimizer = fabric.setup(critic, adamw(critic, self.critic_config))
        self.maker, maker_optimizer = fabric.setup(
            maker, adamw(maker, self.maker_config, lambda name: half.get(name[0], 1.0))
        )
        self.modules = nn.ModuleDict({"critic": critic, "maker": maker})
        self.optimizers = {"critic": critic_optimizer, "maker": maker_optimizer}

    def train_step(self, batches: Sequence[Tensor], step: int) -> dict[str, float]:
        true = torch.cat(list(batches))
        made = self.maker(torch.randn(len(true), 2))
        if step % 3 == 2:
            loss = F.softplus(-self.critic(made)).mean()
            return self._update("maker", self.maker, self.maker_config, loss, step)
        loss = F.softplus(-self.critic(true)).mean() + F.softplus(self.critic(made.detach())).mean()
        return self._update("critic", self.critic, self.critic_config, loss, step)

    def _update(
        self, name: str, module: nn.Module, config: OptimConfig, loss: Tensor, step: int
    ) -> dict[str, float]:
        optimizer = self.optimizers[name]
        rate = set_rate(optimizer, config, step, self.total_steps)
        optimizer.zero_grad()
        self.fabric.backward(loss)
        norm = clipped_step(self.fabric, module, optimizer, config.clip_norm)
        return {f"{name}_loss": loss.item(), f"{name}_norm": norm, f"{name}_rate": rate}

    def eval_step(self, batch: Tensor) -> dict[str, float]:
        return {"total": self.critic(batch).sum().item(), "rows": float(len(batch))}


class ToyTeacher(Pair):
    """A student that sees a noisy input foresees what its teacher, its average, makes of it all."""

    config = OptimConfig(peak_lr=0.05, clip_norm=1.0)

    def setup(self, fabric: Any, total_steps: int) -> None:
        self.fabric, self.total_steps = fabric, total_steps
        student = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.2))
        self.teacher = averaging(student)
        self.student, optimizer = fabric.setup(student, adamw(student, self.config))
        self.modules = nn.ModuleDict({"student": student, "teacher": self.teacher})
        self.optimizers = {"student": optimizer}

    def train_step(self, batches: Sequence[Tensor], step: int) -> dict[str, float]:
        (optimizer,) = self.optimizers.values()
        set_rate(optimizer, self.config, step, self.total_steps)
        optimizer.zero_grad()
        total = 0.0
        for number, batch in enumerate(batches, 1):
            with self.fabric.no_backward_sync(self.student, enabled=number < len(batches)):
                noisy = batch + 0.1 * torch.randn_like(batch)
                with torch.no_grad():
                    wanted = self.teacher(batch)
                loss = F.mse_loss(self.student(noisy), wanted) / len(batches)
                self.fabric.backward(loss)
            total += loss.item()
        clipped_step(self.fabric, self.student, optimizer, self.config.clip_norm)
        momentum = cosine(0.9, 1.0, step, self.total_steps)
        update_average(self.teacher, self.student, momentum)
        return {"loss": total, "momentum": momentum}

    def eval_step(self, batch: Tensor) -> dict[str, float]:
        away = F.mse_loss(self.student(batch), self.teacher(batch), reduction="sum")
        return {"total": away.item(), "rows": float(len(batch))}
