"""The records of finished trials: a file each, which appears when the trial has ended well."""

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from viseme.experiments.experiment import Experiment, Figures, Scale, Summary
from viseme.files import atomic_write

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """A finished trial.

    Attributes:
        arm: name of the arm.
        seed: of everything random in it.
        scale: how large.
        figures: what came out.
        origin: command, commit, machine and date, as `provenance` gives them.
        corpora: SHA-256 of the manifests of real corpora that the arm needed, by name.
        seconds: it took, with what it made for others; None where an interruption hides it.
    """

    arm: str
    seed: int
    scale: Scale
    figures: Figures
    origin: dict[str, Any]
    corpora: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None


def record_path(out: Path, arm: str, seed: int) -> Path:
    """Where the record of a trial is, in an experiment's folder."""
    return out / "trials" / f"{arm}-{seed}.json"


def keep(out: Path, record: Record) -> None:
    """Write the record of a trial into an experiment's folder."""
    with atomic_write(record_path(out, record.arm, record.seed)) as file:
        file.write(json.dumps(asdict(record), indent=2) + "\n")


def finished(experiment: Experiment, out: Path) -> list[Record]:
    """All finished trials, by the experiment's order of arms, then by seed."""
    order = {arm.name: place for place, arm in enumerate(experiment.arms)}
    found = []
    for path in (out / "trials").glob("*.json"):
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
        if record.arm in order:
            found.append(record)
        else:
            logger.warning("%s: the experiment has no such arm any more", path)
    return sorted(found, key=lambda record: (order[record.arm], record.seed))


def summarised(records: list[Record]) -> Summary:
    """Figures over seeds."""
    trials: dict[str, dict[int, Figures]] = {}
    for record in records:
        trials.setdefault(record.arm, {})[record.seed] = record.figures
    return Summary.of(trials)
