"""Any folder of videos, with what lies beside each of them under the same name.

`talk.txt` (plain text, or the "Text:" line of LRS2 and LRS3) or `talk.srt` is the transcript of
`talk.mp4`; `talk.flac` or `talk.wav` is its sound, where the video's own track is not. A clip
below a folder called train, val or test belongs to that split. Crops that `viseme prepare` has
written somewhere below are no recordings, and are left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from viseme.data.manifest import Clip
from viseme.data.outcomes import CROPS, PROGRESS, writable
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, read_text

VIDEO_SUFFIXES = {".mp4", ".mkv", ".webm", ".avi", ".mov", ".mpg", ".mpeg", ".m4v", ".ts", ".wmv"}
SPLITS = ("train", "val", "test")

_CUE_TIME = re.compile(r"\d+:\d{2}:\d{2}[,.]\d{3} --> ")


def find_clips(root: Path) -> Iterator[Clip]:
    """One clip per video below `root`, in order of path; its id is the path without suffix."""
    for video in videos_below(root):
        name = video.relative_to(root)
        text = _text(video)
        yield Clip(
            id=name.with_suffix("").as_posix(),
            video=video.resolve(),
            audio=_beside(video, ".flac", ".wav"),
            text=text,
            split=next((part for part in name.parts[:-1] if part in SPLITS), None),
            corpus=writable(root.resolve().name),
            label_source=None if text is None else "corpus",
        )


def videos_below(root: Path) -> Iterator[Path]:
    """Every video below `root`, in order of path, but for hidden files and prepared crops."""
    paths = sorted(root.rglob("*"))
    crops = {path.with_name(CROPS) for path in paths if path.name == PROGRESS}
    for path in paths:
        is_video = path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()
        if is_video and not _is_hidden(path.relative_to(root)) and crops.isdisjoint(path.parents):
            yield path


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _beside(video: Path, *suffixes: str) -> Path | None:
    candidates = (video.with_suffix(suffix) for suffix in suffixes)
    return next((path.resolve() for path in candidates if path.is_file()), None)


def _text(video: Path) -> str | None:
    path = _beside(video, ".txt", ".srt")
    if path is None:
        return None
    try:
        lines = read_text(path).splitlines()
    except UNREADABLE as error:
        raise ManifestError(
            f"cannot be read as text ({error})", path=path, todo="Save it as UTF-8."
        ) from error
    if path.suffix == ".srt":
        lines = _spoken_lines(lines)
    elif lines and lines[0].startswith("Text:"):
        lines = [lines[0].removeprefix("Text:")]
    return " ".join(" ".join(lines).split()) or None


def _spoken_lines(lines: list[str]) -> list[str]:
    """The lines of an SRT file that are spoken: neither a cue's number nor its time."""
    is_time = [_CUE_TIME.match(line) is not None for line in lines] + [False]
    return [
        line
        for index, line in enumerate(lines)
        if not is_time[index] and not (is_time[index + 1] and line.strip().isdigit())
    ]
