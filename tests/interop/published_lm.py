"""The reduced language model of espnet_lm_figures.json, imported.

The figures are what the published code, at the commits given there, computes from weights by the
formula of formula_weights.py.
"""

import json
from pathlib import Path
from typing import Any

from espnet_layouts import Sizes
from formula_weights import filled
from raven_layouts import language_model_layout

from viseme.interop.checkpoint import Checkpoint
from viseme.interop.espnet_lm import SOURCE
from viseme.recognition.transformer_lm import TransformerLanguageModel
from viseme.systems.language_model import network

FIGURES = json.loads(Path(__file__).with_name("espnet_lm_figures.json").read_text(encoding="utf-8"))
LAYOUT = language_model_layout(Sizes(23, 128, 2, 96, 3), embedding_dim=32)


def checkpoint(settings: Any = None) -> Checkpoint:
    return Checkpoint(Path("rnnlm.model.best"), filled(LAYOUT), settings)


def language_model() -> TransformerLanguageModel:
    """The model of the figures, imported."""
    found = SOURCE.convert(checkpoint())
    made = network(found.config, found.vocab_size).eval()
    made.load_state_dict(found.weights)
    return made
