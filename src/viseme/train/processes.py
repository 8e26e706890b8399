"""What makes several processes train as one would that has all their clips in its batch.

Each process computes the mean loss of its own clips, and gradients are averaged over processes.
That is the gradient of one large batch only if every mean counts by how much it is a mean of, and
if BatchNorm sees the frames of all processes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def mean_weights(fabric: Any, counts: Sequence[Sequence[int]]) -> list[list[float]]:
    """Factors for means over things of this process, a row for each batch of one update.

    Means multiplied by them, summed over the batches and averaged over the processes, are the means
    over the things of all.

    Args:
        counts: how many things each mean of each batch is a mean of.
    """
    if fabric.world_size == 1 and len(counts) == 1:
        return [[1.0] * len(counts[0])]
    own = torch.tensor(counts, dtype=torch.float32, device=fabric.device)
    total = fabric.all_reduce(own.sum(0), reduce_op="sum")
    return (fabric.world_size * own / total.clamp(min=1)).tolist()


def mean_over_processes(fabric: Any, scalars: Sequence[Mapping[str, Tensor]]) -> dict[str, float]:
    """Scalars of the batches of one update, summed and averaged over processes, plain numbers."""
    rows = [torch.stack([value.detach().float() for value in row.values()]) for row in scalars]
    return dict(
        zip(
            scalars[0],
            fabric.all_reduce(torch.stack(rows).sum(0), reduce_op="mean").tolist(),
            strict=True,
        )
    )


def share_norms(module: nn.Module, fabric: Any) -> nn.Module:
    """Make every BatchNorm of a module normalise by the statistics of all processes' batches.

    Returns the module, its parameters the same objects; unchanged if there is one process.
    """
    if fabric.world_size == 1:
        return module
    if fabric.device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(module)
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            setattr(module, name, SharedBatchNorm(child))
        else:
            share_norms(child, fabric)
    return module


class SharedBatchNorm(nn.BatchNorm1d):
    """`torch.nn.SyncBatchNorm` for processes on CPUs, which that one refuses: (B, C, ...)."""

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        self.weight, self.bias = norm.weight, norm.bias
        self.load_state_dict(norm.state_dict())

    def _check_input_dim(self, input: Tensor) -> None:
        """Any rank will do."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        dtype, x = x.dtype, x.float()  # statistics are single precision under autocast too
        others = [axis for axis in range(x.ndim) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(x.ndim)]
        count = _SumOverProcesses.apply(x.new_tensor(x.numel() / x.shape[1]))
        mean = _SumOverProcesses.apply(x.sum(others)) / count
        centred = x - mean.view(shape)
        variance = _SumOverProcesses.apply(centred.square().sum(others)) / count
        self._remember(mean.detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(shape) + self.bias.view(shape)).to(dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        for name, value in (("running_mean", mean), ("running_var", variance)):
            getattr(self, name).lerp_(value, self.momentum or 0.0)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class _SumOverProcesses(torch.autograd.Function):
    """The sum over processes; gradients flow back to all of them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _summed(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


def _summed(x: Tensor) -> Tensor:
    total = x.clone(memory_format=torch.contiguous_format)
    torch.distributed.all_reduce(total)
    return total
