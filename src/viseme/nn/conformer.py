"""The Conformer encoder (Gulati et al. 2020) in the form of Auto-AVSR (arXiv 2303.14307).

Each block: half a feed-forward, relative attention, convolution, half a feed-forward, LayerNorm.
Two details differ from the Conformer paper and follow the published recogniser: the feed-forward
uses ReLU, and LayerNorm's epsilon is 1e-12.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.nn.attention import RelativeAttention
from viseme.nn.positional import legacy_relative_positions, relative_positions

LAYER_NORM_EPS = 1e-12


class FeedForward(nn.Module):
    """Linear, ReLU, dropout, linear on (B, T, D)."""

    def __init__(self, dim: int, hidden_dim: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, hidden_dim)
        self.contract = nn.Linear(hidden_dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.contract(self.dropout(F.relu(self.expand(x))))


class Pointwise(nn.Conv1d):
    """A convolution of kernel size 1 as the linear map that it is: (B, T, D) -> (B, T, D').

    Nearer to the matrix multiplication it amounts to, it takes a third of a convolution's time.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight[..., 0], self.bias)


class ConvolutionModule(nn.Module):
    """Pointwise, GLU, depthwise, BatchNorm, SiLU, pointwise on (B, T, D).

    Padding is zeroed before the depthwise kernel can spread it into real frames, so that a clip
    gives the same features alone and in any batch. The original code leaves it in;
    `mask_padding=False` reproduces that for comparison with it.
    """

    def __init__(self, dim: int, kernel_size: int, mask_padding: bool = True) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel size {kernel_size} must be odd to keep the length")
        self.mask_padding = mask_padding
        self.expand = Pointwise(dim, 2 * dim)
        self.depthwise = nn.Conv1d(dim, dim, kernel_size, padding=kernel_size // 2, groups=dim)
        self.norm = nn.BatchNorm1d(dim)
        self.contract = Pointwise(dim, dim)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        x = F.glu(self.expand(x))
        if self.mask_padding:
            x = x * valid[..., None]
        x = F.silu(self.norm(self.depthwise(x.transpose(1, 2))))  # (B, D, T)
        return self.contract(x.transpose(1, 2))


class ConformerBlock(nn.Module):
    """One block of the encoder on (B, T, D)."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        hidden_dim: int,
        kernel_size: int,
        dropout: float,
        mask_padding: bool = True,
        legacy_positions: bool = False,
    ) -> None:
        super().__init__()
        self.feed_forward_in = FeedForward(dim, hidden_dim, dropout)
        self.attention = RelativeAttention(dim, num_heads, dropout, legacy_positions)
        self.convolution = ConvolutionModule(dim, kernel_size, mask_padding)
        self.feed_forward_out = FeedForward(dim, hidden_dim, dropout)
        self.norm_feed_forward_in = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_attention = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_convolution = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_feed_forward_out = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_out = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, positions: Tensor, valid: Tensor) -> Tensor:
        x = x + 0.5 * self.dropout(self.feed_forward_in(self.norm_feed_forward_in(x)))
        x = x + self.dropout(self.attention(self.norm_attention(x), positions, valid))
        x = x + self.dropout(self.convolution(self.norm_convolution(x), valid))
        x = x + 0.5 * self.dropout(self.feed_forward_out(self.norm_feed_forward_out(x)))
        return self.norm_out(x)


class ConformerEncoder(nn.Module):
    """Scaled input, relative positions and a stack of blocks: (B, T, D) -> (B, T, D)."""

    def __init__(
        self,
        dim: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        kernel_size: int,
        dropout: float,
        mask_padding: bool = True,
        legacy_positions: bool = False,
    ) -> None:
        super().__init__()
        self.position_table = legacy_relative_positions if legacy_positions else relative_positions
        self.dim, self.mask_padding = dim, mask_padding
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            ConformerBlock(
                dim, num_heads, hidden_dim, kernel_size, dropout, mask_padding, legacy_positions
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        x = self.dropout(x * math.sqrt(self.dim))
        positions = self.dropout(self.position_table(x.shape[1], self.dim, like=x))
        for block in self.blocks:
            x = block(x, positions, valid)
        x = self.norm(x)
        return torch.where(valid[..., None], x, 0) if self.mask_padding else x
