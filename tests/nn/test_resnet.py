"""The ResNet trunk: shapes, shortcuts, masking."""

import pytest
import torch
from torch import nn

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
