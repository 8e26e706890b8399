"""Running an experiment: every arm with every seed, each finished trial kept."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from viseme.errors import ConfigError
from viseme.experiments.experiment import Experiment, Scale, Summary, Trial
from viseme.experiments.report import write_report
from viseme.experiments.trials import Record, finished, keep, record_path, summarised
from viseme.files import sole_writer

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]


def reproduce(
    experiment: Experiment,
    scale: Scale,
    out: Path,
    *,
    arms: Sequence[str] = (),
    seeds: Sequence[int] = (),
    corpora: Mapping[str, Path] | None = None,
    device: str = "auto",
    origin: dict[str, Any] | None = None,
    on_progress: Progress | None = None,
) -> Summary:
    """Run what is missing of an experiment and write its report into `out`.

    Args:
        experiment: what to run.
        scale: "ci" (minutes to an hour on two cores), "small" (a GPU) or "paper".
        out: folder of the experiment at this scale; finished trials in it are kept.
        arms: names of the arms to run; all if empty. The report has all that were ever run.
        seeds: instead of the experiment's own.
        corpora: prepared manifests of real corpora by name; arms that need others are left out.
        device: "auto", "cpu" or "cuda".
        origin: the provenance to store with every trial.
        on_progress: told the trial, how many are done and how many there are.

    Raises:
        ConfigError: no such scale or arm, or another process writes the folder.
        VisemeError: whatever an arm runs into.
    """
    if scale not in experiment.seeds:
        raise ConfigError(
            f"{experiment.name} has no scale {scale!r}",
            todo=f"Choose one of: {', '.join(experiment.seeds)}.",
        )
    corpora = corpora or {}
    chosen = [experiment.arm(name) for name in arms] or list(experiment.arms)
    for arm in chosen:
        if missing := [name for name in arm.needs if name not in corpora]:
            logger.warning("arm %s is left out: it needs corpus %s", arm.name, ", ".join(missing))
    chosen = [arm for arm in chosen if set(arm.needs) <= set(corpora)]
    plan = [(arm, seed) for seed in seeds or experiment.seeds[scale] for arm in chosen]
    out.mkdir(parents=True, exist_ok=True)
    with sole_writer(out):
        for done, (arm, seed) in enumerate(plan):
            if on_progress is not None:
                on_progress(f"{arm.name}, seed {seed}", done, len(plan))
            if record_path(out, arm.name, seed).exists():
                continue
            work = out / "work"
            trial = Trial(arm.name, seed, scale, work / f"{arm.name}-{seed}", work, corpora, device)
            trial.folder.mkdir(parents=True, exist_ok=True)
            keep(out, Record(arm.name, seed, scale, dict(arm.run(trial)), origin or {}))
        records = finished(experiment, out)
        write_report(experiment, scale, out, records)
    return summarised(records)
