"""One clip of a raw corpus: its mouth ROIs and sound, or the reason why it is rejected.

The result is recorded in one small file that appears last and at once. Whoever is interrupted
before that does the clip again; whoever comes after it takes the record as it is.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from viseme.data.clip_content import (
    AUDIO_RATE_HZ,
    ClipContent,
    PrepareConfig,
    UnfitError,
    read_clip,
)
from viseme.data.manifest import Clip, clip_from_row, row_from_clip
from viseme.data.roi_storage import write_rois
from viseme.face.tracker import FaceTracker, LandmarkTracker
from viseme.files import atomic_write
from viseme.media import write_audio

RECORD_VERSION = 1
"""Part of every record's key: raise it when the same clip would be prepared differently."""

MAX_ID_LENGTH = 200


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
    def key(self) -> str:
        """Changes whenever preparing the clip again could give something else."""
        files = [path for path in (self.clip.video, self.clip.audio) if path is not None]
        stats = [path.stat() for path in files if path.is_file()]
        tracker = f"{self.make_tracker.__module__}.{self.make_tracker.__qualname__}"
        parts: list[Any] = [RECORD_VERSION, row_from_clip(self.clip, self.out), self.source]
        parts += [asdict(self.config), tracker, [[s.st_size, s.st_mtime_ns] for s in stats]]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def mouth(self) -> Path:
        """Where the mouth ROIs go."""
        return self.out / "mouth" / f"{self.clip.id}.mp4"

    @property
    def audio(self) -> Path:
        """Where the sound goes."""
        return self.out / "audio" / f"{self.clip.id}.flac"

    @property
    def record(self) -> Path:
        """Where the outcome is remembered."""
        name = sha256(self.clip.id.encode()).hexdigest()
        return self.out / ".progress" / name[:2] / f"{name[2:]}.json"


@dataclass(frozen=True)
class Reject:
    """Why a clip is not used: a code to count by and a sentence to read."""

    id: str
    source: str
    code: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What became of a clip: a row of the manifest, or else a reject."""

    clip: Clip | None = None
    reject: Reject | None = None


def prepare_clip(task: Task) -> Outcome:
    """Write the files of one clip, then the record of its outcome.

    The process keeps the tracker for the clips to come.

    Raises:
        VisemeError: not the clip's fault: the output cannot be written, the tracker is missing.
    """
    outcome = _prepare(task, _tracker(task.make_tracker))
    row = None if outcome.clip is None else row_from_clip(outcome.clip, task.out)
    reject = None if outcome.reject is None else asdict(outcome.reject)
    with atomic_write(task.record) as out:
        json.dump({"key": task.key, "clip": row, "reject": reject}, out, ensure_ascii=False)
    return outcome


def recorded(task: Task) -> Outcome | None:
    """The outcome of an earlier run, None if there is none or it no longer holds."""
    try:
        record = json.loads(task.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if record["key"] != task.key:
        return None
    if record["reject"] is not None:
        return Outcome(reject=Reject(**record["reject"]))
    clip = clip_from_row(record["clip"], task.out)
    paths = [path for path in (clip.video, clip.audio) if path is not None]
    return Outcome(clip=clip) if all(path.is_file() for path in paths) else None


def is_safe_id(clip_id: str) -> bool:
    """Whether files named after the id stay inside their folder."""
    path = PurePosixPath(clip_id)
    if path.as_posix() != clip_id or path.is_absolute() or len(clip_id) > MAX_ID_LENGTH:
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
        task.mouth.unlink(missing_ok=True)
        task.audio.unlink(missing_ok=True)
        return Outcome(reject=Reject(task.clip.id, task.source, error.code, str(error)))
    task.mouth.parent.mkdir(parents=True, exist_ok=True)
    write_rois(task.mouth, content.rois)
    if content.audio is None:
        task.audio.unlink(missing_ok=True)
    else:
        task.audio.parent.mkdir(parents=True, exist_ok=True)
        write_audio(task.audio, content.audio, AUDIO_RATE_HZ)
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
        start_s=0.0,
        end_s=None,
        extra=extra,
    )
