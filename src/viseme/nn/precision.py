"""Networks made lighter for inference: BatchNorm folded away, linear layers packed or in 16 bits.

In 16 bits, what adds up over the network stays in single precision: the residual stream, LayerNorm,
softmax and the layers that score tokens (their names end in "head").
"""

import logging
from itertools import chain, pairwise
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
from viseme.nn.transformer import TextDecoder
from viseme.processor import SLOW_BFLOAT16, multiplies_bfloat16

Precision = Literal["auto", "float32", "bfloat16"]

LARGE = 50_000_000
"""So many weights make a network worth 16 bits. Smaller ones, as all bundled models are, are quick
anyway, and give the same text on every machine."""

logger = logging.getLogger(__name__)

# What torch.compile packs weights with; no public function does.
_CAN_PACK = torch.backends.mkldnn.is_available() and hasattr(
    torch.ops.mkldnn, "_reorder_linear_weight"
)
_TYPICAL_ROWS = 10  # what the packing is best for; any number is right


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


class PackedLinear(nn.Module):
    """A linear layer whose weights lie in memory as the kernels for few rows want them.

    A search by beam multiplies a row or some per hypothesis, over and over, by the same weights:
    packed once and not for each product, ten rows take about six tenths of the time on CPU.
    """

    packed: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), _TYPICAL_ROWS)
        self.register_buffer("packed", packed)
        self.register_buffer("bias", None if bias is None else bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        return y


@torch.no_grad()
def lighten(network: nn.Module, precision: Precision) -> Precision:
    """Change a network in evaluation mode, in place; it is for inference alone from then on.

    BatchNorm is folded away; "float32" packs the text decoder's linear layers on CPU. "bfloat16"
    takes half the memory, and less than half the time on processors that multiply in it (AVX-512
    BF16, AMX); others are slow with it. "auto" takes it for `LARGE` networks on these.

    Returns:
        The precision that was taken.

    Raises:
        ConfigError: no such precision.
    """
    if precision not in get_args(Precision):
        raise ConfigError(
            f"there is no precision {precision!r}",
            todo=f"Choose one of: {', '.join(get_args(Precision))}.",
        )
    weights = list(network.parameters())
    is_fast = multiplies_bfloat16(weights[0].device.type)
    if precision == "auto":
        is_large = sum(weight.numel() for weight in weights) >= LARGE
        precision = "bfloat16" if is_large and is_fast else "float32"
    elif precision == "bfloat16" and not is_fast:
        logger.warning(SLOW_BFLOAT16)
    fold_norms(network)
    if precision == "float32":
        _pack_text_decoders(network)
        return precision
    logger.info("the network computes in bfloat16")
    for module in list(network.modules()):
        if isinstance(module, VisualFrontend | AudioFrontend):
            module.bfloat16()
        for name, child in module.named_children():
            if isinstance(child, nn.Linear | Pointwise) and not name.endswith("head"):
                setattr(module, name, Bfloat16Linear(child.weight.flatten(1), child.bias))
    return precision


def _pack_text_decoders(network: nn.Module) -> None:
    if not _CAN_PACK:
        return
    decoders = [module for module in network.modules() if isinstance(module, TextDecoder)]
    for module in list(chain.from_iterable(decoder.modules() for decoder in decoders)):
        for name, child in module.named_children():
            if isinstance(child, nn.Linear) and child.weight.device.type == "cpu":
                setattr(module, name, PackedLinear(child.weight, child.bias))


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
