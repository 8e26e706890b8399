"""Whole corpora of rendered people: `viseme studio`.

The folder that comes out:

    manifest.jsonl       a row per clip: train, val, test
    README.md            the card: what it is, how it was made, licences
    statistics.json      hours, clips, people, voices, words, by split
    contact_sheet.png    frames of some clips
    video/<id>.mp4       H.264 with the sound as AAC, 25 fps
    audio/<id>.flac      sound, 16 kHz, one channel, where there is any
    truth/<id>.npz       everything that is known, see `truth`
    corpus.json          the settings
    .progress/           one record per take that is done

A split is the shortest run of takes, counted from its first, that lasts as long as is wanted. So
the folder depends neither on the number of workers, nor on how often the work was resumed.
"""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme import config
from viseme.data.contact_sheet import write_contact_sheet
from viseme.data.manifest import write_manifest
from viseme.errors import ConfigError
from viseme.files import sole_writer
from viseme.media import read_frames
from viseme.studio.card import write_card
from viseme.studio.performance import FPS
from viseme.studio.presets import MAX_SIZE_PX, MIN_SIZE_PX, Preset, find_preset
from viseme.studio.quota import Quota
from viseme.studio.recipe import CorpusConfig, recipe
from viseme.studio.rendering import find_head
from viseme.studio.statistics import Statistics, count, write_statistics
from viseme.studio.take import FOLDERS, PROGRESS, Job, Take, make_take, recorded
from viseme.workers import work_through

SETTINGS = "corpus.json"


@dataclass(frozen=True)
class Progress:
    """How far the work is.

    Attributes:
        takes: done, here or in an earlier run.
        expected: takes in the end, estimated from the length of those that are done.
        resumed: of those done, taken from an earlier run.
    """

    takes: int
    expected: int
    resumed: int


@dataclass(frozen=True)
class CorpusReport:
    """What was made.

    Attributes:
        out: folder of the corpus.
        statistics: by split; "all" is the whole corpus.
        rendered: takes that this run rendered and kept.
        resumed: takes that an earlier run had rendered.
    """

    out: Path
    statistics: dict[str, Statistics]
    rendered: int
    resumed: int


