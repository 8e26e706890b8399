"""RAVEn's Transformer encoder: padding never reaches real frames, and the details it promises."""

import pytest
import torch
from torch import nn

from viseme.nn.positional import relative_positions
from viseme.nn.transformer_encoder import (
    INITIAL_GAIN,
    DropPath,
    TransformerBlock,
    TransformerEncoder,
)
from viseme.shapes import valid_mask

DIM = 16
LENGTHS = torch.tensor([9, 5, 1])


def encoder() -> TransformerEncoder:
    """Two blocks in evaluation mode, their BatchNorms with statistics that are not the default."""
    torch.manual_seed(0)
    made = TransformerEncoder(DIM, 2, 4, 32, dropout=0.1, drop_path=0.1).eval()
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
@pytest.mark.parametrize("training", [False, True])
def test_what_lies_in_the_padding_does_not_matter(training: bool) -> None:
    """Nor does it in training, where BatchNorm learns from the real frames alone."""
    x, valid = torch.randn(3, 9, DIM), valid_mask(LENGTHS)
    outs, statistics = [], []
    for given in (x, torch.where(valid[..., None], x, 1e3)):
        model = encoder()
        for part in model.modules():
            part.training = training and isinstance(part, nn.BatchNorm1d)
        outs.append(model(given, valid))
        statistics.append(model.blocks[1].norm_feed_forward.running_mean)
    torch.testing.assert_close(outs[1], outs[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(statistics[1], statistics[0])
    assert (outs[0][~valid] == 0).all()
    assert torch.equal(statistics[0], encoder().blocks[1].norm_feed_forward.running_mean) is (
        not training
    )


@torch.no_grad()
def test_gains_weigh_the_branches() -> None:
    """With gains of zero each block is the identity; fresh ones are small."""
    model, x, valid = encoder(), torch.randn(1, 9, DIM), valid_mask(LENGTHS[:1])
    for block in model.blocks:
        assert (block.gain_attention == INITIAL_GAIN).all()
        assert (block.gain_feed_forward == INITIAL_GAIN).all()
        block.gain_attention.zero_()
        block.gain_feed_forward.zero_()
    torch.testing.assert_close(model(x, valid), model.norm(4 * x))


@pytest.mark.parametrize(("dropout", "drop_path"), [(1.0, 0.0), (0.0, 0.9999)])
def test_each_branch_can_be_left_out(dropout: float, drop_path: float) -> None:
    torch.manual_seed(0)
    block = TransformerBlock(DIM, 4, 32, dropout, drop_path).train()
    x, valid = torch.randn(3, 9, DIM), valid_mask(LENGTHS)
    positions = relative_positions(9, DIM, like=x)
    torch.testing.assert_close(block(x, positions, valid), x, rtol=0, atol=0)


def test_drop_path_leaves_out_whole_clips_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x = torch.ones(4000, 3, 2)
    dropped = DropPath(0.25)(x)
    per_clip = dropped.flatten(1)
    assert (per_clip == per_clip[:, :1]).all()
    assert set(per_clip[:, 0].tolist()) == {0.0, torch.tensor(4 / 3).item()}
    assert dropped.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(DropPath(0.25).eval()(x), x)
