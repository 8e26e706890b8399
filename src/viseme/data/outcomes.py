"""What became of a clip, and the record of it, by which interrupted work goes on.

The record is one small file that appears last and at once. Whoever is interrupted before that does
the clip again; whoever comes after it takes the record as it is, as long as the key is the same.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from viseme.data.manifest import Clip, clip_from_row, row_from_clip
from viseme.data.rejects import Reject
from viseme.files import atomic_write

CROPS, PROGRESS = "mouth", ".progress"
"""Folders of mouth ROIs and of records in every folder that `viseme prepare` fills."""


class UnfitError(Exception):
    """A clip that is not used: a code to count by and a sentence to read."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Outcome:
    """What became of a clip: a row of the manifest, or else a reject."""

    clip: Clip | None = None
    reject: Reject | None = None


class ClipTask(Protocol):
    """What is known of every task that is about one clip."""

    @property
    def clip(self) -> Clip:
        """The row before the work."""

    @property
    def source(self) -> str:
        """The file as the list of rejects names it."""


def crashed(task: ClipTask) -> Outcome:
    """Of a clip that no process survives; not recorded, so that the next run tries it again."""
    reason = "reading it ended the process, twice; the file is damaged, or memory was short."
    return Outcome(reject=Reject(task.clip.id, task.source, "crash", reason))


@dataclass(frozen=True)
class Record:
    """Where the outcome of one clip is remembered.

    Attributes:
        folder: of all records.
        clip_id: of the clip before the work.
        key: changes whenever doing the clip again could give something else.
        root: folder that the paths in the record are relative to.
    """

    folder: Path
    clip_id: str
    key: str
    root: Path

    @property
    def path(self) -> Path:
        """The file; ids may be as long as they like."""
        name = sha256(self.clip_id.encode()).hexdigest()
        return self.folder / name[:2] / f"{name[2:]}.json"

    def write(self, outcome: Outcome) -> None:
        """Remember an outcome."""
        row = None if outcome.clip is None else row_from_clip(outcome.clip, self.root)
        reject = None if outcome.reject is None else asdict(outcome.reject)
        with atomic_write(self.path) as out:
            json.dump({"key": self.key, "clip": row, "reject": reject}, out, ensure_ascii=False)

    def read(self) -> Outcome | None:
        """The outcome of an earlier run, None if there is none or it no longer holds."""
        try:
            record = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if record["key"] != self.key:
            return None
        if record["reject"] is not None:
            return Outcome(reject=Reject(**record["reject"]))
        return Outcome(clip=clip_from_row(record["clip"], self.root))


def writable(name: str) -> str:
    """A file's name as UTF-8 can hold it: bytes of other encodings become \\udc.. escapes."""
    return name.encode(errors="backslashreplace").decode()


def clip_key(clip: Clip, root: Path, *parts: Any) -> str:
    """A digest of a raw clip's row, of its files' sizes and times, and of further plain values."""
    files = [path for path in (clip.video, clip.audio) if path is not None]
    stats = [path.stat() for path in files if path.is_file()]
    everything = [*parts, row_from_clip(clip, root), [[s.st_size, s.st_mtime_ns] for s in stats]]
    return sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()
