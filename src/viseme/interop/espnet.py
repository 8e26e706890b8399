"""The names that ESPnet's Conformer recognisers give their weights, and ours for them.

Auto-AVSR, the multilingual lip-reading models and RAVEn all build on the same modules. A name that
ESPnet itself has changed over the years is known in its old form too, and a stored table of
positions, which is computed here, is dropped.
"""

import re
from typing import Any

from viseme.interop.source import Rules


def arguments(settings: Any) -> dict[str, Any] | None:
    """ESPnet's training arguments, which come bare or as the last of [idim, odim, arguments]."""
    if isinstance(settings, list) and len(settings) == 3:
        settings = settings[2]
    return settings if isinstance(settings, dict) else None


def attention_names(theirs: str, ours: str) -> dict[str, str]:
    """The four layers of an attention module."""
    names = {"linear_q": "query", "linear_k": "key", "linear_v": "value", "linear_out": "out"}
    return {f"{theirs}.{name}": f"{ours}.{new}" for name, new in names.items()}


_BLOCK = {
    "feed_forward_macaron.w_1": "feed_forward_in.expand",
    "feed_forward_macaron.w_2": "feed_forward_in.contract",
    **attention_names("self_attn", "attention"),
    "self_attn.linear_pos": "attention.position",
    "conv_module.pointwise_cov1": "convolution.expand",
    "conv_module.depthwise_conv": "convolution.depthwise",
    "conv_module.norm": "convolution.norm",
    "conv_module.pointwise_cov2": "convolution.contract",
    "feed_forward.w_1": "feed_forward_out.expand",
    "feed_forward.w_2": "feed_forward_out.contract",
    "norm_ff_macaron": "norm_feed_forward_in",
    "norm_mha": "norm_attention",
    "norm_conv": "norm_convolution",
    "norm_ff": "norm_feed_forward_out",
    "norm_final": "norm_out",
}
_DECODER_LAYER = {
    **attention_names("self_attn", "self_attention"),
    **attention_names("src_attn", "memory_attention"),
    "feed_forward.w_1": "feed_forward.expand",
    "feed_forward.w_2": "feed_forward.contract",
    "norm1": "norm_self",
    "norm2": "norm_memory",
    "norm3": "norm_feed_forward",
}


def encoder_rules(theirs: str, ours: str) -> Rules:
    """Conformer blocks and the last LayerNorm; both prefixes end with a full stop."""
    prefix = re.escape(theirs)
    rules: Rules = {
        rf"{prefix}encoders\.(\d+)\.{re.escape(name)}\.(\w+)": rf"{ours}blocks.\1.{new}.\2"
        for name, new in _BLOCK.items()
    }
    rules[rf"{prefix}encoders\.(\d+)\.self_attn\.pos_bias_u"] = (
        rf"{ours}blocks.\1.attention.content_bias"
    )
    rules[rf"{prefix}encoders\.(\d+)\.self_attn\.pos_bias_v"] = (
        rf"{ours}blocks.\1.attention.position_bias"
    )
    rules[rf"{prefix}(?:after_norm|norm)\.(\w+)"] = rf"{ours}norm.\1"
    rules[rf"{prefix}(?:embed|input_layer)\.\d+\.pe"] = None
    return rules


def input_rules(theirs: str, ours: str) -> Rules:
    """The projection of the features, where it belongs to the encoder."""
    return {rf"{re.escape(theirs)}(?:embed|input_layer)\.0\.(weight|bias)": rf"{ours}\1"}


def frontend_rules(theirs: str, ours: str) -> Rules:
    """Both frontends: the stem of pictures or of the waveform, and the ResNet behind it."""
    prefix, trunk = re.escape(theirs), rf"{re.escape(theirs)}trunk\."
    rules: Rules = {
        rf"{prefix}frontend3D\.0\.weight": f"{ours}stem.weight",
        rf"{prefix}frontend3D\.1\.(\w+)": rf"{ours}norm.\1",
        rf"{trunk}conv1\.weight": f"{ours}stem.weight",
        rf"{trunk}bn1\.(\w+)": rf"{ours}norm.\1",
    }
    for number in (1, 2, 3, 4):
        layer, stage = rf"{trunk}layer{number}\.(\d+)\.", rf"{ours}trunk.stages.{number - 1}.blocks"
        rules[rf"{layer}conv([12])\.weight"] = rf"{stage}.\1.conv\2.weight"
        rules[rf"{layer}bn([12])\.(\w+)"] = rf"{stage}.\1.norm\2.\3"
        rules[rf"{layer}downsample\.([01])\.(\w+)"] = rf"{stage}.\1.shortcut.\2.\3"
    return rules


def fusion_rules(theirs: str, ours: str) -> Rules:
    """The network that joins two streams."""
    prefix = re.escape(theirs)
    return {
        rf"{prefix}fc1\.(\w+)": rf"{ours}expand.\1",
        rf"{prefix}bn1\.(\w+)": rf"{ours}norm.\1",
        rf"{prefix}fc2\.(\w+)": rf"{ours}contract.\1",
    }


def head_rules(theirs: str = "", ours: str = "heads.") -> Rules:
    """CTC head and text decoder."""
    decoder, text_decoder = rf"{re.escape(theirs)}decoder\.", f"{ours}text_decoder."
    rules: Rules = {
        rf"{decoder}decoders\.(\d+)\.{re.escape(name)}\.(\w+)": rf"{text_decoder}layers.\1.{new}.\2"
        for name, new in _DECODER_LAYER.items()
    }
    rules[rf"{decoder}embed\.0\.weight"] = f"{text_decoder}embedding.weight"
    rules[rf"{decoder}embed\.\d+\.pe"] = None
    rules[rf"{decoder}(?:after_norm|output_norm)\.(\w+)"] = rf"{text_decoder}norm.\1"
    rules[rf"{decoder}output_layer\.(\w+)"] = rf"{text_decoder}head.\1"
    rules[rf"{re.escape(theirs)}ctc\.ctc_lo\.(\w+)"] = rf"{ours}ctc_head.\1"
    return rules
