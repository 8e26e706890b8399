"""A transcript as a file: txt, srt, vtt, tsv, json or a Praat TextGrid."""

import json
from collections.abc import Callable
from pathlib import Path

from viseme.errors import ConfigError
from viseme.files import atomic_write
from viseme.text.cues import cues, timed_words
from viseme.text.transcript import Transcript

# pysubs2 1.8 reads braces as formatting and drops them with what they hold; it escapes nothing.
# WebVTT has escapes. SubRip has none, and players take <b> and {b} for formatting.
_VTT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SRT_STAND_INS = str.maketrans("<>{}", "\u2039\u203a()")


def write(transcript: Transcript, path: str | Path, format: str) -> None:
    """Write a transcript to a file; see `render`."""
    content = render(transcript, format)
    with atomic_write(path) as file:
        file.write(content)


def render(transcript: Transcript, format: str) -> str:
    """The content of a transcript's file. A transcript without words gives a valid, empty one.

    Args:
        transcript: what was said.
        format: one of `FORMATS`: the text alone (txt), subtitles (srt, vtt), a row for every word
            (tsv), everything there is to know (json), or a word tier for Praat (TextGrid).

    Raises:
        ConfigError: another format.
    """
    if format not in _RENDERERS:
        raise ConfigError(f"there is no format {format!r}", todo=f"Choose of {', '.join(FORMATS)}.")
    return _RENDERERS[format](transcript)


def _txt(transcript: Transcript) -> str:
    return f"{transcript.text}\n" if transcript.text else ""


def _srt(transcript: Transcript) -> str:
    blocks = []
    for number, cue in enumerate(cues(transcript), start=1):
        text = "\n".join(cue.lines).translate(_SRT_STAND_INS)
        times = f"{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}"
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def _vtt(transcript: Transcript) -> str:
    blocks = ["WEBVTT\n"]
    for cue in cues(transcript):
        text = "\n".join(cue.lines).translate(_VTT_ESCAPES)
        blocks.append(f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{text}\n")
    return "\n".join(blocks)


def _tsv(transcript: Transcript) -> str:
    rows = ["start_s\tend_s\tword\tconfidence\n"]
    for word in timed_words(transcript):
        times = f"{_seconds(word.start_ms)}\t{_seconds(word.end_ms)}"
        rows.append(f"{times}\t{word.text}\t{word.confidence:.4f}\n")
    return "".join(rows)


def _json(transcript: Transcript) -> str:
    return json.dumps(transcript.as_dict(), indent=2, ensure_ascii=False) + "\n"


def _textgrid(transcript: Transcript) -> str:
    """Praat's long text format; intervals with an empty label fill the time between the words."""
    intervals: list[tuple[int, int, str]] = []
    time_ms = 0
    for word in timed_words(transcript):
        if word.start_ms > time_ms:
            intervals.append((time_ms, word.start_ms, ""))
        intervals.append((word.start_ms, word.end_ms, word.text.replace('"', '""')))
        time_ms = word.end_ms
    total_ms = max(round(transcript.duration_s * 1000), time_ms, 1)  # Praat wants time to pass
    if total_ms > time_ms:
        intervals.append((time_ms, total_ms, ""))
    return _TEXTGRID_HEAD.format(end=_seconds(total_ms), size=len(intervals)) + "".join(
        f"        intervals [{number}]:\n"
        f"            xmin = {_seconds(start_ms)}\n"
        f"            xmax = {_seconds(end_ms)}\n"
        f'            text = "{text}"\n'
        for number, (start_ms, end_ms, text) in enumerate(intervals, start=1)
    )


_TEXTGRID_HEAD = """\
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = {end}
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = {end}
        intervals: size = {size}
"""

_RENDERERS: dict[str, Callable[[Transcript], str]] = {
    "txt": _txt,
    "srt": _srt,
    "vtt": _vtt,
    "tsv": _tsv,
    "json": _json,
    "TextGrid": _textgrid,
}

FORMATS = tuple(_RENDERERS)
"""The formats that `write` and `render` know, which are also the suffixes of their files."""


def _seconds(time_ms: int) -> str:
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"


def _clock(time_ms: int, decimal_mark: str) -> str:
    """hh:mm:ss,mmm; from 100 hours on the hours have more digits."""
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{decimal_mark}{milliseconds:03d}"
