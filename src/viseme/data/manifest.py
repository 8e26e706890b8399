"""The manifest: JSON lines (optionally gzipped), one clip a row, paths relative to the file."""

import gzip
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from viseme.errors import ManifestError
from viseme.files import atomic_write
from viseme.text.transcript import Word


@dataclass
class Clip:
    """One trimmed piece of video with its audio and, maybe, text.

    Attributes:
        id: unique within the manifest.
        video: path of the video, or None; absolute once read.
        audio: path of the audio, or None where it is the video's own track or absent.
        start_s: where the clip starts in its files, seconds.
        end_s: where it ends, or None for the end of the file.
        text: what is said, or None where unknown.
        language: ISO 639-1 code.
        speaker: who speaks, as the corpus names them.
        split: "train", "val", "test" or a corpus' own name.
        corpus: name of the corpus.
        synthetic: True if the picture was generated.
        label_source: who wrote the text: "corpus", "inferred" or the name of a labeller.
        confidence: of the text, 0 to 1.
        words: word times, where known.
        extra: anything else, plain types.
    """

    id: str
    video: Path | None = None
    audio: Path | None = None
    start_s: float = 0.0
    end_s: float | None = None
    text: str | None = None
    language: str = "en"
    speaker: str | None = None
    split: str | None = None
    corpus: str | None = None
    synthetic: bool = False
    label_source: str | None = None
    confidence: float | None = None
    words: list[Word] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


_DEFAULTS = {
    f.name: f.default_factory() if f.default_factory is not MISSING else f.default
    for f in fields(Clip)
}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object, low: float = 0.0, high: float = sys.float_info.max) -> bool:
    """Whether a value is a number in bounds; never so for NaN and infinity, which JSON can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_share(value: object) -> bool:
    return _is_number(value, high=1.0)


_KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    **dict.fromkeys(("id", "video", "audio", "text", "language", "speaker"), ("text", _is_text)),
    **dict.fromkeys(("split", "corpus", "label_source"), ("text", _is_text)),
    **dict.fromkeys(("start_s", "end_s"), ("a number of seconds from 0 on", _is_number)),
    "synthetic": ("true or false", lambda value: isinstance(value, bool)),
    "confidence": ("a number from 0 to 1", _is_share),
    "words": ("a list", lambda value: isinstance(value, list)),
    "extra": ("an object", lambda value: isinstance(value, dict)),
}


def clip_from_row(row: dict[str, Any], folder: Path) -> Clip:
    """A clip from its manifest row; paths in it are relative to `folder`.

    Raises:
        ValueError, TypeError: the row is malformed.
    """
    unknown = sorted(set(row) - set(_DEFAULTS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r} (put it under 'extra')")
    if not isinstance(row.get("id"), str) or not row["id"]:
        raise ValueError("a row needs a non-empty 'id'")
    for key, value in row.items():
        kind, fits = _KINDS[key]
        if not fits(value) and not (value is None and _DEFAULTS[key] is None):
            raise ValueError(f"{key!r} is {value!r:.40}, not {kind}")
    row = dict(row)
    for key in ("video", "audio"):
        if row.get(key) is not None:
            row[key] = (folder / row[key]).resolve()
    row["words"] = [_word(**word) for word in row.get("words", [])]
    return Clip(**row)


def _word(word: str, start_s: float, end_s: float, confidence: float = 1.0) -> Word:
    times_fit = all(_is_number(value, low=-sys.float_info.max) for value in (start_s, end_s))
    if not (_is_text(word) and times_fit and _is_share(confidence)):
        raise ValueError(f"one of 'words' is {[word, start_s, end_s, confidence]!r:.80}")
    return Word(word, start_s, end_s, confidence)


def row_from_clip(clip: Clip, folder: Path) -> dict[str, Any]:
    """The manifest row of a clip, for a manifest in `folder`; default values are left out."""
    row = {k: v for k, v in asdict(clip).items() if v != _DEFAULTS[k]}
    for key in ("video", "audio"):
        if key in row:
            row[key] = Path(os.path.relpath(Path(row[key]).resolve(), folder.resolve())).as_posix()
    for word in row.get("words", []):
        if word["confidence"] == 1.0:
            del word["confidence"]
    return row


def read_manifest(path: str | Path) -> list[Clip]:
    """All clips of a manifest, paths made absolute.

    Raises:
        ManifestError: the file is missing, or a row is malformed or repeats an id; with its line.
    """
    return list(iter_manifest(path))


def iter_manifest(path: str | Path) -> Iterator[Clip]:
    """Like `read_manifest`, one clip at a time."""
    path = Path(path)
    if not path.is_file():
        raise ManifestError("no such manifest", path=path, todo="Make one with `viseme prepare`.")
    opener = gzip.open if path.suffix == ".gz" else open
    folder = path.resolve().parent
    seen: set[str] = set()
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                clip = _parse(line, number, path, folder)
                if clip.id in seen:
                    raise ManifestError(f"line {number} repeats the id {clip.id!r}", path=path)
                seen.add(clip.id)
                yield clip
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot be read ({error})", path=path) from error


def _parse(line: str, number: int, path: Path, folder: Path) -> Clip:
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("not a JSON object")
        return clip_from_row(row, folder)
    except (ValueError, TypeError, RecursionError) as error:
        raise ManifestError(
            f"line {number} is not a clip ({error})",
            path=path,
            todo="Each line is one JSON object; docs/data.md lists the fields.",
        ) from error


def write_manifest(path: str | Path, clips: Iterable[Clip]) -> None:
    """Write clips as JSON lines, gzipped if the name ends in .gz; default values are left out."""
    path = Path(path)
    folder = path.resolve().parent
    text = "".join(
        json.dumps(row_from_clip(clip, folder), ensure_ascii=False) + "\n" for clip in clips
    )
    if path.suffix == ".gz":
        with atomic_write(path, "wb") as out:
            out.write(gzip.compress(text.encode(), mtime=0))
    else:
        with atomic_write(path) as out:
            out.write(text)
