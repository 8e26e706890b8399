"""From raw videos to a corpus that can be trained on: `viseme prepare`.

The folder that comes out:

    manifest.jsonl        a row per accepted clip, in the order of the source
    rejects.jsonl         a row per rejected clip: id, source, code, reason
    summary.json          counts, acceptance rate, reasons, hours
    contact_sheet.png     crops of some clips, to look at before training
    mouth/<id>.mp4        mouth ROIs 96x96, grey, 25 fps, lossless
    audio/<id>.flac       sound, 16 kHz, one channel, where there is any
    .progress/            one record per clip that is done

It does not depend on the number of workers, nor on how often the work was stopped and resumed.
"""

import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from viseme.data.clip_content import PrepareConfig
from viseme.data.contact_sheet import write_contact_sheet
from viseme.data.corpora import find_clips
from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip, write_manifest
from viseme.data.outcomes import CROPS, PROGRESS, Outcome, crashed, writable
from viseme.data.prepare_clip import (
    Task,
    is_safe_id,
    one_thread_tracker,
    prepare_clip,
    recorded,
)
from viseme.data.rejects import Reject, rejects_beside, write_rejects
from viseme.data.roi_storage import read_rois
from viseme.data.splits import Shares, deal
from viseme.errors import ConfigError, ManifestError
from viseme.face.select import check_selection
from viseme.face.tracker import FaceTracker
from viseme.files import atomic_write, sole_writer
from viseme.text.label_text import WRITERS, write_label
from viseme.workers import work_through

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far preparation is; counts clips.

    Attributes:
        total: clips of the source.
        accepted: done and usable, here or in an earlier run.
        rejected: done and not usable, here or in an earlier run.
        resumed: of both, those taken from an earlier run.
    """

    total: int
    accepted: int
    rejected: int
    resumed: int

    @property
    def done(self) -> int:
        """Clips whose outcome is known."""
        return self.accepted + self.rejected


@dataclass(frozen=True)
class PrepareReport:
    """What preparation made; the numbers are those of summary.json.

    Attributes:
        out: folder of the prepared corpus.
        accepted: clips in the manifest.
        rejected: clips in the list of rejects.
        reasons: how many clips were rejected, by code.
        splits: how many were accepted, by split.
        hours: of accepted video.
        min_acceptance: the share of clips that should be accepted.
    """

    out: Path
    accepted: int
    rejected: int
    reasons: dict[str, int]
    splits: dict[str, int]
    hours: float
    min_acceptance: float

    @property
    def acceptance_rate(self) -> float:
        """Share of the clips that were accepted."""
        return self.accepted / (self.accepted + self.rejected)

    @property
    def is_enough(self) -> bool:
        """Whether as many clips were accepted as should be."""
        return self.acceptance_rate >= self.min_acceptance


def prepare(
    source: str | Path,
    out: str | Path,
    *,
    corpus: str = "folder",
    skip_bad: bool = False,
    shares: Shares | None = None,
    writing: str | None = None,
    workers: int | None = None,
    resume: bool = True,
    min_acceptance: float = 0.5,
    config: PrepareConfig | None = None,
    make_tracker: Callable[[], FaceTracker] = one_thread_tracker,
    on_progress: Callable[[Progress], None] | None = None,
) -> PrepareReport:
    """Cut mouth ROIs and sound out of every clip of a corpus.

    A clip that cannot be used becomes a row of rejects.jsonl, and the work goes on.

    Args:
        source: folder of videos, corpus folder, folder with a manifest.jsonl, or manifest.
        out: folder to fill; one that was left half filled is completed.
        corpus: how to read a folder without manifest: a name in `corpora.CORPORA`.
        skip_bad: reject a manifest's lines that are no clips; otherwise they are an error.
        shares: deal splits to the clips that have none.
        writing: how texts are written, a name in `text.label_text.WRITERS`; None as they are.
        workers: number of processes; one per core if None, none but this one if 1. With more, a
            script must keep its own work under `if __name__ == "__main__":`.
        resume: take over what an earlier run has done; False does everything anew.
        min_acceptance: below this share of accepted clips the report says that it is not enough.
        config: what is accepted, and which face is taken.
        make_tracker: a module's function that makes the face tracker, called in each process.
        on_progress: told how far the work is, first at the start, then after every clip.

    Raises:
        ManifestError: the source is missing, malformed or empty.
        ConfigError: a setting is out of range, `out` would replace what it is made of, another
            process fills the folder, or the shares do not fit the clips.
        VisemeError: the output cannot be written, or the tracker cannot be had.
        KeyboardInterrupt: on Ctrl-C, after the clips in hand; its message says how to go on.
    """
    config = config or PrepareConfig()
    workers = workers if workers is not None else os.cpu_count() or 1
    _check(workers, min_acceptance, config)
    if writing is not None and writing not in WRITERS:
        raise ConfigError(f"no writing {writing!r}", todo=f"Use one of: {', '.join(WRITERS)}.")
    source, out = Path(source), Path(out).resolve()
    if source.resolve() in (out, out / "manifest.jsonl"):
        raise ConfigError("is the source itself", path=out, todo="Give another folder to fill.")
    clips = find_clips(source, corpus, skip_bad=skip_bad)
    tasks, outcomes = _plan(source, clips, out, config, make_tracker)
    _check_files(tasks.values())
    splits = _splits(tasks.values(), shares)
    out.mkdir(parents=True, exist_ok=True)
    with sole_writer(out):
        _make_room(out, resume)
        _do(tasks, outcomes, workers, on_progress or _ignore)
        done = [outcomes[index] for index in sorted(outcomes)]
        accepted = [_described(outcome.clip, splits, writing) for outcome in done if outcome.clip]
        rejects = [outcome.reject for outcome in done if outcome.reject]
        if lost := sorted(set(splits.values()) - {str(clip.split) for clip in accepted}):
            logger.warning("no clip of split %s is usable", ", ".join(lost))
        return _finish(out, accepted, rejects, min_acceptance)


def _check(workers: int, min_acceptance: float, config: PrepareConfig) -> None:
    check_selection(config.select)
    if workers < 1:
        raise ConfigError(f"workers is {workers}", todo="Use 1 or more.")
    for name, share in (
        ("min_acceptance", min_acceptance),
        ("min_visible_share", config.min_visible_share),
    ):
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} is {share:g}", todo="Use a share from 0 to 1.")


def _plan(
    source: Path,
    clips: Iterable[Clip | Reject],
    out: Path,
    config: PrepareConfig,
    make_tracker: Callable[[], FaceTracker],
) -> tuple[dict[int, Task], dict[int, Outcome]]:
    """By position in the source: what there is to do, and what is rejected without looking."""
    root = (source if source.is_dir() else source.parent).resolve()
    tasks: dict[int, Task] = {}
    outcomes: dict[int, Outcome] = {}
    seen: set[str] = set()
    for index, clip in enumerate(clips):
        if isinstance(clip, Reject):
            outcomes[index] = Outcome(reject=clip)
            continue
        video = "" if clip.video is None else Path(os.path.relpath(clip.video, root)).as_posix()
        name = writable(video)
        if not is_safe_id(clip.id):
            reason = "its id cannot name a file."
            outcomes[index] = Outcome(reject=Reject(writable(clip.id), name, "bad_id", reason))
        elif clip.id in seen:
            reason = "an earlier clip has the same id."
            outcomes[index] = Outcome(reject=Reject(clip.id, name, "duplicate_id", reason))
        else:
            tasks[index] = Task(clip, name, out, config, make_tracker)
        seen.add(clip.id)
    if not seen:
        raise ManifestError(
            "holds no clips", path=source, todo="Give a folder of videos, or a manifest."
        )
    return tasks, outcomes


def _check_files(tasks: Iterable[Task]) -> None:
    """Refuse to write over the files of any clip, as when prepared crops are to be prepared."""
    tasks = list(tasks)
    sources = {
        path
        for task in tasks
        for path in (task.clip.video, task.clip.audio, *task.clip.cuts.values())
    }
    for task in tasks:
        for path in (task.mouth, task.audio, *task.cuts.values()):
            if path.resolve() in sources:
                raise ConfigError(
                    "is a file of the source and would be replaced",
                    path=path,
                    todo="Give another folder to fill.",
                )


def _splits(tasks: Iterable[Task], shares: Shares | None) -> dict[str, str]:
    """The splits that are dealt, by id."""
    if shares is None:
        return {}
    clips = [(task.clip, task.source) for task in tasks]
    dealt = deal(clips, shares)
    if kept := len(clips) - len(dealt):
        logger.warning("%d clips keep the split that they have", kept)
    return dealt


def _do(
    tasks: dict[int, Task],
    outcomes: dict[int, Outcome],
    workers: int,
    tell: Callable[[Progress], None],
) -> None:
    """Add the outcome of every task, of an earlier run or of this one."""
    total = len(tasks) + len(outcomes)
    earlier = {index: done for index, task in tasks.items() if (done := recorded(task))}
    outcomes |= earlier
    pending = {task.clip.id: index for index, task in tasks.items() if index not in earlier}
    tell(_progress(total, outcomes, len(earlier)))
    try:
        jobs = [tasks[index] for index in pending.values()]
        for task, outcome in work_through(prepare_clip, jobs, workers, crashed):
            outcomes[pending[task.clip.id]] = outcome
            tell(_progress(total, outcomes, len(earlier)))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped after {len(outcomes)} of {total} clips; run the same command again to go on"
        ) from None


def _make_room(out: Path, resume: bool) -> None:
    """Make the folder, and remove what a killed run left half written."""
    if not resume:
        shutil.rmtree(out / PROGRESS, ignore_errors=True)
    for name in (CROPS, "audio", PROGRESS):
        (out / name).mkdir(parents=True, exist_ok=True)
        for leftover in (out / name).rglob(".*"):
            leftover.unlink()


def _progress(total: int, outcomes: dict[int, Outcome], resumed: int) -> Progress:
    rejected = sum(outcome.reject is not None for outcome in outcomes.values())
    return Progress(total, len(outcomes) - rejected, rejected, resumed)


def _ignore(progress: Progress) -> None:
    """Nobody watches."""


def _described(clip: Clip, splits: Mapping[str, str], writing: str | None) -> Clip:
    """The clip with its dealt split, its text written; neither costs doing it again."""
    clip = replace(clip, split=splits.get(clip.id, clip.split))
    if writing is None or clip.text is None:
        return clip
    text, words = write_label(clip.text, clip.words, writing, clip.language)
    return replace(clip, text=text or None, words=words)


def _finish(
    out: Path, clips: Sequence[Clip], rejects: Sequence[Reject], min_acceptance: float
) -> PrepareReport:
    """Write what describes the whole corpus; the manifest last, so that it promises the rest."""
    num_frames = sum(clip.extra["num_frames"] for clip in clips)
    report = PrepareReport(
        out=out,
        accepted=len(clips),
        rejected=len(rejects),
        reasons=_counts(reject.code for reject in rejects),
        splits=_counts(clip.split for clip in clips if clip.split is not None),
        hours=round(num_frames / VIDEO_FPS / 3600, 4),
        min_acceptance=min_acceptance,
    )
    write_rejects(rejects_beside(out), rejects)
    summary = asdict(report) | {"acceptance_rate": round(report.acceptance_rate, 4)}
    del summary["out"]
    with atomic_write(out / "summary.json") as file:
        json.dump(summary, file, indent=2)
        file.write("\n")
    write_contact_sheet(out / "contact_sheet.png", clips, read_rois)
    write_manifest(out / "manifest.jsonl", clips)
    return report


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
