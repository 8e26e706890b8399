"""The papers' claims, re-measured: one file per experiment, run by `viseme reproduce NAME`."""

from importlib import import_module

from viseme.errors import ConfigError
from viseme.experiments.experiment import Experiment

EXPERIMENTS = {
    "noise": "viseme.experiments.noise",
    "auto_avsr": "viseme.experiments.auto_avsr",
    "braven": "viseme.experiments.braven",
    "studio": "viseme.experiments.studio",
    "studio-truth": "viseme.experiments.studio_truth",
}


def experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in EXPERIMENTS:
        raise ConfigError(
            f"there is no experiment {name!r}", todo=f"Choose one of: {', '.join(EXPERIMENTS)}."
        )
    found: Experiment = import_module(EXPERIMENTS[name]).EXPERIMENT
    return found
