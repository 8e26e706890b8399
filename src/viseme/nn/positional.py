"""Sinusoidal positions: absolute for the text decoder, relative for the Conformer."""

import math

import torch
from torch import Tensor

LEGACY_TABLE_LENGTH = 5000


def _sinusoid(position: Tensor, dim: int) -> Tensor:
    """Interleaved sine and cosine table (P, dim) of positions (P,)."""
    rate = torch.exp(torch.arange(0, dim, 2, device=position.device) * (-math.log(10000.0) / dim))
    angle = position[:, None].float() * rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


def absolute_positions(length: int, dim: int, *, start: int = 0, like: Tensor) -> Tensor:
    """Table (length, dim) of positions start, start+1, ... in the dtype and device of `like`."""
    position = torch.arange(start, start + length, device=like.device)
    return _sinusoid(position, dim).to(like.dtype)


def relative_positions(length: int, dim: int, *, like: Tensor) -> Tensor:
    """Table (2*length-1, dim) of distances length-1, ..., 0, ..., -(length-1) (Transformer-XL)."""
    distance = torch.arange(length - 1, -length, -1, device=like.device)
    return _sinusoid(distance, dim).to(like.dtype)


def legacy_relative_positions(length: int, dim: int, *, like: Tensor) -> Tensor:
    """Table (length, dim) that ESPnet's relative attention had until 2021.

    It is the start of one reversed table for all clips: 4999, 4998, ... whatever the length. See
    `viseme.nn.attention.legacy_shift` for what is made of it.
    """
    last = max(LEGACY_TABLE_LENGTH, length) - 1
    return _sinusoid(torch.arange(last, last - length, -1, device=like.device), dim).to(like.dtype)
