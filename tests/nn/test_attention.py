"""Attention against slow references and the stock layer."""

import math

import pytest
import torch
from torch import Tensor, nn

from viseme.nn.attention import MultiHeadAttention, RelativeAttention, shift
from viseme.nn.positional import relative_positions
from viseme.shapes import valid_mask

DIM, HEADS = 12, 3


def plain_relative_attention(layer: RelativeAttention, x: Tensor, length: int) -> Tensor:
    """The layer's output (T, D) for one sequence x (T, D), one pair of frames at a time.

    Transformer-XL, section 3.3: the score of key j for query i is
    (q_i + u) . k_j + (q_i + v) . W r_(i-j), here over sqrt(D/N).
    """
    size = DIM // HEADS
    table = relative_positions(len(x), DIM, like=x)
    distance = {len(x) - 1 - row: layer.position(vector) for row, vector in enumerate(table)}
    query, key, value = layer.query(x), layer.key(x), layer.value(x)
    merged = torch.zeros_like(x)
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        u, v = layer.content_bias[head], layer.position_bias[head]
        for i in range(len(x)):
            scores = [
                (query[i, part] + u) @ key[j, part] + (query[i, part] + v) @ distance[i - j][part]
                for j in range(length)
            ]
            weights = (torch.stack(scores) / math.sqrt(size)).softmax(0)
            merged[i, part] = weights @ value[:length, part]
    return layer.out(merged)


@pytest.mark.parametrize("total", [1, 2, 7])
def test_shift_moves_distances_to_keys(total: int) -> None:
    by_distance = torch.arange(2 * total - 1).expand(2, 3, total, -1).float()
    shifted = shift(by_distance)
    for i in range(total):
        for j in range(total):
            # column c of the table is distance total - 1 - c
            assert (shifted[:, :, i, j] == total - 1 - (i - j)).all()


@torch.no_grad()
def test_relative_attention_is_the_formula_of_transformer_xl() -> None:
    torch.manual_seed(0)
    layer = RelativeAttention(DIM, HEADS, dropout=0.5).eval()
    x, lengths = torch.randn(2, 6, DIM), torch.tensor([6, 4])
    positions = relative_positions(6, DIM, like=x)
    out = layer(x, positions, valid_mask(lengths))
    for row, length in enumerate(lengths.tolist()):
        expected = plain_relative_attention(layer, x[row], length)
        torch.testing.assert_close(out[row], expected, atol=1e-5, rtol=1e-5)


def test_relative_positions_run_from_past_to_future() -> None:
    table = relative_positions(3, 4, like=torch.zeros(1))
    assert table.shape == (5, 4)
    torch.testing.assert_close(table[2], torch.tensor([0.0, 1.0, 0.0, 1.0]))
    angle = torch.tensor([2.0, 1.0, 0.0, -1.0, -2.0])
    torch.testing.assert_close(table[:, 0], angle.sin())
    torch.testing.assert_close(table[:, 3], (angle / 100).cos())


def stock_layer(layer: MultiHeadAttention) -> nn.MultiheadAttention:
    stock = nn.MultiheadAttention(DIM, HEADS, batch_first=True).eval()
    parts = (layer.query, layer.key, layer.value)
    with torch.no_grad():
        stock.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        stock.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    stock.out_proj.load_state_dict(layer.out.state_dict())
    return stock


@torch.no_grad()
def test_multi_head_attention_is_the_stock_layer() -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(DIM, HEADS, dropout=0.5).eval()
    x, memory = torch.randn(2, 4, DIM), torch.randn(2, 7, DIM)
    valid = valid_mask(torch.tensor([7, 3]))
    out = layer.attend(x, *layer.project(memory), valid[:, None, None])
    expected, _ = stock_layer(layer)(x, memory, memory, key_padding_mask=~valid)
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("relative", [False, True])
def test_dropout_acts_in_training_only(relative: bool) -> None:
    torch.manual_seed(0)
    layer = (RelativeAttention if relative else MultiHeadAttention)(DIM, HEADS, dropout=0.5)
    x, valid = torch.randn(1, 5, DIM), torch.ones(1, 5, dtype=torch.bool)

    def attend() -> Tensor:
        if isinstance(layer, RelativeAttention):
            return layer(x, relative_positions(5, DIM, like=x), valid)
        return layer.attend(x, *layer.project(x))

    assert not torch.equal(attend(), attend())
    layer.eval()
    assert torch.equal(attend(), attend())


@pytest.mark.parametrize("layer", [MultiHeadAttention, RelativeAttention])
def test_a_width_that_heads_cannot_share_is_refused(layer: type) -> None:
    with pytest.raises(ValueError, match="width 10 is not divisible by 3 heads"):
        layer(10, 3, 0.0)
