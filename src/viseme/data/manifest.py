"""The manifest: JSON lines (optionally gzipped), one clip a row, paths relative to the file."""

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from viseme.data.rejects import BAD_LINE, Reject, listed
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, atomic_write, open_text
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
        cuts: further files by the names of `viseme.data.cuts`, such as "face:128".
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
    cuts: dict[str, Path] = field(default_factory=dict)
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
    "cuts": ("an object of paths", lambda value: _is_paths(value)),
    "extra": ("an object", lambda value: isinstance(value, dict)),
}


def _is_paths(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, [*value, *value.values()]))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(Path(path).resolve(), folder.resolve())).as_posix()


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
    row["cuts"] = {name: (folder / path).resolve() for name, path in row.get("cuts", {}).items()}
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
            row[key] = _relative(row[key], folder)
    if "cuts" in row:
        row["cuts"] = {name: _relative(path, folder) for name, path in row["cuts"].items()}
    for word in row.get("words", []):
        if word["confidence"] == 1.0:
            del word["confidence"]
    return row


def read_manifest(path: str | Path, rejects: list[Reject] | None = None) -> list[Clip]:
    """All clips of a manifest, paths made absolute.

    Args:
        path: the manifest; as `viseme.files.open_text` reads it.
        rejects: takes the lines that are no clips, which are then left out.

    Raises:
        ManifestError: the file is missing or cannot be read; or, without `rejects`, a line is
            malformed or repeats an id: the first ten such lines are named.
    """
    if rejects is None:
        return list(iter_manifest(path))
    rows = list(iter_rows(path))
    rejects += [row for row in rows if isinstance(row, Reject)]
    return [row for row in rows if isinstance(row, Clip)]


def read_manifests(paths: Sequence[str | Path], rejects: list[Reject] | None = None) -> list[Clip]:
    """All clips of several manifests, one after the other; see `read_manifest`.

    Raises:
        ManifestError: as there, or two manifests have a clip of the same id.
    """
    clips: dict[str, Clip] = {}
    for path in paths:
        for clip in read_manifest(path, rejects):
            if clip.id in clips:
                raise ManifestError(
                    f"clip {clip.id!r} is in another manifest, too",
                    path=path,
                    todo="Give every clip an id of its own.",
                )
            clips[clip.id] = clip
    return list(clips.values())


def iter_manifest(path: str | Path) -> Iterator[Clip]:
    """Like `read_manifest`, one clip at a time, up to a line that is none."""
    bad: list[Reject] = []
    for row in iter_rows(path):
        if isinstance(row, Reject):
            bad.append(row)
        elif not bad:
            yield row
    if bad:
        raise ManifestError(
            listed(bad),
            path=path,
            todo="docs/data.md lists the fields; prepare, label, train and evaluate leave such "
            "lines out with --skip-bad.",
        )


def iter_rows(path: str | Path) -> Iterator[Clip | Reject]:
    """Every line of a manifest in order: the clip, or what is wrong with it.

    Raises:
        ManifestError: the file is missing or cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise ManifestError("no such manifest", path=path, todo="Make one with `viseme prepare`.")
    folder = path.resolve().parent
    seen: set[str] = set()
    try:
        with open_text(path, errors="surrogateescape") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(line, number, folder, seen)
    except UNREADABLE as error:
        raise ManifestError(f"cannot be read ({error})", path=path) from error


def _row(line: str, number: int, folder: Path, seen: set[str]) -> Clip | Reject:
    """The clip of a line, whose id is added to those that were seen."""
    row: Any = None
    try:
        line.encode()  # a byte of another encoding does not pass
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("not a JSON object")
        clip = clip_from_row(row, folder)
        if clip.id in seen:
            raise ValueError(f"repeats the id {clip.id!r}")
    except (ValueError, TypeError, RecursionError) as error:
        name = row.get("id") if isinstance(row, dict) else None
        known = name if isinstance(name, str) else ""
        return Reject(known, f"line {number}", BAD_LINE, f"{_reason(error)}.")
    seen.add(clip.id)
    return clip


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):  # it counts lines of its own
        return f"not JSON: {error.msg}, column {error.colno}"
    return str(error)


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
