"""What a rendered corpus holds, in numbers."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from viseme.files import atomic_write
from viseme.studio.take import Take

WHOLE = "all"


@dataclass(frozen=True)
class Statistics:
    """Counts of a corpus or a split of it.

    Attributes:
        takes: moments that were rendered.
        clips: rows of the manifest; more than takes where several cameras see the same moment.
        hours: length of the takes.
        people: how many are seen.
        voices: how many are heard.
        words: how many are said.
        vocabulary: how many different words are said.
        languages: ISO 639-1 codes, in order.
    """

    takes: int
    clips: int
    hours: float
    people: int
    voices: int
    words: int
    vocabulary: int
    languages: tuple[str, ...]


def count(takes: Sequence[Take]) -> dict[str, Statistics]:
    """The statistics of the whole corpus, as "all", and of every split."""
    splits = dict.fromkeys(take.split for take in takes)
    parts = {split: _count([take for take in takes if take.split == split]) for split in splits}
    return {WHOLE: _count(takes)} | parts


def write_statistics(path: str | Path, statistics: dict[str, Statistics]) -> None:
    """Write them as JSON."""
    with atomic_write(path) as file:
        json.dump({name: asdict(part) for name, part in statistics.items()}, file, indent=2)
        file.write("\n")


def _count(takes: Sequence[Take]) -> Statistics:
    firsts = [take.clips[0] for take in takes]
    words = [word for clip in firsts for word in (clip.text or "").split()]
    return Statistics(
        takes=len(takes),
        clips=sum(len(take.clips) for take in takes),
        hours=round(sum(take.duration_s for take in takes) / 3600, 4),
        people=_different(clip.speaker for clip in firsts),
        voices=_different(clip.extra["voice"] for clip in firsts),
        words=len(words),
        vocabulary=_different(words),
        languages=tuple(sorted({clip.language for clip in firsts})),
    )


def _different(names: Iterable[str | None]) -> int:
    return len(set(names) - {None})
