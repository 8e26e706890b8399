"""Checkpoints of RAVEn (arXiv 2212.06246) and BRAVEn (arXiv 2404.02098), one stream each.

A fine-tuned file holds the encoder, the CTC head and a text decoder, which has a projection of its
own where it is narrower than the encoder. A pre-trained one holds the encoder alone, under one of
several prefixes that the training code left; it becomes a model that gives features and no text.
"""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from viseme.config import to_dict
from viseme.errors import ModelError
from viseme.interop.auto_avsr import CROP_SIZE, LONGEST_CLIP_S, PUBLISHED_SEARCH
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.espnet import frontend_rules, head_rules, input_rules
from viseme.interop.espnet_transformer import transformer_rules
from viseme.interop.source import Imported, Rules, Source, count, renamed, size
from viseme.models.folder import ENCODER, RECOGNISER
from viseme.recognition.recognizer import ReadingConfig

SYSTEM = "raven"
DECODER_HEAD_DIM = 64
"""Width of an attention head in all published text decoders; the weights do not tell it."""

_STEM = re.compile(r"(.*)frontend\.(frontend3D\.0|trunk\.conv1)\.weight")
_UNUSED = r"encoders\.\d+\.(?:gamma_ff_macaron|gamma_conv)"


def _matches(checkpoint: Checkpoint) -> bool:
    weights = checkpoint.weights
    has_stem = any(_STEM.fullmatch(key) for key in weights)
    return has_stem and any(key.endswith(".gamma_mha") for key in weights)


def _convert(checkpoint: Checkpoint) -> Imported:
    prefix, modality = _encoder_of(checkpoint)
    root = prefix.removesuffix("encoder.")
    fine_tuned = f"{root}ctc.ctc_lo.weight" in checkpoint.weights
    ours = "encoder." if fine_tuned else ""
    weights = renamed(checkpoint.weights, _encoder_rules(prefix, ours) | _head_rules(root))
    config: dict[str, Any] = {
        "modality": modality,
        "crop_size": CROP_SIZE,
        **_encoder_sizes(weights, ours),
        "decoder": _decoder_sizes(weights) if fine_tuned else None,
    }
    # The published encoders heard the waveform as it is.
    use: dict[str, Any] = {
        "modality": modality,
        "crop_size": CROP_SIZE,
        "normalise_waveform": False,
    }
    if not fine_tuned:
        return Imported(SYSTEM, ENCODER, config, use, weights, vocab_size=0)
    reading = ReadingConfig(**use, chunk_s=LONGEST_CLIP_S, search=PUBLISHED_SEARCH)
    vocab_size = size(weights, "heads.ctc_head.weight", 0)
    return Imported(SYSTEM, RECOGNISER, config, to_dict(reading), weights, vocab_size)


def _encoder_of(checkpoint: Checkpoint) -> tuple[str, str]:
    """The prefix of the encoder's names and what it reads.

    Raises:
        ModelError: there are several encoders, as in a checkpoint of a running pre-training.
    """
    stems = [match for key in checkpoint.weights if (match := _STEM.fullmatch(key))]
    if len(stems) > 1:
        raise ModelError(
            f"holds {len(stems)} encoders ({', '.join(stem[1] for stem in stems)})",
            path=checkpoint.path,
            todo="Save the weights of one of them, such as torch.save(encoder.state_dict(), FILE).",
        )
    (stem,) = stems
    return stem[1], "video" if stem[2].startswith("frontend3D") else "audio"


def _encoder_rules(theirs: str, ours: str) -> dict[str, str | None]:
    return {
        **frontend_rules(f"{theirs}frontend.", f"{ours}frontend."),
        **input_rules(theirs, f"{ours}project."),
        **transformer_rules(theirs, f"{ours}transformer.blocks."),
        rf"{re.escape(theirs)}after_norm\.(\w+)": rf"{ours}transformer.norm.\1",
        rf"{re.escape(theirs)}{_UNUSED}": None,
    }


def _head_rules(root: str) -> Rules:
    adapt = rf"{re.escape(root)}decoder\.proj_decoder\.(\w+)"
    return {**head_rules(root), adapt: r"heads.text_decoder.adapt.\1"}


def _encoder_sizes(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Any]:
    """The encoder's settings, from the shapes of its weights under our names."""
    stages, blocks = f"{prefix}frontend.trunk.stages.", f"{prefix}transformer.blocks."
    return {
        "frontend_widths": [
            size(weights, f"{stages}{stage}.blocks.0.conv1.weight", 0) for stage in range(4)
        ],
        "frontend_blocks": count(weights, f"{stages}0.blocks."),
        "dim": size(weights, f"{prefix}project.weight", 0),
        "num_heads": size(weights, f"{blocks}0.attention.content_bias", 0),
        "hidden_dim": size(weights, f"{blocks}0.feed_forward.expand.weight", 0),
        "num_layers": count(weights, blocks),
    }


def _decoder_sizes(weights: Mapping[str, Tensor]) -> dict[str, int]:
    """The text decoder's settings, likewise."""
    decoder = "heads.text_decoder."
    dim = size(weights, f"{decoder}embedding.weight", 1)
    return {
        "dim": dim,
        "num_heads": max(1, dim // DECODER_HEAD_DIM),
        "hidden_dim": size(weights, f"{decoder}layers.0.feed_forward.expand.weight", 0),
        "num_layers": count(weights, f"{decoder}layers."),
    }


SOURCE = Source(
    name="raven",
    about="RAVEn and BRAVEn of all sizes, lips or voice, fine-tuned or pre-trained",
    matches=_matches,
    convert=_convert,
)
