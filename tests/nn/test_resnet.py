"""The ResNet trunk: shapes, shortcuts, masking."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from viseme.nn.resnet import BasicBlock, ResNetTrunk

WIDTHS = (4, 6, 8, 10)


@pytest.mark.parametrize("blocks", [1, 2])
def test_pictures_shrink_eightfold(blocks: int) -> None:
    trunk = ResNetTrunk(2, WIDTHS, blocks)
    assert trunk(torch.randn(2, 4, 22, 22)).shape == (2, 10, 3, 3)


def test_waveforms_shrink_eightfold() -> None:
    assert ResNetTrunk(1, WIDTHS, 2)(torch.randn(2, 4, 160)).shape == (2, 10, 20)


@pytest.mark.parametrize(
    ("channels", "stride", "plain"), [(4, 1, True), (4, 2, False), (6, 1, False)]
)
def test_only_a_changed_shape_needs_a_convolution_in_the_shortcut(
    channels: int, stride: int, plain: bool
) -> None:
    block = BasicBlock(1, 4, channels, stride)
    assert isinstance(block.shortcut, nn.Identity) == plain
    assert block(torch.randn(1, 4, 8)).shape == (1, channels, 8 // stride)


def test_invalid_samples_stay_zero() -> None:
    block = BasicBlock(1, 4, 4, 1)
    valid = torch.tensor([[1, 1, 1, 0, 0]]).bool()[:, None]
    assert (block(torch.randn(1, 4, 5) * valid, valid)[..., 3:] == 0).all()


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("size", [8, 9])
def test_a_shortcut_is_the_strided_pointwise_convolution_of_the_paper(dims: int, size: int) -> None:
    block = BasicBlock(dims, 4, 6, 2).double()
    convolution, norm = block.shortcut
    block.conv2.weight.data.zero_()  # leaves the norm's shift, which is zero, and the shortcut
    x = torch.randn(3, 4, *[size] * dims, dtype=torch.float64)
    convolve = {1: F.conv1d, 2: F.conv2d}[dims]
    expected = F.silu(norm(convolve(x, convolution.weight, stride=2)))
    torch.testing.assert_close(block(x), expected)


def test_training_in_odd_widths_leaves_the_memory_alone() -> None:
    """A strided pointwise kernel for AVX2 wrote out of bounds, which ended the process."""
    code = """
import torch
from viseme.nn.resnet import ResNetTrunk
for widths in ((4, 8, 12, 16), (3, 5, 7, 9), (4, 8, 8, 24)):
    trunk = ResNetTrunk(2, widths, 1).to(memory_format=torch.channels_last)
    x = torch.randn(32, widths[0], 16, 16).contiguous(memory_format=torch.channels_last)
    for _ in range(6):
        trunk(x.requires_grad_()).square().mean().backward()
"""
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
