"""Joining the features of lips and voice (Auto-AVSR, arXiv 2303.14307)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Fusion(nn.Module):
    """Concatenate, linear, BatchNorm, ReLU, linear: two (B, T, D) -> (B, T, D).

    Padding is kept out of BatchNorm; `mask_padding=False` lets it in, as the original does.
    """

    def __init__(self, dim: int, hidden_dim: int, mask_padding: bool = True) -> None:
        super().__init__()
        self.mask_padding = mask_padding
        self.expand = nn.Linear(2 * dim, hidden_dim)
        self.norm = nn.BatchNorm1d(hidden_dim)
        self.contract = nn.Linear(hidden_dim, dim)

    def forward(self, video: Tensor, audio: Tensor, valid: Tensor) -> Tensor:
        """Join the streams; frames that are not valid (B, T) become zero, if they are masked."""
        if not self.mask_padding:
            valid = torch.ones_like(valid)
        real = torch.cat([video, audio], dim=-1)[valid]  # (frames, 2 D)
        real = self.contract(F.relu(self.norm(self.expand(real))))
        joined = torch.zeros(*valid.shape, real.shape[-1], dtype=real.dtype, device=real.device)
        joined[valid] = real
        return joined
