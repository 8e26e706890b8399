"""One clip's annotation and the record of it, by which interrupted work goes on.

As in `data.prepare_clip`: the record appears last and at once, and holds as long as the clip, its
files and the annotator are the same.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from viseme.data.clip_content import UnfitError
from viseme.data.manifest import Clip, clip_from_row, row_from_clip
from viseme.data.prepare_clip import Outcome, Reject
from viseme.files import atomic_write
from viseme.labelling.annotator import Annotator

RECORD_VERSION = 1
"""Part of every record's key: raise it when the same clip would be annotated differently."""


@dataclass(frozen=True)
class Task:
    """What a worker needs to annotate one clip.

    Attributes:
        clip: the row, paths absolute.
        source: its video or sound as the list of rejects names it.
        annotator: what is added.
        records: folder of the records.
    """

    clip: Clip
    source: str
    annotator: Annotator
    records: Path

    @property
    def key(self) -> str:
        """Changes whenever annotating the clip again could give something else."""
        files = [path for path in (self.clip.video, self.clip.audio) if path is not None]
        stats = [path.stat() for path in files if path.is_file()]
        parts: list[Any] = [RECORD_VERSION, row_from_clip(self.clip, self.records), self.source]
        parts += [self.annotator.identity, [[s.st_size, s.st_mtime_ns] for s in stats]]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def record(self) -> Path:
        """Where the outcome is remembered."""
        name = sha256(self.clip.id.encode()).hexdigest()
        return self.records / name[:2] / f"{name[2:]}.json"


def annotate_clip(task: Task) -> Outcome:
    """Annotate one clip and write the record of its outcome.

    Raises:
        VisemeError: not the clip's fault, such as a missing package or a full disk.
    """
    try:
        outcome = Outcome(clip=task.annotator.annotate(task.clip))
    except UnfitError as error:
        outcome = Outcome(reject=Reject(task.clip.id, task.source, error.code, str(error)))
    row = None if outcome.clip is None else row_from_clip(outcome.clip, task.records)
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
    return Outcome(clip=clip_from_row(record["clip"], task.records))
