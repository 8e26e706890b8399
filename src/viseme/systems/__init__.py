"""The papers, one file each. A system's name is its file's name."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from viseme.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from viseme.nn.precision import Precision
    from viseme.recognition.recognizer import Recognizer

SYSTEMS = {
    "auto_avsr": "viseme.systems.auto_avsr",
    "language_model": "viseme.systems.language_model",
    "raven": "viseme.systems.raven",
}


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
    from viseme.nn.precision import lighten

    folder = open_model(model)
    loaded = system(folder.system).load(folder, device)
    loaded.precision = lighten(getattr(loaded, "network", loaded), precision)
    return loaded


def load_recognizer(
    model: str | Path, device: str = "auto", precision: "Precision" = "auto"
) -> "Recognizer":
    """Load a model that can read text; arguments as for `load`.

    Raises:
        ModelError: as `load`, or the model is of another kind or was never taught text.
        ConfigError: no such precision.
    """
    from viseme.recognition.recognizer import Recognizer

    loaded = load(model, device, precision)
    if not isinstance(loaded, Recognizer):
        raise ModelError(
            "is a language model, which reads no recordings",
            path=model,
            todo="Give it as --lm, beside a recogniser.",
        )
    assert loaded.network.heads  # what was pre-trained only says here that it has none
    return loaded
