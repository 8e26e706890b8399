"""Rendered corpora, ready to train on, that all trials of an experiment share."""

from functools import cache
from pathlib import Path

from viseme.data.prepare import prepare
from viseme.experiments.experiment import Trial
from viseme.studio.corpus import render_corpus


def prepared_studio(trial: Trial, preset: str, hours: float) -> Path:
    """The prepared manifest of a studio corpus, one for all seeds and arms."""
    with trial.common(f"studio-{preset}-{hours:g}h") as folder:
        return _prepared(preset, hours, folder)


@cache
def _prepared(preset: str, hours: float, folder: Path) -> Path:
    """Going through a corpus that is there takes seconds; a process does it once."""
    render_corpus(preset, hours, folder / "rendered")
    return prepare(folder / "rendered", folder / "prepared").out / "manifest.jsonl"
