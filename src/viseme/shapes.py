"""The dimension legend of the project, and the one way from lengths to a mask.

B batch, T video frames, S audio samples, M mel frames, F mel bins, L text tokens, V vocabulary,
D model width, N heads, C channels, H W height and width, K beam size, P landmark points.
Tensors are batch, time, then the rest; `valid` is True on real frames.
"""

import torch
from torch import Tensor


def valid_mask(lengths: Tensor, max_length: int | None = None) -> Tensor:
    """Mask (B, T), True on real frames, of lengths (B,); T is `max_length` or the longest."""
    size = int(lengths.max()) if max_length is None else max_length
    return torch.arange(size, device=lengths.device) < lengths[:, None]
