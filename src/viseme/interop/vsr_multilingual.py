"""Models of "Visual Speech Recognition for Multiple Languages" (Ma et al. 2022, arXiv 2202.13084).

Each comes as `model.pth` with `model.json`, ESPnet's training arguments. The same repository hands
out Auto-AVSR models in this form. The weights are named as in Auto-AVSR 1.0.0; the arguments say
what no shape tells: the units, and which form of relative attention was trained. Both forms have
weights of the same names and shapes.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from viseme.errors import ModelError
from viseme.interop.auto_avsr import PUBLISHED_SEARCH, is_recogniser, recogniser
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.espnet import arguments
from viseme.interop.source import Imported, Source

PUBLISHED_BEAMS = {"CMLR": 20, "CMUMOSEAS": 30, "GRID": 20, "LombardGRID": 20}
"""Beam sizes that differ from 40, by the start of the published model's name."""

_FIXED = {
    "macaron_style": True,
    "use_cnn_module": True,
    "zero_triu": False,
    "a_upsample_ratio": 1,
    "relu_type": "swish",
}
"""Arguments whose other values mean another network, and what they are where not given."""

_SIZES = {
    "adim": "dim",
    "aheads": "num_heads",
    "eunits": "hidden_dim",
    "dunits": "hidden_dim",
    "elayers": "encoder_layers",
    "cnn_module_kernel": "kernel_size",
    "dlayers": "decoder_layers",
}


def _matches(checkpoint: Checkpoint) -> bool:
    return arguments(checkpoint.settings) is not None and is_recogniser(checkpoint)


def _convert(checkpoint: Checkpoint) -> Imported:
    given = arguments(checkpoint.settings)
    assert given is not None
    prefixes = ("", "aux_") if "aux_adim" in given else ("",)
    for prefix in prefixes:
        _refuse_other_networks(given, prefix)
    legacy = {_is_legacy(given, prefix) for prefix in prefixes}
    if len(legacy) > 1:
        raise ModelError("its two encoders have different forms of relative attention")
    search = replace(PUBLISHED_SEARCH, beam_size=_published_beam(checkpoint))
    imported = recogniser(checkpoint.weights, search=search, legacy_positions=legacy.pop())
    _compare_sizes(given, imported.config)
    return imported


def _refuse_other_networks(given: Mapping[str, Any], prefix: str) -> None:
    for name, wanted in _FIXED.items():
        value = given.get(prefix + name, wanted)
        if value != wanted:  # true may be written as 1
            raise ModelError(f"has {prefix}{name} = {value!r}; only {wanted!r} can be imported")


def _is_legacy(given: Mapping[str, Any], prefix: str) -> bool:
    """Whether an encoder's attention is of the older form.

    As in the published code, it is if it says so, and in the first encoder also if the arguments
    are from before there was a choice. That code has no such rule for the second encoder, which is
    younger.
    """
    name = f"{prefix}transformer_encoder_attn_layer_type"
    kind = given.get(name, "rel_mha")
    if kind not in ("rel_mha", "legacy_rel_mha"):
        raise ModelError(f"has {name} = {kind!r}; only relative attention can be imported")
    return kind == "legacy_rel_mha" or (not prefix and given.get("rel_pos_type") is None)


def _published_beam(checkpoint: Checkpoint) -> int:
    name = checkpoint.path.name
    known = [beam for start, beam in PUBLISHED_BEAMS.items() if name.startswith(f"{start}_")]
    return known[0] if known else PUBLISHED_SEARCH.beam_size


def _compare_sizes(given: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """The tensors tell every size; where the arguments say another, the file is not whole."""
    for theirs, ours in _SIZES.items():
        if given.get(theirs, config[ours]) != config[ours]:
            raise ModelError(
                f"has {theirs} = {given[theirs]} in its settings, but weights for {config[ours]}",
                todo="The weights are incomplete, or the settings are of another model.",
            )


SOURCE = Source(
    name="vsr_multilingual",
    about="multilingual lip reading and Auto-AVSR as zips of model.pth and model.json",
    matches=_matches,
    convert=_convert,
)
