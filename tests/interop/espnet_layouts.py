"""Names and shapes of the weights in published layouts, written down without the original code.

`tests/interop/golden.json` has a checksum of the original's own list, which they must meet.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Sizes:
    """Sizes of a network; the published ones have these frontends."""

    vocab_size: int = 60
    dim: int = 32
    num_heads: int = 4
    hidden_dim: int = 48
    num_layers: int = 2
    decoder_layers: int = 2
    fusion_dim: int = 40
    widths: tuple[int, ...] = (64, 128, 256, 512)


PUBLISHED = Sizes(5049, 768, 12, 3072, 12, 6, 8192)


def checksum(shapes: Shapes) -> int:
    """Of all names and shapes."""
    lines = "\n".join(f"{name} {list(shape)}" for name, shape in sorted(shapes.items()))
    return zlib.crc32(lines.encode())


def head_layout(modality: str, sizes: Sizes = Sizes()) -> Shapes:
    """Of the current code: lips or voice."""
    return {
        **_frontend("frontend.", modality, sizes.widths),
        **_linear("proj_encoder", sizes.dim, sizes.widths[-1]),
        **_encoder("encoder.", sizes),
        **_heads(sizes),
    }


def v1_layout(modality: str, sizes: Sizes = Sizes()) -> Shapes:
    """Of version 1.0.0 and of the multilingual code: lips, voice or both."""
    if modality != "av":
        return {**_inner("encoder.", modality, sizes), **_heads(sizes)}
    return {
        **_inner("encoder.", "video", sizes),
        **_inner("aux_encoder.", "audio", sizes),
        **_linear("fusion.fc1", sizes.fusion_dim, 2 * sizes.dim),
        **_batch_norm("fusion.bn1", sizes.fusion_dim),
        **_linear("fusion.fc2", sizes.dim, sizes.fusion_dim),
        **_heads(sizes),
    }


def _inner(prefix: str, modality: str, sizes: Sizes) -> Shapes:
    return {
        **_frontend(f"{prefix}frontend.", modality, sizes.widths),
        **_linear(f"{prefix}embed.0", sizes.dim, sizes.widths[-1]),
        **_encoder(prefix, sizes),
    }


def _linear(name: str, outputs: int, inputs: int, *kernel: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, *kernel), f"{name}.bias": (outputs,)}


def _norm(name: str, dim: int) -> Shapes:
    return {f"{name}.weight": (dim,), f"{name}.bias": (dim,)}


def _batch_norm(name: str, dim: int) -> Shapes:
    statistics = {f"{name}.running_mean": (dim,), f"{name}.running_var": (dim,)}
    return {**_norm(name, dim), **statistics, f"{name}.num_batches_tracked": ()}


def _frontend(prefix: str, modality: str, widths: tuple[int, ...]) -> Shapes:
    if modality == "video":
        stem, norm, kernel = "frontend3D.0", "frontend3D.1", (5, 7, 7)
    else:
        stem, norm, kernel = "trunk.conv1", "trunk.bn1", (80,)
    shapes: Shapes = {f"{prefix}{stem}.weight": (widths[0], 1, *kernel)}
    shapes |= _batch_norm(f"{prefix}{norm}", widths[0])
    three, one = ((3, 3), (1, 1)) if modality == "video" else ((3,), (1,))
    for name, inputs, outputs in _residual_blocks(widths):
        block = f"{prefix}trunk.{name}"
        shapes[f"{block}.conv1.weight"] = (outputs, inputs, *three)
        shapes[f"{block}.conv2.weight"] = (outputs, outputs, *three)
        shapes |= {**_batch_norm(f"{block}.bn1", outputs), **_batch_norm(f"{block}.bn2", outputs)}
        if inputs != outputs:
            shapes[f"{block}.downsample.0.weight"] = (outputs, inputs, *one)
            shapes |= _batch_norm(f"{block}.downsample.1", outputs)
    return shapes


def _residual_blocks(widths: tuple[int, ...]) -> Iterator[tuple[str, int, int]]:
    inputs = widths[0]
    for layer, outputs in enumerate(widths, start=1):
        for block in (0, 1):
            yield f"layer{layer}.{block}", inputs, outputs
            inputs = outputs


def _attention(name: str, dim: int) -> Shapes:
    return {
        key: shape
        for part in ("linear_q", "linear_k", "linear_v", "linear_out")
        for key, shape in _linear(f"{name}.{part}", dim, dim).items()
    }


def _feed_forward(name: str, dim: int, hidden_dim: int) -> Shapes:
    return {**_linear(f"{name}.w_1", hidden_dim, dim), **_linear(f"{name}.w_2", dim, hidden_dim)}


def _encoder(prefix: str, sizes: Sizes) -> Shapes:
    dim, shapes = sizes.dim, _norm(f"{prefix}after_norm", sizes.dim)
    for index in range(sizes.num_layers):
        block = f"{prefix}encoders.{index}."
        shapes |= _attention(f"{block}self_attn", dim)
        shapes[f"{block}self_attn.linear_pos.weight"] = (dim, dim)
        for bias in ("u", "v"):
            shapes[f"{block}self_attn.pos_bias_{bias}"] = (sizes.num_heads, dim // sizes.num_heads)
        shapes |= _feed_forward(f"{block}feed_forward", dim, sizes.hidden_dim)
        shapes |= _feed_forward(f"{block}feed_forward_macaron", dim, sizes.hidden_dim)
        shapes |= _linear(f"{block}conv_module.pointwise_cov1", 2 * dim, dim, 1)
        shapes |= _linear(f"{block}conv_module.depthwise_conv", dim, 1, 31)
        shapes |= _batch_norm(f"{block}conv_module.norm", dim)
        shapes |= _linear(f"{block}conv_module.pointwise_cov2", dim, dim, 1)
        for norm in ("ff", "mha", "ff_macaron", "conv", "final"):
            shapes |= _norm(f"{block}norm_{norm}", dim)
    return shapes


def _heads(sizes: Sizes) -> Shapes:
    dim, shapes = sizes.dim, _norm("decoder.after_norm", sizes.dim)
    shapes["decoder.embed.0.weight"] = (sizes.vocab_size, dim)
    for index in range(sizes.decoder_layers):
        layer = f"decoder.decoders.{index}."
        shapes |= _attention(f"{layer}self_attn", dim) | _attention(f"{layer}src_attn", dim)
        shapes |= _feed_forward(f"{layer}feed_forward", dim, sizes.hidden_dim)
        for norm in ("norm1", "norm2", "norm3"):
            shapes |= _norm(f"{layer}{norm}", dim)
    shapes |= _linear("decoder.output_layer", sizes.vocab_size, dim)
    return shapes | _linear("ctc.ctc_lo", sizes.vocab_size, dim)
