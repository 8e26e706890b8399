"""AdamW with rates by step and by parameter, and clipped gradients."""

from collections.abc import Callable
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
        final_lr: the rate that the cosine ends at.
    """

    peak_lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.03
    decay_vectors: bool = True
    clip_norm: float = 5.0
    warmup_share: float = 5 / 75
    final_lr: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.final_lr <= self.peak_lr:
            raise ValueError(f"final_lr {self.final_lr} is not between 0 and peak_lr")


def adamw(
    module: nn.Module, config: OptimConfig, scale: Callable[[str], float] = lambda name: 1.0
) -> torch.optim.AdamW:
    """The optimiser of all parameters that want gradients.

    Args:
        module: with the parameters.
        config: rates and decay.
        scale: factor on the rate of a parameter, by its name; one group for each.
    """
    groups: dict[tuple[float, bool], dict[str, Any]] = {}
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        decays = config.decay_vectors or parameter.ndim > 1
        key = scale(name), decays
        if key not in groups:
            decay = config.weight_decay if decays else 0.0
            groups[key] = {"params": [], "weight_decay": decay, "scale": key[0]}
        groups[key]["params"].append(parameter)
    # Matrices before vectors, as the checkpoints of before have them.
    ordered = sorted(groups.items(), key=lambda item: not item[0][1])
    parameters = [group for _, group in ordered]
    # Fused: a quarter of the time, the same numbers but for rounding.
    return torch.optim.AdamW(parameters, lr=config.peak_lr, betas=config.betas, fused=True)


def set_rate(
    optimizer: torch.optim.Optimizer, config: OptimConfig, step: int, total_steps: int
) -> float:
    """Set the learning rate of `step`, and return it as it is where the scale is 1."""
    warmup_steps = max(1, round(config.warmup_share * total_steps))
    floor = config.final_lr / config.peak_lr if config.peak_lr else 0.0
    rate = config.peak_lr * warmup_cosine(step, warmup_steps, total_steps, floor)
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("scale", 1.0)  # checkpoints of before have no scale
    return rate


def clipped_step(
    fabric: Any, module: nn.Module, optimizer: torch.optim.Optimizer, max_norm: float
) -> float:
    """Update a module from its gradients, clipped to a norm; what the norm was before."""
    norm = fabric.clip_gradients(module, optimizer, max_norm=max_norm)
    optimizer.step()
    return float(norm)
