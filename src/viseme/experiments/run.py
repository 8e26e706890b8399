"""Running an experiment: every arm with every seed, each finished trial kept."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from viseme.errors import BusyError, ConfigError, ManifestError
from viseme.experiments.experiment import Arm, Experiment, Scale, Summary, Trial
from viseme.experiments.report import write_report
from viseme.experiments.trials import Record, finished, keep, record_path, summarised
from viseme.files import sha256_of, sole_writer

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

    Several processes may do so in one folder: each takes trials that no other has begun, and waits
    only for what another is making that both need.

    Args:
        experiment: what to run.
        scale: "ci" (minutes to an hour on two cores), "small" (a GPU) or "paper".
        out: folder of the experiment at this scale; finished trials in it are kept.
        arms: names of the arms to run; all if empty. The report has all that were ever run.
        seeds: instead of the experiment's own.
        corpora: prepared manifests of real corpora by name; arms that need others are left out, and
            that is said.
        device: "auto", "cpu" or "cuda".
        origin: the provenance to store with every trial.
        on_progress: told the trial, how many are done and how many there are.

    Raises:
        ConfigError: no such scale or arm, an arm of `arms` or all of them lack a corpus, or `out`
            holds trials at another scale or on another corpus.
        VisemeError: whatever an arm runs into.
    """
    if scale not in experiment.seeds:
        raise ConfigError(
            f"{experiment.name} has no scale {scale!r}",
            todo=f"Choose one of: {', '.join(experiment.seeds)}.",
        )
    corpora = corpora or {}
    chosen = [experiment.arm(name) for name in arms] or list(experiment.arms)
    seeds = seeds or experiment.seeds[scale]
    left_out = _left_out(chosen, seeds, corpora, out)
    able = [arm for arm in chosen if set(arm.needs) <= set(corpora)]
    if left_out and (arms or not able):
        raise ConfigError(
            f"{experiment.name} has nothing to run: {left_out}" if not able else left_out,
            todo="Add --corpus NAME=MANIFEST, the manifest that `viseme prepare` wrote of it.",
        )
    if left_out:
        logger.warning(left_out)
    plan = [(arm, seed) for seed in seeds for arm in able]
    out.mkdir(parents=True, exist_ok=True)
    digests = {name: _digest(path) for name, path in corpora.items()}
    _refuse_other(finished(experiment, out), scale, digests, out)
    for done, (arm, seed) in enumerate(plan):
        if on_progress is not None:
            on_progress(f"{arm.name}, seed {seed}", done, len(plan))
        folder = out / "work" / f"{arm.name}-{seed}"
        shared = out / "work" / "common"  # beside the trials' own, whose names it thus may have
        trial = Trial(arm.name, seed, scale, folder, shared, corpora, device)
        _run(arm, trial, out, origin or {}, {name: digests[name] for name in arm.needs})
    with sole_writer(out, wait=True):
        records = finished(experiment, out)
        write_report(experiment, scale, out, records)
    if left_out:
        logger.warning(left_out)  # again, for the first time is hours ago
    return summarised(records)


def _left_out(
    arms: Sequence[Arm], seeds: Sequence[int], corpora: Mapping[str, Path], out: Path
) -> str:
    """Which arms cannot be run for lack of a corpus, unless they were before; "" if all can."""
    names: dict[str, list[str]] = {}
    for arm in arms:
        missing = ", ".join(name for name in arm.needs if name not in corpora)
        if missing and not all(record_path(out, arm.name, seed).exists() for seed in seeds):
            names.setdefault(missing, []).append(arm.name)
    return "; ".join(
        f"without corpus {missing} the arms {', '.join(left)} are left out"
        for missing, left in names.items()
    )


def _refuse_other(
    records: Sequence[Record], scale: Scale, digests: Mapping[str, str], out: Path
) -> None:
    """Refuse to put trials beside those that they cannot be compared with."""
    todo = "Give another --out."
    for record in records:
        if record.scale != scale:
            raise ConfigError(f"holds trials at scale {record.scale}", path=out, todo=todo)
        for name, digest in record.corpora.items():
            if digests.get(name, digest) != digest:
                raise ConfigError(f"holds trials on another corpus {name}", path=out, todo=todo)


def _digest(manifest: Path) -> str:
    try:
        return sha256_of(manifest)
    except OSError as error:
        raise ManifestError(f"cannot be read ({error.strerror})", path=manifest) from error


def _run(
    arm: Arm, trial: Trial, out: Path, origin: dict[str, Any], digests: dict[str, str]
) -> None:
    """Run a trial and keep its record, unless that was done before or is being done."""
    trial.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as lock:
        try:
            lock.enter_context(sole_writer(trial.folder))
        except BusyError:
            logger.warning("arm %s, seed %d: another process is at it", arm.name, trial.seed)
            return
        if not record_path(out, arm.name, trial.seed).exists():
            figures = dict(arm.run(trial))
            keep(out, Record(arm.name, trial.seed, trial.scale, figures, origin, digests))
