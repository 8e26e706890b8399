"""Transformer language models of ESPnet, as they come with the published lip readers.

The file is `model.pth` with `model.json`, or a bare table of weights such as RAVEn's
`rnnlm.model.best`. Only the number of heads cannot be told from the weights.
"""

from typing import Any

from viseme.errors import ModelError
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.espnet import arguments
from viseme.interop.espnet_transformer import transformer_rules
from viseme.interop.source import Imported, Rules, Source, count, renamed, size
from viseme.models.folder import LANGUAGE_MODEL

HEAD_DIM = 64
"""Width of an attention head in all published models, for weights without settings."""

RULES: Rules = {
    r"embed\.(\w+)": r"embedding.\1",
    r"encoder\.embed\.0\.(\w+)": r"project.\1",
    r"encoder\.embed\.1\.(\w+)": r"norm_in.\1",
    **transformer_rules("encoder.", "layers."),
    r"encoder\.after_norm\.(\w+)": r"norm.\1",
    r"decoder\.(\w+)": r"head.\1",
}


def _matches(checkpoint: Checkpoint) -> bool:
    return {"embed.weight", "encoder.embed.0.weight", "decoder.weight"} <= set(checkpoint.weights)


def _convert(checkpoint: Checkpoint) -> Imported:
    weights = renamed(checkpoint.weights, RULES)
    settings = _settings(checkpoint)
    dim = size(weights, "project.weight", 0)
    config = {
        "embedding_dim": size(weights, "embedding.weight", 1),
        "dim": dim,
        "num_layers": count(weights, "layers."),
        "num_heads": settings.get("head", max(1, dim // HEAD_DIM)),
        "hidden_dim": size(weights, "layers.0.feed_forward.expand.weight", 0),
    }
    vocab_size = size(weights, "embedding.weight", 0)
    return Imported("language_model", LANGUAGE_MODEL, config, {}, weights, vocab_size)


def _settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """What `model.json` says, if there is one.

    Raises:
        ModelError: they ask for positions, which no published model has.
    """
    settings = arguments(checkpoint.settings) or {}
    positions = settings.get("pos_enc", "none")
    if positions != "none":
        raise ModelError(
            f"has {positions} positions, and only models without can be imported",
            path=checkpoint.path,
        )
    return settings


SOURCE = Source(
    name="espnet_lm",
    about="Transformer language models of ESPnet, for fusion into the search",
    matches=_matches,
    convert=_convert,
)
