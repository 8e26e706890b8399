"""Checkpoints of Auto-AVSR (arXiv 2303.14307): lips, voice or both, of both public code versions.

The current code keeps the frontend beside the encoder, version 1.0.0 and the code of 2023 keep it
inside, with the projection as the encoder's `embed.0`; all else is named alike. With both streams
`encoder` is that of the lips and `aux_encoder` that of the voice.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from viseme.config import to_dict
from viseme.errors import ModelError
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.espnet import (
    encoder_rules,
    frontend_rules,
    fusion_rules,
    head_rules,
    input_rules,
)
from viseme.interop.source import Imported, Rules, Source, count, renamed, size
from viseme.models.folder import RECOGNISER
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.recognizer import ReadingConfig

SYSTEM = "auto_avsr"
CROP_SIZE = 88
LONGEST_CLIP_S = 24.0  # of the training material
PUBLISHED_SEARCH = SearchOptions(beam_size=40, ctc_weight=0.1)

_VIDEO_STEM, _AUDIO_STEM = "frontend.frontend3D.0.weight", "frontend.trunk.conv1.weight"


def is_recogniser(checkpoint: Checkpoint) -> bool:
    """Whether the weights have a Conformer over one of the two frontends, and both heads."""
    weights = checkpoint.weights
    return (
        _modality(weights) is not None
        # RAVEn's Transformer has no convolutions.
        and any(key.startswith("encoder.encoders.0.conv_module.") for key in weights)
        and any(key.startswith("decoder.") for key in weights)
        and any(key.startswith("ctc.") for key in weights)
    )


def recogniser(
    weights: Mapping[str, Tensor],
    *,
    search: SearchOptions = PUBLISHED_SEARCH,
    legacy_positions: bool = False,
) -> Imported:
    """The recogniser that these weights are; all sizes are those of the tensors."""
    modality = _modality(weights)
    if modality is None:
        raise ModelError(
            f"has no frontend of lips or voice: no weight is called {_VIDEO_STEM}, "
            f"{_AUDIO_STEM} or encoder. and these",
            todo="The file is incomplete or of another kind.",
        )
    ours = renamed(weights, _rules(weights, modality))
    reading = ReadingConfig(
        modality=modality, crop_size=CROP_SIZE, chunk_s=LONGEST_CLIP_S, search=search
    )
    config = _config(ours, modality) | {"legacy_positions": legacy_positions}
    vocab_size = size(ours, "heads.ctc_head.weight", 0)
    return Imported(SYSTEM, RECOGNISER, config, to_dict(reading), ours, vocab_size)


def _modality(weights: Mapping[str, Tensor]) -> str | None:
    """What the network reads, told by the stems of its frontends."""
    if f"encoder.{_VIDEO_STEM}" in weights and f"aux_encoder.{_AUDIO_STEM}" in weights:
        return "av"
    for modality, stem in (("video", _VIDEO_STEM), ("audio", _AUDIO_STEM)):
        if stem in weights or f"encoder.{stem}" in weights:
            return modality
    return None


def _rules(weights: Mapping[str, Tensor], modality: str) -> Rules:
    if modality == "av":
        return {
            **_inner_rules("encoder.", "video."),
            **_inner_rules("aux_encoder.", "audio."),
            **fusion_rules("fusion.", "fusion."),
            **head_rules(),
        }
    if f"encoder.{_VIDEO_STEM}" in weights or f"encoder.{_AUDIO_STEM}" in weights:
        return {**_inner_rules("encoder.", f"{modality}."), **head_rules()}
    return {
        **frontend_rules("frontend.", f"{modality}.frontend."),
        r"proj_encoder\.(weight|bias)": rf"{modality}.project.\1",
        **encoder_rules("encoder.", f"{modality}.encoder."),
        **head_rules(),
    }


def _inner_rules(theirs: str, ours: str) -> Rules:
    """A stream whose frontend and projection lie inside the encoder."""
    return {
        **frontend_rules(f"{theirs}frontend.", f"{ours}frontend."),
        **input_rules(theirs, f"{ours}project."),
        **encoder_rules(theirs, f"{ours}encoder."),
    }


def _config(weights: Mapping[str, Tensor], modality: str) -> dict[str, Any]:
    """The network's settings, from the shapes of its weights under our names."""
    stream = "audio." if modality == "audio" else "video."
    stages, block = f"{stream}frontend.trunk.stages.", f"{stream}encoder.blocks.0."
    config = {
        "modality": modality,
        "crop_size": CROP_SIZE,
        "frontend_widths": [
            size(weights, f"{stages}{stage}.blocks.0.conv1.weight", 0) for stage in range(4)
        ],
        "frontend_blocks": count(weights, f"{stages}0.blocks."),
        "dim": size(weights, f"{stream}project.weight", 0),
        "num_heads": size(weights, f"{block}attention.content_bias", 0),
        "hidden_dim": size(weights, f"{block}feed_forward_in.expand.weight", 0),
        "encoder_layers": count(weights, f"{stream}encoder.blocks."),
        "kernel_size": size(weights, f"{block}convolution.depthwise.weight", 2),
        "decoder_layers": count(weights, "heads.text_decoder.layers."),
    }
    if modality == "av":
        config["fusion_dim"] = size(weights, "fusion.expand.weight", 0)
    return config


def _matches(checkpoint: Checkpoint) -> bool:
    return checkpoint.settings is None and is_recogniser(checkpoint)


SOURCE = Source(
    name="auto_avsr",
    about="Auto-AVSR, .pth or .ckpt of either code version: lips, voice or both",
    matches=_matches,
    convert=lambda checkpoint: recogniser(checkpoint.weights),
)
