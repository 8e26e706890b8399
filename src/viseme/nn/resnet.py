"""The ResNet-18 trunk of lip reading, for pictures (2-D) and for waveforms (1-D), with SiLU.

Layout of Auto-AVSR (arXiv 2303.14307): basic blocks, strides 1/2/2/2, a pointwise convolution with
BatchNorm where the shape changes. Widths and depths are arguments so that small models use it too.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CONV = {1: nn.Conv1d, 2: nn.Conv2d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}


class BasicBlock(nn.Module):
    """Two kernel-3 convolutions around a shortcut."""

    def __init__(self, dims: int, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        conv, norm = CONV[dims], NORM[dims]
        self.conv1 = conv(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.norm1 = norm(channels)
        self.conv2 = conv(channels, channels, 3, padding=1, bias=False)
        self.norm2 = norm(channels)
        # A pointwise convolution that skips pixels, as one of stride 1 on the pixels that stay: the
        # strided kernel for AVX2 writes out of bounds in its backward pass (oneDNN 3.12, torch
        # 2.13, channels last, channels that are no multiple of 8).
        self._kept: tuple[Any, ...] = (..., *[slice(None, None, stride)] * dims)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                conv(in_channels, channels, 1, bias=False), norm(channels)
            )

    def forward(self, x: Tensor, valid: Tensor | None = None, repeats: int = 1) -> Tensor:
        """Transform x; where `valid`, at the output's resolution, is given, zero the rest.

        Padding must be zero before each kernel: BatchNorm turns it into a signal that the next
        kernel would spread into real samples. The last row stands for `repeats` equal ones.
        """
        y = F.silu(norm_of(self.norm1, self.conv1(x), repeats))
        if valid is not None:
            y = y * valid
        past = x[self._kept]
        if isinstance(self.shortcut, nn.Sequential):
            past = norm_of(self.shortcut[1], self.shortcut[0](past), repeats)
        y = F.silu(norm_of(self.norm2, self.conv2(y), repeats) + past)
        return y if valid is None else y * valid


def norm_of(norm: nn.Module, x: Tensor, repeats: int) -> Tensor:
    """The norm of x (N, C, ...), whose last row stands for `repeats` equal ones.

    The statistics are those of all rows; only the kernels around it are spared the equal ones.
    """
    if repeats == 1:
        return norm(x)
    return norm(torch.cat([x, x[-1:].expand(repeats - 1, *x.shape[1:])]))[: len(x)]


class Stage(nn.Module):
    """Basic blocks in a row; the first one may change width and resolution."""

    def __init__(
        self, dims: int, in_channels: int, channels: int, stride: int, num_blocks: int
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            BasicBlock(
                dims,
                in_channels if index == 0 else channels,
                channels,
                stride if index == 0 else 1,
            )
            for index in range(num_blocks)
        )

    def forward(self, x: Tensor, valid: Tensor | None = None, repeats: int = 1) -> Tensor:
        for block in self.blocks:
            x = block(x, valid, repeats)
        return x


class ResNetTrunk(nn.Module):
    """Four stages of basic blocks: (B, C, H, W) or (B, C, S) -> the same rank, 8 times smaller."""

    def __init__(self, dims: int, widths: Sequence[int], blocks_per_stage: int) -> None:
        super().__init__()
        before = (widths[0], *widths[:-1])
        strides = (1, *[2] * (len(widths) - 1))
        self.stages = nn.ModuleList(
            Stage(dims, in_channels, channels, stride, blocks_per_stage)
            for in_channels, channels, stride in zip(before, widths, strides, strict=True)
        )

    def forward(self, x: Tensor, repeats: int = 1) -> Tensor:
        for stage in self.stages:
            x = stage(x, None, repeats)
        return x
