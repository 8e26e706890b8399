"""What foresees a teacher's features from a student's: a shallow Transformer (RAVEn, section 3)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from viseme.nn.transformer_encoder import TransformerEncoder

MASK_VECTOR_STD = 0.02


@dataclass(frozen=True)
class PredictorConfig:
    """Sizes of all predictors; the defaults are RAVEn's of every size.

    Attributes:
        dim: width.
        num_heads: attention heads.
        hidden_dim: feed-forward width.
        video_layers: blocks of the predictors that see what the lips' student gives.
        audio_layers: blocks of those that see what the voice's student gives.
        dropout: everywhere.
    """

    dim: int = 512
    num_heads: int = 8
    hidden_dim: int = 2048
    video_layers: int = 2
    audio_layers: int = 2
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.dim % self.num_heads:
            raise ValueError(f"dim {self.dim} is not divisible by num_heads {self.num_heads}")


class Predictor(nn.Module):
    """Features (B, T, in_dim) of a student -> foreseen features (B, T, out_dim) of a teacher.

    What the student gave at masked frames is replaced by one learned vector.
    """

    def __init__(self, config: PredictorConfig, num_layers: int, in_dim: int, out_dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(in_dim, config.dim)
        self.masked = nn.Parameter(torch.randn(config.dim) * MASK_VECTOR_STD)
        self.transformer = TransformerEncoder(
            config.dim,
            num_layers,
            config.num_heads,
            config.hidden_dim,
            config.dropout,
            drop_path=0.0,
            gains=False,
        )
        self.out = nn.Linear(config.dim, out_dim)

    def forward(self, x: Tensor, valid: Tensor, mask: Tensor) -> Tensor:
        """Foresee from x (B, T, in_dim), valid and masked frames (B, T)."""
        x = self.project(x)
        x = torch.where(mask[..., None], self.masked.to(x.dtype), x)
        return self.out(self.transformer(x, valid))