def render_corpus(
    preset: str | Preset,
    hours: float,
    out: str | Path,
    *,
    seed: int = 0,
    size_px: int = 128,
    head: str = "mesh",
    difficulty: float | None = None,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> CorpusReport:
    """Render a corpus with its ground truth.

    Args:
        preset: a name in `presets.PRESETS`, or a preset of one's own.
        hours: of the train split; val and test come on top, see `Preset.splits`. Three cameras
            that see the same moment count once.
        out: folder to fill; one that was left half filled is completed, and what other settings
            made is rendered again.
        seed: of everything random.
        size_px: side of the pictures, 64 to 512.
        head: "mesh" or "drawn".
        difficulty: 0 to 1; the preset's if None.
        workers: number of processes; one per core if None, none but this one if 1. With more, a
            script must keep its own work under `if __name__ == "__main__":`.
        on_progress: told how far the work is, first at the start, then after every take.

    Raises:
        ConfigError: a setting is out of range, `out` holds something else or is being filled by
            another process, a package is missing.
        AssetError: the data of the head or of a voice cannot be fetched.
        VisemeError: the output cannot be written.
        KeyboardInterrupt: on Ctrl-C, after the takes in hand; its message says how to go on.
    """
    workers = workers if workers is not None else os.cpu_count() or 1
    preset = find_preset(preset) if isinstance(preset, str) else preset
    if difficulty is not None:
        preset = replace(preset, difficulty=difficulty)
    settings = CorpusConfig(preset, seed, size_px, head)
    _check(settings, hours, workers)
    find_head(head)  # so that what is missing is found out before anything is written
    out = Path(out).resolve()
    _claim(out, settings)
    with sole_writer(out):
        _make_room(out, settings)
        work = _Work(settings, hours, out, on_progress or _ignore)
        try:
            work.do(workers)
        except KeyboardInterrupt:
            now = work.progress
            raise KeyboardInterrupt(
                f"stopped after {now.takes} of about {now.expected} takes; "
                "run the same command again to go on"
            ) from None
        return _finish(work, hours, out)


def _check(settings: CorpusConfig, hours: float, workers: int) -> None:
    preset = settings.preset
    if not 0 < hours < float("inf"):
        raise ConfigError(f"hours is {hours:g}", todo="Use more than 0.")
    if not MIN_SIZE_PX <= settings.size_px <= MAX_SIZE_PX or settings.size_px % 2:
        raise ConfigError(
            f"size_px is {settings.size_px}",
            todo=f"Use an even number from {MIN_SIZE_PX} to {MAX_SIZE_PX}.",
        )
    if not 0 <= preset.difficulty <= 1:
        raise ConfigError(f"difficulty is {preset.difficulty:g}", todo="Use 0 to 1.")
    if settings.seed < 0:
        raise ConfigError(f"seed is {settings.seed}", todo="Use 0 or more.")
    if workers < 1:
        raise ConfigError(f"workers is {workers}", todo="Use 1 or more.")


def _claim(out: Path, settings: CorpusConfig) -> None:
    """Make the folder unless it holds something else."""
    if out.is_dir() and any(out.iterdir()):
        known = (out / SETTINGS).is_file()
        held = config.load(out / SETTINGS, CorpusConfig).preset.name if known else None
        if held != settings.preset.name:
            what = "other files" if held is None else f"a corpus of preset {held!r}"
            raise ConfigError(f"holds {what}", path=out, todo="Give an empty or a new folder.")
    out.mkdir(parents=True, exist_ok=True)


def _make_room(out: Path, settings: CorpusConfig) -> None:
    """Make the folders, and remove what a killed run left half written."""
    for name in (*FOLDERS, PROGRESS):
        (out / name).mkdir(exist_ok=True)
        for leftover in (out / name).glob(".*"):
            leftover.unlink()
    config.save(settings, out / SETTINGS)


class _Work:
    """The takes of all splits, done and to do."""

    def __init__(
        self, settings: CorpusConfig, hours: float, out: Path, tell: Callable[[Progress], None]
    ) -> None:
        self.settings, self._out, self._tell = settings, out, tell
        splits = settings.preset.splits
        self.quotas = {part.name: Quota(part, hours * 3600 * part.share) for part in splits}
        self.resumed: set[str] = set()

    def do(self, workers: int) -> None:
        """Render what no earlier run has rendered."""
        self._tell(self.progress)
        for job, take in work_through(make_take, self._jobs(), workers):
            self._add(job, take)

    def _jobs(self) -> Iterator[Job]:
        """What is to be rendered; before each it is asked anew whether that is enough."""
        for name, quota in self.quotas.items():
            for number in itertools.count():
                if quota.is_full:
                    break
                job = Job(self.settings, recipe(self.settings, name, number), self._out)
                if (take := recorded(job)) is None:
                    yield job
                else:
                    self.resumed.add(take.id)
                    self._add(job, take)

    def _add(self, job: Job, take: Take) -> None:
        self.quotas[job.recipe.split].add(job.recipe.number, take)
        self._tell(self.progress)

    @property
    def progress(self) -> Progress:
        """How far the work is."""
        quotas = self.quotas.values()
        done = sum(quota.num_done for quota in quotas)
        expected = sum(quota.expected for quota in quotas)
        return Progress(done, max(done, expected), len(self.resumed))


def _finish(work: _Work, hours: float, out: Path) -> CorpusReport:
    """Write what describes the whole corpus; the manifest last, so that it promises the rest."""
    takes = [take for quota in work.quotas.values() for take in quota.takes]
    clips = [clip for take in takes for clip in take.clips]
    _remove_others(out, takes)
    statistics = count(takes)
    write_statistics(out / "statistics.json", statistics)
    write_contact_sheet(out / "contact_sheet.png", clips, _frames)
    write_card(out / "README.md", work.settings, hours, statistics, clips)
    write_manifest(out / "manifest.jsonl", clips)
    num_resumed = sum(take.id in work.resumed for take in takes)
    return CorpusReport(out, statistics, len(takes) - num_resumed, num_resumed)


def _frames(video: Path) -> NDArray[np.uint8]:
    return np.stack(list(read_frames(video, fps=FPS)))


def _remove_others(out: Path, takes: Sequence[Take]) -> None:
    """Remove the files of takes that do not count: one too many, or of other settings."""
    kept = {take.id for take in takes} | {clip.id for take in takes for clip in take.clips}
    for name in (*FOLDERS, PROGRESS):
        for file in (out / name).iterdir():
            if file.stem not in kept:
                file.unlink()


def _ignore(progress: Progress) -> None:
    """Nobody watches."""
