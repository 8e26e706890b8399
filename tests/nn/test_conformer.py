"""The Conformer encoder: padding never reaches real frames, and the details it promises."""

import pytest
import torch
from torch import nn

from viseme.nn.conformer import ConformerBlock, ConformerEncoder, ConvolutionModule, FeedForward
from viseme.nn.positional import relative_positions
from viseme.shapes import valid_mask

DIM = 16
LENGTHS = torch.tensor([9, 5, 1])


def encoder(mask_padding: bool = True) -> ConformerEncoder:
    """Two blocks in evaluation mode, their BatchNorms with statistics that are not the default."""
    torch.manual_seed(0)
    made = ConformerEncoder(DIM, 2, 4, 32, 5, 0.1, mask_padding).eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            module.bias.data.normal_()
    return made


@torch.no_grad()
def test_a_clip_gives_the_same_alone_and_in_a_batch() -> None:
    model, x = encoder(), torch.randn(3, 9, DIM)
    together = model(x, valid_mask(LENGTHS))
    for row, length in enumerate(LENGTHS.tolist()):
        alone = model(x[row : row + 1, :length], valid_mask(LENGTHS[row : row + 1]))
        torch.testing.assert_close(together[row, :length], alone[0], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_what_lies_in_the_padding_does_not_matter() -> None:
    model, x = encoder(), torch.randn(3, 9, DIM)
    valid = valid_mask(LENGTHS)
    out = model(x, valid)
    changed = model(torch.where(valid[..., None], x, 1e3), valid)
    torch.testing.assert_close(changed, out, atol=1e-5, rtol=1e-5)
    assert (out[~valid] == 0).all()


@torch.no_grad()
def test_without_masking_padding_does_matter() -> None:
    model, x = encoder(mask_padding=False), torch.randn(3, 9, DIM)
    together = model(x, valid_mask(LENGTHS))
    alone = model(x[1:2, :5], valid_mask(LENGTHS[1:2]))
    assert (together[1, :5] - alone[0]).abs().max() > 1e-3


@torch.no_grad()
def test_both_forms_agree_without_padding() -> None:
    x, valid = torch.randn(2, 9, DIM), valid_mask(torch.tensor([9, 9]))
    torch.testing.assert_close(encoder(True)(x, valid), encoder(False)(x, valid))


def test_feed_forward_uses_relu() -> None:
    layer = FeedForward(4, 8, 0.0)
    nn.init.zeros_(layer.expand.weight)
    nn.init.constant_(layer.expand.bias, -1.0)
    torch.testing.assert_close(layer(torch.randn(1, 2, 4)), layer.contract.bias.expand(1, 2, 4))


def test_dropout_can_leave_out_every_branch() -> None:
    torch.manual_seed(0)
    block = ConformerBlock(DIM, 4, 32, 5, dropout=1.0).train()
    x, valid = torch.randn(3, 9, DIM), valid_mask(LENGTHS)
    out = block(x, relative_positions(9, DIM, like=x), valid)
    torch.testing.assert_close(out, block.norm_out(x), rtol=0, atol=0)


def test_dropout_acts_on_hidden_units_features_and_positions() -> None:
    layer = FeedForward(4, 8, 1.0).train()
    torch.testing.assert_close(layer(torch.randn(1, 2, 4)), layer.contract.bias.expand(1, 2, 4))
    model, given = ConformerEncoder(DIM, 1, 4, 32, 5, 1.0).train(), []
    model.blocks[0].register_forward_pre_hook(lambda block, inputs: given.extend(inputs))
    model(torch.randn(1, 9, DIM), valid_mask(LENGTHS[:1]))
    features, positions, _ = given
    assert not features.any()
    assert not positions.any()


def test_an_even_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel size 30 must be odd"):
        ConvolutionModule(DIM, 30)
