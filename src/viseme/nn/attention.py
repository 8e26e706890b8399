"""Multi-head attention: plain (with cached keys and values) and with relative positions.

The relative form is that of Transformer-XL (Dai et al. 2019, section 3.3), as in the Conformer; and
the legacy form of ESPnet, which older published models were trained with.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _split_heads(x: Tensor, num_heads: int) -> Tensor:
    """(B, T, D) -> (B, N, T, D/N)."""
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def _merge_heads(x: Tensor) -> Tensor:
    """(B, N, T, D/N) -> (B, T, D)."""
    return x.transpose(1, 2).flatten(2)


class _Heads(nn.Module):
    """What both kinds of attention have: the projections of the heads and back."""

    def __init__(self, dim: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"width {dim} is not divisible by {num_heads} heads")
        self.num_heads, self.dropout = num_heads, dropout
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)


class MultiHeadAttention(_Heads):
    """Scaled dot-product attention of queries (B, L, D) over keys and values (B, T, D)."""

    def project(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (B, N, T, D/N) of `memory` (B, T, D): what a decoder caches."""
        return (
            _split_heads(self.key(memory), self.num_heads),
            _split_heads(self.value(memory), self.num_heads),
        )

    def attend(
        self, x: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None = None
    ) -> Tensor:
        """Attend from x (B, L, D); `allowed` broadcasts to (B, N, L, T), True where it may look."""
        query = _split_heads(self.query(x), self.num_heads)
        dropout = self.dropout if self.training else 0.0
        context = F.scaled_dot_product_attention(query, key, value, allowed, dropout)
        return self.out(_merge_heads(context))


class RelativeAttention(_Heads):
    """Self-attention whose scores add a learned function of the distance between frames.

    Args:
        dim, num_heads, dropout: of the attention.
        legacy: score distances as `legacy_shift` says.
    """

    def __init__(self, dim: int, num_heads: int, dropout: float, legacy: bool = False) -> None:
        super().__init__(dim, num_heads, dropout)
        self.legacy = legacy
        self.position = nn.Linear(dim, dim, bias=False)
        self.content_bias = nn.Parameter(torch.empty(num_heads, dim // num_heads))  # u
        self.position_bias = nn.Parameter(torch.empty(num_heads, dim // num_heads))  # v
        nn.init.xavier_uniform_(self.content_bias)
        nn.init.xavier_uniform_(self.position_bias)

    def forward(self, x: Tensor, positions: Tensor, valid: Tensor) -> Tensor:
        """Attend within x (B, T, D) over frames where valid (B, T); positions (2T-1 or T, D).

        The positions are those of `viseme.nn.positional`, in the form for this attention.
        """
        query = _split_heads(self.query(x), self.num_heads)
        key = _split_heads(self.key(x), self.num_heads)
        value = _split_heads(self.value(x), self.num_heads)
        position = _split_heads(self.position(positions)[None], self.num_heads)
        by_distance = (query + self.position_bias[:, None]) @ position.transpose(-1, -2)
        by_key = legacy_shift(by_distance, valid.sum(1)) if self.legacy else shift(by_distance)
        bias = by_key * query.shape[-1] ** -0.5  # (B, N, T, T)
        bias = bias.masked_fill(~valid[:, None, None], float("-inf"))
        content = query + self.content_bias[:, None]
        dropout = self.dropout if self.training else 0.0
        context = F.scaled_dot_product_attention(
            content.to(value.dtype), key, value, bias.to(value.dtype), dropout
        )
        return self.out(_merge_heads(context))


def shift(by_distance: Tensor) -> Tensor:
    """Turn scores by distance (B, N, T, 2T-1) into scores by key (B, N, T, T).

    Row i, column j of the result is the score at distance i - j. The pad-and-reshape trick of
    Transformer-XL (appendix B) does it without a gather.
    """
    batch, heads, length, width = by_distance.shape
    padded = F.pad(by_distance, (1, 0)).reshape(batch, heads, width + 1, length)
    return padded[:, :, 1:].reshape(batch, heads, length, width)[..., :length]


def legacy_shift(by_position: Tensor, lengths: Tensor) -> Tensor:
    """Turn scores by legacy position (B, N, T, T) into scores by key (B, N, T, T).

    Until 2021 ESPnet used the pad-and-reshape trick on a table that is only as long as the clip.
    That is right in a decoder, which looks back only. In an encoder a frame behind gets the last
    columns, the next frame 0, and the frame at distance d >= 2 ahead of frame i gets what frame
    i + 1 gives to column d - 2. Models that were trained so need it so. Here it is written out for
    clips of lengths (B,), so that padding does not change it.
    """
    size = by_position.shape[-1]
    frame = torch.arange(size, device=by_position.device)
    row, ahead = frame[:, None].expand(size, size), frame - frame[:, None]
    row = torch.where(ahead > 0, row + 1, row)
    column = torch.where(ahead > 0, ahead - 2, lengths[:, None, None] - 1 + ahead)  # (B, T, T)
    index = (row * size + column).clamp(0, size * size - 1).flatten(1)  # clamped: masked anyway
    index = index[:, None].expand(-1, by_position.shape[1], -1)
    scores = by_position.flatten(2).gather(2, index).unflatten(2, (size, size))
    return scores.masked_fill(ahead == 1, 0)
