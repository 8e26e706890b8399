"""One clip of a raw corpus: its mouth ROIs and sound, or the reason why it is rejected."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from viseme.data.clip_content import ClipContent, PrepareConfig, read_clip
from viseme.data.cuts import AUDIO_RATE_HZ, write_cut
from viseme.data.manifest import Clip
from viseme.data.outcomes import (
    CROPS,
    PROGRESS,
    Outcome,
    Record,
    UnfitError,
    clip_key,
    writable,
)
from viseme.data.rejects import Reject
from viseme.data.roi_storage import write_rois
from viseme.face.tracker import FaceTracker, LandmarkTracker
from viseme.media import write_audio

RECORD_VERSION = 2
"""Part of every record's key: raise it when the same clip would be prepared differently."""

MAX_ID_BYTES = 200
"""Of a clip's id in UTF-8; file systems allow names of 255."""


def one_thread_tracker() -> FaceTracker:
    """The default tracker as one of many processes should use it."""
    return LandmarkTracker(threads=1)


@dataclass(frozen=True)
class Task:
    """What a worker needs to prepare one clip.

    Attributes:
        clip: the raw clip, paths absolute.
        source: the clip's video as the manifest will name it, relative to the corpus.
        out: folder of the prepared corpus.
        config: what is accepted.
        make_tracker: importable function that makes the face tracker.
    """

    clip: Clip
    source: str
    out: Path
    config: PrepareConfig
    make_tracker: Callable[[], FaceTracker] = one_thread_tracker

    @property
    def mouth(self) -> Path:
        """Where the mouth ROIs go."""
        return self.out / CROPS / f"{self.clip.id}.mp4"

    @property
    def audio(self) -> Path:
        """Where the sound goes."""
        return self.out / "audio" / f"{self.clip.id}.flac"

    @property
    def cuts(self) -> dict[str, Path]:
        """Where further cuts go, by name."""
        return {cut.name: cut.path(self.out, self.clip.id) for cut in self.config.cuts}

    @property
    def record(self) -> Record:
        """Where the outcome is remembered."""
        tracker = f"{self.make_tracker.__module__}.{self.make_tracker.__qualname__}"
        settings = asdict(self.config)
        if not self.config.cuts:  # folders of before have none
            del settings["cuts"]
        key = clip_key(self.clip, self.out, RECORD_VERSION, self.source, settings, tracker)
        return Record(self.out / PROGRESS, self.clip.id, key, self.out)


def prepare_clip(task: Task) -> Outcome:
    """Write the files of one clip, then the record of its outcome.

    The process keeps the tracker for the clips to come.

    Raises:
        VisemeError: not the clip's fault: the output cannot be written, the tracker is missing.
    """
    outcome = _prepare(task, _tracker(task.make_tracker))
    task.record.write(outcome)
    return outcome


def recorded(task: Task) -> Outcome | None:
    """The outcome of an earlier run, None if there is none or its files are gone or empty."""
    outcome = task.record.read()
    if outcome is None or outcome.clip is None:
        return outcome
    clip = outcome.clip
    paths = [path for path in (clip.video, clip.audio, *clip.cuts.values()) if path is not None]
    return outcome if all(path.is_file() and path.stat().st_size for path in paths) else None


def is_safe_id(clip_id: str) -> bool:
    """Whether files can be named after the id everywhere, and stay inside their folder."""
    path = PurePosixPath(clip_id)
    if path.as_posix() != clip_id or path.is_absolute():
        return False
    if clip_id != writable(clip_id) or len(clip_id.encode()) > MAX_ID_BYTES:
        return False
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and not any(letter in clip_id for letter in '\\:*?"<>|\0\n\r')


@lru_cache(maxsize=1)
def _tracker(make_tracker: Callable[[], FaceTracker]) -> FaceTracker:
    return make_tracker()


def _prepare(task: Task, tracker: FaceTracker) -> Outcome:
    try:
        content = read_clip(task.clip, task.config, tracker)
    except UnfitError as error:
        for path in (task.mouth, task.audio, *task.cuts.values()):
            path.unlink(missing_ok=True)
        return Outcome(reject=Reject(task.clip.id, task.source, error.code, str(error)))
    task.mouth.parent.mkdir(parents=True, exist_ok=True)
    write_rois(task.mouth, content.rois)
    if content.audio is None:
        task.audio.unlink(missing_ok=True)
    else:
        task.audio.parent.mkdir(parents=True, exist_ok=True)
        write_audio(task.audio, content.audio, AUDIO_RATE_HZ)
    for cut in task.config.cuts:
        if cut.name in content.cuts:
            write_cut(task.cuts[cut.name], cut, content.cuts[cut.name])
        else:
            task.cuts[cut.name].unlink(missing_ok=True)
    return Outcome(clip=_prepared(task, content))


def _prepared(task: Task, content: ClipContent) -> Clip:
    """The clip's row in the new manifest: everything said about it stays, its files change."""
    extra: dict[str, Any] = {
        **task.clip.extra,
        "num_frames": len(content.rois),
        "visible_share": round(content.visible_share, 4),
        "source": task.source,
    }
    if task.clip.start_s or task.clip.end_s is not None:
        extra["source_window_s"] = [task.clip.start_s, task.clip.end_s]
    if content.warnings:
        extra["warnings"] = content.warnings
    return replace(
        task.clip,
        video=task.mouth.resolve(),
        audio=None if content.audio is None else task.audio.resolve(),
        cuts={name: path.resolve() for name, path in task.cuts.items() if name in content.cuts},
        start_s=0.0,
        end_s=None,
        extra=extra,
    )
