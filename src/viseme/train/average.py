"""Exponential moving averages of weights: teachers, and the generators that are kept."""

from copy import deepcopy
from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def averaging(module: Module) -> Module:
    """A copy of a module that is to become the average of its weights; it takes no gradients."""
    copy = deepcopy(module)
    copy.requires_grad_(False)
    return copy


@torch.no_grad()
def update_average(average: nn.Module, module: nn.Module, momentum: float) -> None:
    """Move every parameter of the average towards the module's: a <- momentum a + (1 - momentum) w.

    Buffers, such as the statistics of BatchNorm, stay the average's own.
    """
    # In their order, for a module that Fabric wraps has other names.
    for own, other in zip(average.parameters(), module.parameters(), strict=True):
        own.lerp_(other, 1 - momentum)


@torch.no_grad()
def copy_buffers(average: nn.Module, module: nn.Module) -> None:
    """Give the average the module's buffers, for averages that are evaluated."""
    for own, other in zip(average.buffers(), module.buffers(), strict=True):
        own.copy_(other)
