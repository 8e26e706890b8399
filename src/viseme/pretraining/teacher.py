"""Teachers: averages of their students, and what of their features students are to foresee."""

from collections.abc import Sequence
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

from viseme.nn.attention import RelativeAttention
from viseme.train.average import averaging

Targets = Literal["last", "mean"]
_EPS = 1e-5

Module = TypeVar("Module", bound=nn.Module)


def teacher_of(student: Module) -> Module:
    """A copy of a student without dropout, to be averaged into (`viseme.train.average`).

    As in RAVEn's code it stays in training mode: BatchNorm takes the statistics of the batch, since
    the running ones of the student are not copied, and whole branches of blocks still drop out.
    """
    teacher = averaging(student)
    for part in teacher.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        elif isinstance(part, RelativeAttention):
            part.dropout = 0.0
    return teacher


def targets(last: Tensor, outputs: Sequence[Tensor], valid: Tensor, kind: Targets) -> Tensor:
    """What is to be foreseen, (B, T, D), of a teacher's clips.

    Args:
        last: the encoder's output after its LayerNorm, (B, T, D).
        outputs: what each of its blocks gives.
        valid: real frames (B, T).
        kind: "last", or "mean" for the mean over all blocks, each feature normalised over the
            clip's frames (BRAVEn; the normalisation is that of the same authors' later code).
    """
    if kind == "last":
        return last
    return _instance_norm(torch.stack(list(outputs)).float().mean(0), valid)


def spread(features: Tensor) -> Tensor:
    """Mean over the features of their deviation over frames (N, D), each frame of length sqrt(D).

    About 1 where features vary from frame to frame, 0 where all frames are the same: collapse.
    """
    x = features.detach().float()
    return (nn.functional.normalize(x, dim=-1) * x.shape[-1] ** 0.5).std(0, correction=0).mean()


def _instance_norm(x: Tensor, valid: Tensor) -> Tensor:
    weight = valid[..., None].to(x.dtype)
    count = weight.sum(1, keepdim=True).clamp(min=1)
    mean = (x * weight).sum(1, keepdim=True) / count
    centred = (x - mean) * weight
    variance = centred.square().sum(1, keepdim=True) / count
    return centred * (variance + _EPS).rsqrt()
