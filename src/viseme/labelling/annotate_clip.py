"""One clip's annotation, or the reason why nothing could be added to it."""

from dataclasses import dataclass
from pathlib import Path

from viseme.data.manifest import Clip
from viseme.data.outcomes import Outcome, Record, UnfitError, clip_key
from viseme.data.rejects import Reject
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
    def record(self) -> Record:
        """Where the outcome is remembered."""
        key = clip_key(
            self.clip, self.records, RECORD_VERSION, self.source, self.annotator.identity
        )
        return Record(self.records, self.clip.id, key, self.records)


def annotate_clip(task: Task) -> Outcome:
    """Annotate one clip and write the record of its outcome.

    Raises:
        VisemeError: not the clip's fault, such as a missing package or a full disk.
    """
    try:
        outcome = Outcome(clip=task.annotator.annotate(task.clip))
    except UnfitError as error:
        outcome = Outcome(reject=Reject(task.clip.id, task.source, error.code, str(error)))
    task.record.write(outcome)
    return outcome
