"""The optimiser of the recognisers: AdamW with one scheduled rate and clipped gradients."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from viseme.train.schedule import warmup_cosine


@dataclass(frozen=True)
class OptimConfig:
    """AdamW and its schedule (Auto-AVSR's values; its code's v1.0.0 clips at 5).

    Attributes:
        peak_lr: highest learning rate.
        betas: of AdamW.
        weight_decay: decoupled, on matrices only when decay_vectors is False.
        decay_vectors: also decay biases and norms, as the published recipe does.
        clip_norm: largest gradient norm.
        warmup_share: share of all steps spent warming up.
    """

    peak_lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.03
    decay_vectors: bool = True
    clip_norm: float = 5.0
    warmup_share: float = 5 / 75


def adamw(module: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """The optimiser of all parameters that want gradients."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    matrices = [p for p in parameters if config.decay_vectors or p.ndim > 1]
    vectors = [p for p in parameters if not config.decay_vectors and p.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": matrices, "weight_decay": config.weight_decay}]
    if vectors:
        groups.append({"params": vectors, "weight_decay": 0.0})
    return torch.optim.AdamW(groups, lr=config.peak_lr, betas=config.betas)


def set_rate(
    optimizer: torch.optim.Optimizer, config: OptimConfig, step: int, total_steps: int
) -> float:
    """Set and return the learning rate of `step`."""
    warmup_steps = max(1, round(config.warmup_share * total_steps))
    rate = config.peak_lr * warmup_cosine(step, warmup_steps, total_steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
    return rate
