"""Labellers by name: pocketsphinx, Whisper, and our own models."""

from pathlib import Path

from viseme.errors import ConfigError
from viseme.labelling.jsgf import jsgf
from viseme.labelling.labeller import Labeller
from viseme.labelling.sphinx import Sphinx
from viseme.labelling.whisper_models import NAMES as WHISPERS
from viseme.labelling.whisper_models import from_assets, from_folder
from viseme.models.folder import bundled
from viseme.verbs.label.model_labeller import ModelLabeller

POCKETSPHINX, OWN_WHISPER = "pocketsphinx", "whisper:"


def find_labeller(name: str, grammar: str | None = None, device: str = "auto") -> Labeller:
    """The labeller of that name.

    Args:
        name: "pocketsphinx", "whisper-base", "whisper-tiny.en", "whisper:FOLDER", a bundled model
            or a model folder.
        grammar: what texts must follow, a file or bundled name; not for Whisper.
        device: "auto", "cpu" or "cuda".

    Raises:
        ConfigError: no such labeller, a grammar that it cannot use, or a package is missing.
        AssetError: Whisper's files cannot be had.
        ModelError: the folder holds no model of the kind.
    """
    if name == POCKETSPHINX:
        return Sphinx(jsgf(grammar) if grammar else "")
    if name in WHISPERS or name.startswith(OWN_WHISPER):
        if grammar:
            raise ConfigError(
                "Whisper takes no grammar", todo=f"Use {POCKETSPHINX} or one of our models with it."
            )
        if name in WHISPERS:
            return from_assets(name, device)
        return from_folder(name.removeprefix(OWN_WHISPER), device)
    if name not in bundled() and not Path(name).is_dir():
        known = [POCKETSPHINX, *WHISPERS, f"{OWN_WHISPER}FOLDER", *bundled()]
        raise ConfigError(
            f"no labeller is called {name!r}",
            todo=f"Give a model folder or one of: {', '.join(known)}.",
        )
    return ModelLabeller.find(name, grammar or "", device)
