"""A language model beside a recogniser: whether they fit together, and how much it counts."""

from dataclasses import replace

from viseme.errors import ConfigError
from viseme.kinds.language_model import LoadedLanguageModel
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.language_model import LanguageModel
from viseme.recognition.recognizer import Recognizer

USUAL_WEIGHT = 0.3
"""Of the published Auto-AVSR model with a language model (arXiv 2303.14307)."""


def check_units(language_model: LoadedLanguageModel, recognizer: Recognizer) -> None:
    """Refuse a language model over other units than the recogniser's.

    Raises:
        ConfigError: it says which.
    """
    units, wanted = language_model.tokenizer.units, recognizer.tokenizer.units
    if units != wanted:
        raise ConfigError(
            f"the language model {language_model.name} has other units than {recognizer.name} "
            f"({len(units)}, starting {units[:3]}; not {len(wanted)}, starting {wanted[:3]})",
            todo="Give one that was trained on the same units.",
        )


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
