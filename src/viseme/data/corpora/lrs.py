"""What LRS2 and LRS3 have in common: the text file beside each video, and how clips come of it.

    Text:  SO FAR AS WE KNOW
    Conf:  4

    WORD START END ASDSCORE
    SO 0.11 0.36 9.0
    FAR 0.36 0.71 8.2

The table of words, seconds from the start of the video, is always there in `pretrain`, whose
videos are long and are cut between words, and in a part of the others. Braces, which mark doubtful
words and noises, are removed, as in Auto-AVSR (arXiv 2303.14307).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from viseme.data.manifest import Clip
from viseme.data.segments import Piece, cut_between_words
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, read_text
from viseme.text.transcript import Word

_TEXT = "Text:"
_TABLE = "WORD START END"
_NO_BRACES = str.maketrans("", "", "{}")


@dataclass(frozen=True)
class LrsText:
    """The text of a video, in capitals as the corpus writes it, and its words, where timed."""

    text: str
    words: tuple[Word, ...]


def read_lrs_text(path: Path) -> LrsText:
    """Read the text file of one video.

    Raises:
        ManifestError: the file is missing or malformed; with the line.
    """
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError as error:
        raise ManifestError(
            "is missing", path=path, todo="Every video of the corpus has its text beside it."
        ) from error
    except UNREADABLE as error:
        raise ManifestError(
            f"cannot be read as text ({error})",
            path=path,
            todo="Unpack it again, or save as UTF-8.",
        ) from error
    if not lines or not lines[0].startswith(_TEXT):
        raise ManifestError(f"line 1 does not start with {_TEXT!r}", path=path)
    text = lines[0].removeprefix(_TEXT).translate(_NO_BRACES)
    return LrsText(" ".join(text.split()), tuple(_words(lines, path)))


def whole_clip(video: Path, clip_id: str, split: str, speaker: str | None = None) -> Clip:
    """The clip of one short video; its id begins with the corpus' name.

    Raises:
        ManifestError: its text is missing or malformed.
    """
    read = read_lrs_text(video.with_suffix(".txt"))
    return _clip(video, clip_id, split, speaker, Piece(0.0, None, read.words), read.text)


def pretrain_clips(
    video: Path, clip_id: str, split: str, max_s: float, speaker: str | None = None
) -> Iterator[Clip]:
    """The clips of one long video, cut between words; their ids end in _00, _01 and so on.

    Raises:
        ManifestError: its text is missing, malformed or without word times.
    """
    path = video.with_suffix(".txt")
    words = read_lrs_text(path).words
    if not words:
        raise ManifestError(
            "has no word times, without which the video cannot be cut",
            path=path,
            todo=f'They are the lines below "{_TABLE} ASDSCORE".',
        )
    for number, piece in enumerate(cut_between_words(words, max_s)):
        text = " ".join(word.word for word in piece.words)
        yield _clip(video, f"{clip_id}_{number:02d}", split, speaker, piece, text)


def _clip(
    video: Path, clip_id: str, split: str, speaker: str | None, piece: Piece, text: str
) -> Clip:
    return Clip(
        id=clip_id,
        video=video,
        start_s=piece.start_s,
        end_s=piece.end_s,
        text=text or None,
        speaker=speaker,
        split=split,
        corpus=clip_id.partition("/")[0],
        label_source="corpus" if text else None,
        words=list(piece.words),
    )


def _words(lines: list[str], path: Path) -> Iterator[Word]:
    """The rows of the table, up to an empty line or the end."""
    first = next((i for i, line in enumerate(lines, 1) if line.startswith(_TABLE)), len(lines))
    for number, line in enumerate(lines[first:], first + 1):
        if not line.strip():
            return
        try:
            word, start, end, *_ = line.split()
            timed = Word(word.translate(_NO_BRACES), float(start), float(end))
            if not 0 <= timed.start_s <= timed.end_s < float("inf"):
                raise ValueError("its times are in no order")
        except ValueError as error:
            raise ManifestError(
                f"line {number} is not a word with its start and end ({error})", path=path
            ) from error
        if timed.word:
            yield timed
