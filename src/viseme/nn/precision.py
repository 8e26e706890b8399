"""Networks made lighter for inference: BatchNorm folded away, linear layers in 16 bits.

What adds up over the network stays in single precision: the residual stream, LayerNorm, softmax and
the layers that score tokens (their names end in "head").
"""

from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from viseme.errors import ConfigError
from viseme.nn.conformer import Pointwise
from viseme.nn.frontends import AudioFrontend, VisualFrontend

Precision = Literal["float32", "bfloat16"]


class Bfloat16Linear(nn.Module):
    """A linear layer on inputs of any precision, which its outputs have too."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight.detach().bfloat16())
        self.register_buffer("bias", None if bias is None else bias.detach().bfloat16())

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.bfloat16(), self.weight, self.bias).to(x.dtype)


@torch.no_grad()
def lighten(network: nn.Module, precision: Precision) -> None:
    """Change a network in evaluation mode, in place; "float32" leaves it as it is.

    "bfloat16" takes half the memory, and less than half the time on processors that multiply in it
    (AVX-512 BF16, AMX); others are slow with it.

    Raises:
        ConfigError: no such precision.
    """
    if precision not in get_args(Precision):
        raise ConfigError(
            f"there is no precision {precision!r}",
            todo=f"Choose one of: {', '.join(get_args(Precision))}.",
        )
    if precision == "float32":
        return
    fold_norms(network)
    for module in list(network.modules()):
        if isinstance(module, VisualFrontend | AudioFrontend):
            module.bfloat16()
        for name, child in module.named_children():
            if isinstance(child, nn.Linear | Pointwise) and not name.endswith("head"):
                setattr(module, name, Bfloat16Linear(child.weight.flatten(1), child.bias))


def fold_norms(network: nn.Module) -> None:
    """Multiply each BatchNorm into the layer before it, in place; same answers, fewer passes.

    It relies on a habit of this code: a module registers a BatchNorm right behind the convolution
    or linear layer whose output it takes.
    """
    for module in list(network.modules()):
        for (before, layer), (name, norm) in pairwise(list(module.named_children())):
            if not isinstance(norm, _BatchNorm):
                continue
            if isinstance(layer, _ConvNd):
                setattr(module, before, fuse_conv_bn_eval(layer, norm))
            elif isinstance(layer, nn.Linear):
                setattr(module, before, fuse_linear_bn_eval(layer, norm))
            else:
                continue
            setattr(module, name, nn.Identity())
