"""Names and shapes of the weights of RAVEn, BRAVEn and ESPnet's language models.

Written down without the original code, whose own lists must have the checksums that are stored
with its figures.
"""

from espnet_layouts import Shapes, Sizes, v1_layout

_CONFORMER_ONLY = ("conv_module", "macaron", "norm_conv", "norm_final")


def raven_layout(modality: str, encoder: Sizes, decoder: Sizes) -> Shapes:
    """Of a fine-tuned file: `decoder` gives the sizes of the text decoder."""
    heads = {k: s for k, s in v1_layout(modality, decoder).items() if k.startswith("decoder.")}
    if decoder.dim != encoder.dim:
        heads["decoder.proj_decoder.weight"] = (decoder.dim, encoder.dim)
        heads["decoder.proj_decoder.bias"] = (decoder.dim,)
    ctc: Shapes = {
        "ctc.ctc_lo.weight": (decoder.vocab_size, encoder.dim),
        "ctc.ctc_lo.bias": (decoder.vocab_size,),
    }
    return encoder_layout("encoder.", modality, encoder) | heads | ctc


def encoder_layout(prefix: str, modality: str, sizes: Sizes) -> Shapes:
    """Of a pre-trained file, under a prefix: without the Conformer's parts, with layer scales."""
    shapes = {
        name.removeprefix("encoder."): shape
        for name, shape in v1_layout(modality, sizes).items()
        if name.startswith("encoder.") and not any(part in name for part in _CONFORMER_ONLY)
    }
    for index in range(sizes.num_layers):
        block = f"encoders.{index}."
        for name in ("gamma_ff", "gamma_mha", "norm_ff.running_mean", "norm_ff.running_var"):
            shapes[f"{block}{name}"] = (sizes.dim,)
        shapes[f"{block}norm_ff.num_batches_tracked"] = ()
    return {prefix + name: shape for name, shape in shapes.items()}


def language_model_layout(sizes: Sizes, embedding_dim: int) -> Shapes:
    """Of a Transformer language model."""
    dim, inner = sizes.dim, encoder_layout("encoder.", "video", sizes)
    without = ("frontend", "embed", "gamma", "pos", "running", "tracked")
    shapes = {k: s for k, s in inner.items() if not any(part in k for part in without)}
    return shapes | {
        "embed.weight": (sizes.vocab_size, embedding_dim),
        "encoder.embed.0.weight": (dim, embedding_dim),
        "encoder.embed.0.bias": (dim,),
        "encoder.embed.1.weight": (dim,),
        "encoder.embed.1.bias": (dim,),
        "decoder.weight": (sizes.vocab_size, dim),
        "decoder.bias": (sizes.vocab_size,),
    }
