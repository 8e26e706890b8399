"""The Transformer encoder of RAVEn (arXiv 2212.06246) and BRAVEn (arXiv 2404.02098).

Each block: relative attention after LayerNorm, then a ReLU feed-forward after BatchNorm. Both
branches are weighted by a learned gain per feature (LayerScale, Touvron et al. 2021) and, in
training, left out at random for whole clips (stochastic depth, Huang et al. 2016).

Differs from the published code: BatchNorm takes its statistics over real frames, not padding.
"""

import math

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from viseme.nn.attention import RelativeAttention
from viseme.nn.conformer import LAYER_NORM_EPS, FeedForward
from viseme.nn.positional import relative_positions

INITIAL_GAIN = 0.1


class DropPath(nn.Module):
    """In training, zeroes clips of x (B, T, D) with probability `rate`; the mean stays."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand(len(x), 1, 1, device=x.device) >= self.rate
        return x * kept / (1 - self.rate)


class TransformerBlock(nn.Module):
    """One block of the encoder on (B, T, D); without `gains` both branches count fully."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float,
        drop_path: float,
        gains: bool = True,
    ) -> None:
        super().__init__()
        self.attention = RelativeAttention(dim, num_heads, dropout)
        self.feed_forward = FeedForward(dim, hidden_dim, dropout)
        self.norm_attention = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_feed_forward = nn.BatchNorm1d(dim)
        self.gain_attention = self.gain_feed_forward = None
        if gains:
            self.gain_attention = nn.Parameter(torch.full((dim,), INITIAL_GAIN))
            self.gain_feed_forward = nn.Parameter(torch.full((dim,), INITIAL_GAIN))
        self.dropout = nn.Dropout(dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, positions: Tensor, valid: Tensor) -> Tensor:
        y = self.attention(self.norm_attention(x), positions, valid)
        x = x + self.drop_path(self.dropout(_weighted(self.gain_attention, y)))
        y = self.feed_forward(self._batch_norm(x, valid))
        return x + self.drop_path(self.dropout(_weighted(self.gain_feed_forward, y)))

    def _batch_norm(self, x: Tensor, valid: Tensor) -> Tensor:
        """BatchNorm over all real frames of the batch; the others become zero."""
        real = self.norm_feed_forward(x[valid])  # (frames, D)
        normed = torch.zeros(x.shape, dtype=real.dtype, device=x.device)
        normed[valid] = real
        return normed


def _weighted(gain: Tensor | None, y: Tensor) -> Tensor:
    return y if gain is None else gain * y


class TransformerEncoder(nn.Module):
    """Scaled input, relative positions and a stack of blocks: (B, T, D) -> (B, T, D).

    Attributes:
        saves_memory: keep no activations within a block for the backward pass, but compute them
            again (Chen et al. 2016): a third more time, a fraction of the memory.
    """

    saves_memory = False

    def __init__(
        self,
        dim: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float,
        drop_path: float,
        gains: bool = True,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, num_heads, hidden_dim, dropout, drop_path, gains)
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor, valid: Tensor, outputs: list[Tensor] | None = None) -> Tensor:
        """Encode; what each block gives is appended to `outputs`, if that is asked for."""
        x = self.dropout(x * math.sqrt(self.dim))
        positions = self.dropout(relative_positions(x.shape[1], self.dim, like=x))
        for block in self.blocks:
            if self.saves_memory and self.training and x.requires_grad:
                x = checkpoint(block, x, positions, valid, use_reentrant=False)
            else:
                x = block(x, positions, valid)
            if outputs is not None:
                outputs.append(x)
        return torch.where(valid[..., None], self.norm(x), 0)
