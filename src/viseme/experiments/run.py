"""Running an experiment: every arm with every seed, each finished trial kept."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from viseme.errors import ConfigError
from viseme.experiments.experiment import Experiment, Figures, Scale, Summary, Trial
from viseme.experiments.report import write_report
from viseme.files import atomic_write, sole_writer

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
            record = out / "trials" / f"{arm.name}-{seed}.json"
            if record.exists():
                continue
            work = out / "work"
            trial = Trial(arm.name, seed, scale, work / f"{arm.name}-{seed}", work, corpora, device)
            trial.folder.mkdir(parents=True, exist_ok=True)
            _keep(record, trial, arm.run(trial), origin or {})
        summary = Summary.of(_trials(experiment, out))
        write_report(experiment, scale, out, summary)
    return summary


def _keep(record: Path, trial: Trial, figures: Figures, origin: dict[str, Any]) -> None:
    content = {"arm": trial.arm, "seed": trial.seed, "scale": trial.scale, "figures": dict(figures)}
    with atomic_write(record) as file:
        file.write(json.dumps(content | {"origin": origin}, indent=2) + "\n")


def _trials(experiment: Experiment, out: Path) -> dict[str, dict[int, Figures]]:
    """Figures of all finished trials by arm, in the experiment's order, and seed."""
    found: dict[str, dict[int, Figures]] = {arm.name: {} for arm in experiment.arms}
    for record in sorted((out / "trials").glob("*.json")):
        content = json.loads(record.read_text(encoding="utf-8"))
        if content["arm"] in found:
            found[content["arm"]][content["seed"]] = content["figures"]
        else:
            logger.warning("%s: the experiment has no such arm any more", record)
    return {arm: by_seed for arm, by_seed in found.items() if by_seed}
