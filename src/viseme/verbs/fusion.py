"""A language model beside a recogniser: whether they fit together, and how much it counts."""

from dataclasses import replace
from pathlib import Path

from viseme.errors import ConfigError
from viseme.models.folder import open_model
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.language_model import LanguageModel
from viseme.recognition.recognizer import Recognizer
from viseme.systems import load

USUAL_WEIGHT = 0.3
"""Of the published Auto-AVSR model with a language model (arXiv 2303.14307)."""


def language_model_for(
    recognizer: Recognizer, model: str | Path | None, device: str = "auto"
) -> LanguageModel | None:
    """The language model of a model folder, over the units of a recogniser; None for None.

    Raises:
        ModelError: there is no such model.
        ConfigError: it is no language model, or its units are not those of the recogniser.
    """
    if model is None:
        return None
    folder = open_model(model)
    if folder.system != "language_model":
        raise ConfigError(
            f"{folder.name} is no language model", todo="`viseme import` makes them from ESPnet's."
        )
    units, wanted = folder.tokenizer().units, recognizer.tokenizer.units
    if units != wanted:
        raise ConfigError(
            f"the language model {folder.name} has other units than {recognizer.name} "
            f"({len(units)}, starting {units[:3]}; not {len(wanted)}, starting {wanted[:3]})",
            todo="Give one that was trained on the same units.",
        )
    return load(model, device)


def weighted(
    options: SearchOptions, language_model: LanguageModel | None, weight: float | None
) -> SearchOptions:
    """The options of a search that a language model takes part in.

    Args:
        options: the model's own.
        language_model: None for none.
        weight: None for the model's own, or the usual one where it has none.

    Raises:
        ConfigError: a weight without a language model.
    """
    if language_model is None:
        if weight is None:
            return options
        raise ConfigError("a language model's weight, but no language model", todo="Give --lm too.")
    usual = options.lm_weight or USUAL_WEIGHT
    return replace(options, lm_weight=usual if weight is None else weight)
