"""The names that ESPnet's Transformer encoder gives its weights, and ours for them.

RAVEn's encoders and the language models are both made of it; with relative positions and layer
scales in the one, and without in the other.
"""

import re

from viseme.interop.espnet import attention_names
from viseme.interop.source import Rules

_PARTS = {
    **attention_names("self_attn", "attention"),
    "self_attn.linear_pos": "attention.position",
    "feed_forward.w_1": "feed_forward.expand",
    "feed_forward.w_2": "feed_forward.contract",
    "norm_mha": "norm_attention",
    "norm_ff": "norm_feed_forward",
}
_SINGLE = {
    "self_attn.pos_bias_u": "attention.content_bias",
    "self_attn.pos_bias_v": "attention.position_bias",
    "gamma_mha": "gain_attention",
    "gamma_ff": "gain_feed_forward",
}


def transformer_rules(theirs: str, ours: str) -> Rules:
    """All blocks, from "<theirs>encoders.N." to "<ours>N."; both prefixes end with a full stop."""
    block = rf"{re.escape(theirs)}encoders\.(\d+)\."
    return {
        **{
            rf"{block}{re.escape(name)}\.(\w+)": rf"{ours}\1.{new}.\2"
            for name, new in _PARTS.items()
        },
        **{rf"{block}{re.escape(name)}": rf"{ours}\1.{new}" for name, new in _SINGLE.items()},
    }
