"""Splits for clips that have none, dealt by a hash.

The split of a clip depends on its own key and on the shares alone, neither on the other clips nor
on their order: nothing that a model has learned from becomes a test when clips are added. That is
why no split is filled up by force where a small corpus leaves it empty; the error then names shares
that fill it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import floor
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from viseme.data.manifest import Clip
from viseme.errors import ConfigError, ManifestError

By = Literal["clip", "speaker", "folder"]
"""What stays together in one split."""

_EXAMPLE = "Give the percentages of train, val and test, such as 90,5,5."
_STEP = 5.0
"""Shares that are proposed are multiples of it."""


@dataclass(frozen=True)
class Shares:
    """How large the splits should be, in percent of the clips, speakers or folders.

    Raises:
        ConfigError: a share is negative, all do not add up to 100, or `by` is nothing known.
    """

    train: float
    val: float
    test: float
    by: By = "clip"

    def __post_init__(self) -> None:
        shares = (self.train, self.val, self.test)
        if not all(0 <= share <= 100 for share in shares) or abs(sum(shares) - 100) > 1e-6:
            raise ConfigError(f"{self} are no shares of 100 %", todo=_EXAMPLE)
        if self.by not in get_args(By):
            choices = ", ".join(get_args(By))
            raise ConfigError(f"clips are not split by {self.by}", todo=f"Choose of: {choices}.")

    def __str__(self) -> str:
        return f"{self.train:g},{self.val:g},{self.test:g}"

    @property
    def wanted(self) -> set[str]:
        """The splits that are to have clips."""
        return {name for name in ("train", "val", "test") if getattr(self, name)}

    def split(self, place: float) -> str:
        """The split at a place from 0 to 100: test lies at the low end, val at the high one."""
        if place < self.test:
            return "test"
        return "val" if place >= 100 - self.val else "train"


@dataclass(frozen=True)
class Splits:
    """The clips of a training.

    Attributes:
        train: to learn from.
        val: to evaluate on.
        manifest: where they come from, for messages.
        names: of the splits that `train` is made of.
        val_name: of the split that `val` is.
    """

    train: list[Clip]
    val: list[Clip]
    manifest: Path
    names: tuple[str, ...] = ("train",)
    val_name: str = "val"


def refuse_empty(splits: Splits, clips: Sequence[Clip]) -> Splits:
    """The splits, if both have clips.

    Args:
        splits: to be trained on.
        clips: all there are, for the way out.

    Raises:
        ManifestError: one has none; it says which, and what the manifest has.
    """
    for names, some in ((splits.names, splits.train), ((splits.val_name,), splits.val)):
        if not some:
            raise no_clips_of(names, clips, splits.manifest)
    return splits


def parse_shares(text: str, by: By = "clip") -> Shares:
    """Shares from text such as "90,5,5".

    Raises:
        ConfigError: it is no such text, or `Shares` refuses it.
    """
    try:
        train, val, test = (float(share) for share in text.split(","))
    except ValueError as error:
        raise ConfigError(f"{text!r} is not three numbers", todo=_EXAMPLE) from error
    return Shares(train, val, test, by)


def deal(clips: Iterable[tuple[Clip, str]], shares: Shares) -> dict[str, str]:
    """The splits, by id, of all clips that have none yet.

    Args:
        clips: each with the path of its video relative to the corpus.
        shares: of train, val and test, and what stays together.

    Raises:
        ConfigError: all have a split, one lacks its speaker, or a split would be empty.
    """
    clips = list(clips)
    free = [(clip, video) for clip, video in clips if clip.split is None]
    groups = {clip.id: _group(clip, video, shares.by) for clip, video in free}
    if not groups:
        own = ", ".join(sorted({str(clip.split) for clip, _ in clips}))
        raise ConfigError(
            f"every clip has a split already: {own}",
            todo="Leave out --split, or take the splits out of the manifest or the folders' names.",
        )
    places = {group: _place(group) for group in groups.values()}
    present = {clip.split for clip, _ in clips} | {shares.split(place) for place in places.values()}
    if empty := sorted(shares.wanted - present):
        raise ConfigError(
            f"of {_counted(len(places), shares.by)} none falls into {' and '.join(empty)}",
            todo=_way_out(places.values(), shares, empty),
        )
    return {clip_id: shares.split(places[group]) for clip_id, group in groups.items()}


def no_clips_of(
    splits: Iterable[str], clips: Sequence[Clip], manifest: str | Path
) -> ManifestError:
    """The error that a manifest has no transcribed clips of some splits, with the way out."""
    present = sorted({clip.split for clip in clips if clip.split and clip.text})
    if not any(clip.text for clip in clips):
        todo = "No clip has a text: put a .txt beside each video, or use `viseme label`."
    elif not present:
        todo = (
            "Its clips have no split: `viseme prepare SOURCE OUT --split 90,5,5` deals train, val "
            "and test, without doing again what is done."
        )
    else:
        todo = f"It has the splits: {', '.join(present)}."
    return ManifestError(
        f"no transcribed clips of split {', '.join(splits)}", path=manifest, todo=todo
    )


def _group(clip: Clip, video: str, by: By) -> str:
    if by == "folder":
        return PurePosixPath(video).parent.as_posix()
    if by == "clip":
        return clip.id
    if not clip.speaker:
        raise ConfigError(
            f"clip {clip.id!r} names no speaker",
            todo="Write a manifest that does, or put each speaker into a folder: --by folder.",
        )
    return clip.speaker


def _place(group: str) -> float:
    """Where a group lies between 0 and 100; the same everywhere and for ever."""
    return int(sha256(group.encode()).hexdigest()[:13], 16) / 16**13 * 100


def _way_out(places: Collection[float], shares: Shares, empty: Collection[str]) -> str:
    """The nearest shares that leave no split empty, if there are any."""
    test, val = shares.test, shares.val
    if "test" in empty:
        test = _STEP * (floor(min(places) / _STEP) + 1)
    if "val" in empty:
        val = _STEP * (floor((100 - max(places)) / _STEP) + 1)
    if test + val <= 100:
        other = Shares(100 - test - val, val, test, shares.by)
        if shares.wanted <= {other.split(place) for place in places}:
            return f"--split {other} fills all of them."
    return "Add clips, or make the folders train, val and test yourself."


def _counted(count: int, by: By) -> str:
    return f"{count} {by}" + ("s" if count != 1 else "")
