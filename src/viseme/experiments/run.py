"""Running an experiment: every arm with every seed, each finished trial kept."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viseme.errors import BusyError, ConfigError, ManifestError
from viseme.experiments.experiment import Arm, Experiment, Scale, Summary, Trial
from viseme.experiments.report import write_report
from viseme.experiments.trials import Record, finished, keep, record_path, summarised
from viseme.files import sha256_of, sole_writer
from viseme.train.loop import watched

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
    plan = planned(experiment, scale, out, arms=arms, seeds=seeds, corpora=corpora or {})
    if plan.left_out:
        logger.warning(plan.left_out)
    for done, (arm, seed) in enumerate(plan.trials):
        if on_progress is not None:
            on_progress(f"{arm.name}, seed {seed}", done, len(plan.trials))
        _run(arm, plan.trial(arm, seed, device), out, origin or {}, plan.digests)
    with sole_writer(out, wait=True):
        records = finished(experiment, out)
        write_report(experiment, scale, out, records)
    if plan.left_out:
        logger.warning(plan.left_out)  # again, for the first time is hours ago
    return summarised(records)


@dataclass(frozen=True)
class Plan:
    """What a command is to run.

    Attributes:
        scale: how large.
        out: folder of the experiment at this scale.
        trials: arms with their seeds, in order, those that are finished too.
        left_out: which arms cannot be run for want of a corpus; "" if all can.
        corpora: manifests by name.
        digests: of these.
    """

    scale: Scale
    out: Path
    trials: list[tuple[Arm, int]]
    left_out: str
    corpora: Mapping[str, Path]
    digests: Mapping[str, str]

    def trial(self, arm: Arm, seed: int, device: str) -> Trial:
        """One of them."""
        folder = self.out / "work" / f"{arm.name}-{seed}"
        shared = self.out / "work" / "common"  # beside the trials' own, whose names it may have
        return Trial(arm.name, seed, self.scale, folder, shared, self.corpora, device)

    @property
    def missing(self) -> list[tuple[Arm, int]]:
        """The trials that are not finished."""
        return [t for t in self.trials if not record_path(self.out, t[0].name, t[1]).exists()]


def planned(
    experiment: Experiment,
    scale: Scale,
    out: Path,
    *,
    arms: Sequence[str] = (),
    seeds: Sequence[int] = (),
    corpora: Mapping[str, Path],
) -> Plan:
    """What `reproduce` would run; arguments and errors as there. Nothing is written."""
    if scale not in experiment.seeds:
        raise ConfigError(
            f"{experiment.name} has no scale {scale!r}",
            todo=f"Choose one of: {', '.join(experiment.seeds)}.",
        )
    chosen = [experiment.arm(name) for name in arms] or list(experiment.arms)
    seeds = seeds or experiment.seeds[scale]
    left_out = _left_out(chosen, seeds, corpora, out)
    able = [arm for arm in chosen if set(arm.needs) <= set(corpora)]
    if left_out and (arms or not able):
        raise ConfigError(
            f"{experiment.name} has nothing to run: {left_out}" if not able else left_out,
            todo="Add --corpus NAME=MANIFEST, the manifest that `viseme prepare` wrote of it.",
        )
    digests = {name: _digest(path) for name, path in corpora.items()}
    _refuse_other(finished(experiment, out), scale, digests, out)
    return Plan(
        scale, out, [(arm, seed) for seed in seeds for arm in able], left_out, corpora, digests
    )


class _TimedError(Exception):
    """Enough updates were made."""


def seconds_of_first(plan: Plan, device: str = "auto", updates: int = 5) -> float:
    """How long the first training of the first missing trial takes, by its first updates.

    What it needs beforehand, such as a rendered corpus, is made and kept. A trial that trains
    nothing is run, and its own time told.

    Raises:
        VisemeError: whatever the arm runs into.
    """
    arm, seed = plan.missing[0]
    trial = plan.trial(arm, seed, device)
    trial.folder.mkdir(parents=True, exist_ok=True)
    times: list[float] = []
    total = 0

    def watch(step: int, total_steps: int) -> None:
        nonlocal total
        total = total_steps
        times.append(time.perf_counter())
        if len(times) > updates or step == total_steps:
            raise _TimedError

    started = time.perf_counter()
    try:
        with sole_writer(trial.folder), watched(watch):
            arm.run(trial)
    except _TimedError:
        return (times[-1] - times[0]) / max(1, len(times) - 1) * total
    return time.perf_counter() - started


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
    arm: Arm, trial: Trial, out: Path, origin: dict[str, Any], digests: Mapping[str, str]
) -> None:
    """Run a trial and keep its record, unless that was done before or is being done."""
    needed = {name: digests[name] for name in arm.needs}
    is_fresh = not trial.folder.exists()
    trial.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as lock:
        try:
            lock.enter_context(sole_writer(trial.folder))
        except BusyError:
            logger.warning("arm %s, seed %d: another process is at it", arm.name, trial.seed)
            return
        if not record_path(out, arm.name, trial.seed).exists():
            started = time.perf_counter()
            figures = dict(arm.run(trial))
            seconds = time.perf_counter() - started if is_fresh else None
            keep(out, Record(arm.name, trial.seed, trial.scale, figures, origin, needed, seconds))
