"""The legacy form of relative attention: what the old pad-and-reshape trick gives, per clip."""

import torch
from torch.nn import functional as F

from viseme.nn.attention import RelativeAttention, legacy_shift, shift
from viseme.nn.positional import legacy_relative_positions


def pad_and_reshape(scores: torch.Tensor) -> torch.Tensor:
    """The trick as its name says, on a square table."""
    batch, heads, length, _ = scores.shape
    padded = F.pad(scores, (1, 0)).reshape(batch, heads, length + 1, length)
    return padded[:, :, 1:]


def test_it_is_the_trick_on_a_square_table() -> None:
    scores = torch.arange(2 * 3 * 7 * 7.0).reshape(2, 3, 7, 7) + 1
    assert torch.equal(legacy_shift(scores, torch.tensor([7, 7])), pad_and_reshape(scores))


def test_frames_behind_are_scored_as_in_the_new_form_and_frames_ahead_are_not() -> None:
    torch.manual_seed(0)
    scores = torch.randn(1, 2, 6, 6)
    new = shift(torch.cat([scores, torch.randn(1, 2, 6, 5)], -1))  # distances 5..0, then -1..-5
    old = legacy_shift(scores, torch.tensor([6]))
    behind = torch.ones(6, 6, dtype=torch.bool).tril()
    assert torch.equal(old[..., behind], new[..., behind])
    assert (old[..., ~behind] != new[..., ~behind]).all()


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    attention = RelativeAttention(8, 2, 0.0, legacy=True).eval()
    x, lengths = torch.randn(3, 9, 8), (9, 5, 1)
    valid = torch.arange(9) < torch.tensor(lengths)[:, None]
    together = attention(x, legacy_relative_positions(9, 8, like=x), valid)
    for clip, length in enumerate(lengths):
        table = legacy_relative_positions(length, 8, like=x)
        alone = attention(x[clip : clip + 1, :length], table, valid[clip : clip + 1, :length])
        torch.testing.assert_close(together[clip, :length], alone[0])


def test_the_table_starts_at_the_same_position_for_every_clip() -> None:
    like = torch.zeros(1)
    long, short = (legacy_relative_positions(n, 6, like=like) for n in (40, 3))
    assert torch.equal(long[:3], short)
    assert legacy_relative_positions(5001, 2, like=like)[-1].tolist() == [0.0, 1.0]  # position 0
