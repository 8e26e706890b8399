"""The AVSpeech corpus (Ephrat et al., 2018): a list of places in YouTube videos, without texts.

    avspeech_train.csv, avspeech_test.csv     lines "video,start,end,x,y", without a header
    anywhere below, as users download them:
        <video>_<start>-<end>.mp4             a clip; also <video>_<start>_<end> and <video>_<start>
        <video>.mp4                           a whole video, of which the lines name parts
    avspeech-en.id                            optional: the videos that are in English, a line each

A video's name has 11 letters; times are seconds. With `avspeech-en.id` only its videos are taken.
Without it all are, their language "und" (undetermined), for the labeller to tell. x and y, the
place of the speaker's face as a share of width and height, are kept under `extra`.
"""

import csv
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from viseme.data.corpora.folder import videos_below
from viseme.data.corpora.id_list import UNKNOWN_LANGUAGE, read_ids
from viseme.data.manifest import Clip
from viseme.data.segments import LATER_MAX_S, PAPER_MAX_S, cut_evenly
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, open_text

logger = logging.getLogger(__name__)

ENGLISH_LIST = "avspeech-en.id"
LISTS = {"train": "avspeech_train.csv", "test": "avspeech_test.csv"}

SAME_START_S = 0.05
"""Downloaders round times; a file belongs to the line whose start is this near."""

_SECONDS = r"\d+(?:\.\d+)?"
_NAME = re.compile(rf"(?P<video>[\w-]{{11}})(?:_(?P<start>{_SECONDS})(?:[_-]{_SECONDS})?)?")


@dataclass(frozen=True)
class Line:
    """A line of a list: a part of a video, and where the speaker's face is in the picture."""

    video: str
    start_s: float
    end_s: float
    face: tuple[float, float]


@dataclass(frozen=True)
class File:
    """A downloaded file; it starts at start_s of its video, or is all of it (None)."""

    path: Path
    start_s: float | None


def find_clips(root: Path, max_s: float = PAPER_MAX_S) -> Iterator[Clip]:
    """The clips of both lists whose files are there, in the order of the lists.

    Videos vanish from YouTube, so a line without a file is no error; how many is logged.

    Args:
        root: folder of the corpus.
        max_s: pieces last at most so long; a rest of fewer than 12 frames is left out.

    Raises:
        ManifestError: no list, no line with a file, or a malformed line; with its number.
    """
    root = root.resolve()
    files = _files(root)
    english = read_ids(root / ENGLISH_LIST)
    lists = {split: root / name for split, name in LISTS.items() if (root / name).is_file()}
    if not lists:
        raise ManifestError(f"has neither {' nor '.join(LISTS.values())}", path=root)
    found = missing = 0
    for split, path in lists.items():
        for line in _lines(path):
            if english is not None and line.video not in english:
                continue
            file = _file(files.get(line.video, []), line)
            if file is None:
                missing += 1
            else:
                found += 1
                language = UNKNOWN_LANGUAGE if english is None else "en"
                yield from _clips(line, file, max_s, split, language)
    if missing:
        logger.warning("%s: %d of %d lines have no file", root, missing, missing + found)
    if not found:
        raise ManifestError(
            "no line of the lists has a file here",
            path=root,
            todo="Name clips <video>_<start>-<end>.mp4 or whole videos <video>.mp4.",
        )


find_clips_16s = partial(find_clips, max_s=LATER_MAX_S)


def _files(root: Path) -> dict[str, list[File]]:
    """All downloaded files, by video."""
    files: dict[str, list[File]] = {}
    for path in videos_below(root):
        if name := _NAME.fullmatch(path.stem):
            start_s = None if name["start"] is None else float(name["start"])
            files.setdefault(name["video"], []).append(File(path, start_s))
    return files


def _file(files: list[File], line: Line) -> File | None:
    """The file that holds a line's clip: its own rather than the whole video."""
    for file in files:
        if file.start_s is not None and abs(file.start_s - line.start_s) < SAME_START_S:
            return file
    return next((file for file in files if file.start_s is None), None)


def _lines(path: Path) -> Iterator[Line]:
    try:
        with open_text(path) as text:
            for number, row in enumerate(csv.reader(text), 1):
                if row:
                    yield _line(row, number, path)
    except (*UNREADABLE, csv.Error) as error:
        raise ManifestError(f"cannot be read as a list ({error})", path=path) from error


def _line(row: list[str], number: int, path: Path) -> Line:
    try:
        video, start, end, x, y = row
        line = Line(video.strip(), float(start), float(end), (float(x), float(y)))
        if not 0 <= line.start_s < line.end_s < float("inf"):
            raise ValueError("its times are in no order")
    except ValueError as error:
        raise ManifestError(
            f"line {number} is not video,start,end,x,y ({error})", path=path
        ) from error
    return line


def _clips(line: Line, file: File, max_s: float, split: str, language: str) -> Iterator[Clip]:
    is_whole_video = file.start_s is None
    file_start_s = 0.0 if is_whole_video else line.start_s
    pieces = cut_evenly(line.start_s - file_start_s, line.end_s - file_start_s, max_s)
    for number, piece in enumerate(pieces):
        yield Clip(
            id=f"avspeech/{line.video}_{line.start_s:.3f}_{number:02d}",
            video=file.path,
            start_s=piece.start_s,
            end_s=piece.end_s if is_whole_video or len(pieces) > 1 else None,
            language=language,
            split=split,
            corpus="avspeech",
            extra={"face": list(line.face)},
        )
