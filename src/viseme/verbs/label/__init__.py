"""`viseme label`: texts for clips that have none, or word times for clips that have a text.

The manifest that comes out has every row of the one that went in, in its order, but for clips that
could not be labelled. Beside `labels.jsonl` there are

    labels.rejects.jsonl        a row per clip that got nothing: id, source, code, reason
    .labels.jsonl.progress/     one record per clip that is done

It does not depend on the number of workers, nor on how often the work was stopped and resumed.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.outcomes import Outcome, crashed
from viseme.data.prepare import Progress
from viseme.data.rejects import Reject, rejects_beside, write_rejects
from viseme.errors import ConfigError, ManifestError
from viseme.files import sole_writer
from viseme.labelling.annotate_clip import Task, annotate_clip
from viseme.labelling.annotator import Annotator
from viseme.workers import work_through


@dataclass(frozen=True)
class LabelReport:
    """What labelling made.

    Attributes:
        out: the manifest.
        rejects: the list of clips that got nothing.
        annotated: clips that got a text, or word times.
        rejected: clips that got none.
        untouched: clips that had it before.
        reasons: how many clips were rejected, by code.
        confidence: mean over the labelled clips, None where there are none.
    """

    out: Path
    rejects: Path
    annotated: int
    rejected: int
    untouched: int
    reasons: dict[str, int]
    confidence: float | None


def label(
    manifest: str | Path,
    out: str | Path,
    annotator: Annotator,
    *,
    skip_bad: bool = False,
    workers: int | None = None,
    resume: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> LabelReport:
    """Give every clip what it lacks and the annotator can add: a text, or word times.

    Args:
        manifest: prepared or not; a labeller of lips needs prepared clips.
        out: the manifest to write.
        annotator: a `Transcriber` of a labeller (see `find_labeller`), or an `Aligner`.
        skip_bad: reject lines of the manifest that are no clips; otherwise they are an error.
        workers: number of processes; one per core if None. With more than one, a script must keep
            its own work under `if __name__ == "__main__":`.
        resume: take over what an earlier run has done; False does everything anew.
        on_progress: told how far the work is, first at the start, then after every clip.

    Raises:
        ManifestError: the manifest is missing, malformed or empty.
        ConfigError: a setting is out of range, or another process writes the same labels.
        VisemeError: the output cannot be written.
        KeyboardInterrupt: on Ctrl-C, after the clips in hand; its message says how to go on.
    """
    manifest, out = Path(manifest), Path(out)
    workers = workers if workers is not None else os.cpu_count() or 1
    if workers < 1:
        raise ConfigError(f"workers is {workers}", todo="Use 1 or more.")
    bad: list[Reject] | None = [] if skip_bad else None
    clips = read_manifest(manifest, bad)
    if not clips:
        raise ManifestError("holds no clips", path=manifest)
    if out.resolve() == manifest.resolve():
        raise ConfigError("would replace the manifest itself", path=out, todo="Give another file.")
    records = out.resolve().with_name(f".{out.name}.progress")
    root = manifest.resolve().parent
    tasks = {
        index: Task(clip, _source(clip, root), annotator, records)
        for index, clip in enumerate(clips)
        if annotator.wants(clip)
    }
    records.mkdir(parents=True, exist_ok=True)
    with sole_writer(records):
        if not resume:
            for folder in filter(Path.is_dir, records.iterdir()):
                shutil.rmtree(folder)
        outcomes = _do(tasks, workers, on_progress or _ignore)
        return _finish(out, clips, outcomes, annotator, bad or [])


def _source(clip: Clip, root: Path) -> str:
    path = clip.audio or clip.video
    return "" if path is None else Path(os.path.relpath(path, root)).as_posix()


def _do(
    tasks: dict[int, Task], workers: int, tell: Callable[[Progress], None]
) -> dict[int, Outcome]:
    """The outcome of every task, of an earlier run or of this one."""
    outcomes = {index: done for index, task in tasks.items() if (done := task.record.read())}
    resumed = len(outcomes)
    pending = {task.clip.id: index for index, task in tasks.items() if index not in outcomes}

    def say() -> None:
        rejected = sum(outcome.reject is not None for outcome in outcomes.values())
        tell(Progress(len(tasks), len(outcomes) - rejected, rejected, resumed))

    say()
    try:
        jobs = [tasks[index] for index in pending.values()]
        workers = min(workers, len(jobs) or 1)
        for task, outcome in work_through(annotate_clip, jobs, workers, crashed):
            outcomes[pending[task.clip.id]] = outcome
            say()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped after {len(outcomes)} of {len(tasks)} clips; "
            "run the same command again to go on"
        ) from None
    return outcomes


def _ignore(progress: Progress) -> None:
    """Nobody watches."""


def _finish(
    out: Path,
    clips: Sequence[Clip],
    outcomes: dict[int, Outcome],
    annotator: Annotator,
    bad: Sequence[Reject],
) -> LabelReport:
    """Write the list of rejects, the manifest's bad lines first, then the manifest."""
    rejects = list(bad)
    rows: list[Clip] = []
    for index, clip in enumerate(clips):
        outcome = outcomes.get(index, Outcome(clip=clip))
        if outcome.reject is not None:
            rejects.append(outcome.reject)
        if outcome.clip is not None or annotator.keeps_unfit:
            rows.append(outcome.clip or clip)
    write_rejects(list_of_rejects := rejects_beside(out), rejects)
    write_manifest(out, rows)
    new = [outcome.clip for outcome in outcomes.values() if outcome.clip is not None]
    sure = [clip.confidence for clip in new if clip.confidence is not None]
    return LabelReport(
        out=out,
        rejects=list_of_rejects,
        annotated=len(new),
        rejected=len(rejects),
        untouched=len(clips) - len(outcomes),
        reasons=dict(sorted(Counter(reject.code for reject in rejects).items())),
        confidence=sum(sure) / len(sure) if sure else None,
    )
