"""The papers, one file each. A system's name is its file's name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from viseme.errors import ConfigError

if TYPE_CHECKING:
    from viseme.kinds.language_model import LoadedLanguageModel
    from viseme.models import ModelFolder
    from viseme.nn.precision import Precision
    from viseme.recognition.recognizer import Recognizer


@dataclass(frozen=True)
class About:
    """What a system says of itself.

    Attributes:
        paper: whose it is.
        arxiv: its number.
        does: what, a clause.
        kind: of its models, a name in `viseme.models.kinds.KINDS`.
        presets: what each is for: data, and how long it takes where it was run.
    """

    paper: str
    arxiv: str
    does: str
    kind: str
    presets: Mapping[str, str] = field(default_factory=dict)


SYSTEMS = {
    "auto_avsr": "viseme.systems.auto_avsr",
    "braven": "viseme.systems.braven",
    "language_model": "viseme.systems.language_model",
    "raven": "viseme.systems.raven",
    "raven_reader": "viseme.systems.raven_reader",
}


_LETTERS, _UNITS = 40, 5049
"""Token ids of alphabets, and of the published sentencepiece models."""


def system(name: str) -> ModuleType:
    """The module of a system.

    Raises:
        ConfigError: there is no such system.
    """
    if name not in SYSTEMS:
        raise ConfigError(
            f"no system is called {name!r}", todo=f"Choose one of: {', '.join(SYSTEMS)}."
        )
    return import_module(SYSTEMS[name])


def num_parameters(name: str, preset: str) -> int:
    """How many weights a preset's network has, written in as many tokens as it usually is."""
    import torch

    from viseme.config import to_dict

    module = system(name)
    config = module.PRESETS[preset]
    training = getattr(config, "training", None)
    is_small = getattr(training, "tokenizer", "") == "character"
    sizes = to_dict(getattr(config, "model", config))
    with torch.device("meta"):
        made = module.network(sizes, _LETTERS if is_small else _UNITS)
    return sum(parameter.numel() for parameter in made.parameters())


def load(model: str | Path, device: str = "auto", precision: "Precision" = "auto") -> Any:
    """Load a model by the name of a bundled one or from a folder; ready for inference.

    Args:
        model: a name that `viseme models` lists, or the path of a model folder.
        device: "auto", "cpu" or "cuda".
        precision: of the network, "float32", "bfloat16" or "auto" (see `viseme.nn.precision`).

    Raises:
        ModelError: there is no such model, or its folder is incomplete or damaged.
        ConfigError: no such precision.
    """
    from viseme.models import open_model

    return load_folder(open_model(model), device, precision)


def load_folder(
    folder: "ModelFolder", device: str = "auto", precision: "Precision" = "auto"
) -> Any:
    """Load the model of a folder that is open, which spares the checksums; see `load`."""
    from viseme.nn.precision import lighten

    loaded = system(folder.system).load(folder, device)
    loaded.precision = lighten(loaded.network, precision)
    return loaded


def load_recognizer(
    model: str | Path, device: str = "auto", precision: "Precision" = "auto"
) -> "Recognizer":
    """Load a model that can read speech; arguments as for `load`.

    Raises:
        ModelError: as `load`, or the model is of another kind.
        ConfigError: no such precision.
    """
    from viseme.models import open_model
    from viseme.models.folder import RECOGNISER
    from viseme.models.kinds import require

    folder = open_model(model)
    require(folder, RECOGNISER)
    recognizer: Recognizer = load_folder(folder, device, precision)
    return recognizer


def load_language_model(model: str | Path, device: str = "auto") -> "LoadedLanguageModel":
    """Load a model that can score texts.

    Raises:
        ModelError: as `load`, or the model is of another kind.
    """
    from viseme.models import open_model
    from viseme.models.folder import LANGUAGE_MODEL
    from viseme.models.kinds import require

    folder = open_model(model)
    require(folder, LANGUAGE_MODEL)
    loaded: LoadedLanguageModel = load_folder(folder, device)
    return loaded
