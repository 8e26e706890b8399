"""One picture of a demonstration: three moments of the video, and below them the sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viseme.files import atomic_write
from viseme.text.cues import TimedWord, timed_words
from viseme.text.transcript import Transcript
from viseme.verbs.demo.overlay import (
    ACCENT,
    AHEAD,
    NOTHING_READ,
    SPOKEN,
    Colour,
    ColouredWord,
    Mouth,
    draw_bar,
    draw_mouth,
    draw_words,
    line_length,
)

NUM_MOMENTS = 3

_BACKDROP: Colour = (22, 24, 29)
_PANEL_HEIGHT_PX = 400
_PANEL_WIDTH_PX = 500
_NARROWEST_PX = 300
_GAP_PX = 24
_WORD_PX, _NOTE_PX, _SENTENCE_PX = 36, 20, 46


@dataclass(frozen=True)
class Moment:
    """A picture (H, W, 3) of the video, the mouth in it and the word that is being said."""

    picture: NDArray[np.uint8]
    mouth: Mouth | None
    word: TimedWord | None


def moments_s(transcript: Transcript) -> list[float]:
    """Three times that show the recording well: the middles of three words, if it has as many."""
    words = timed_words(transcript)
    shares = [(i + 0.5) / NUM_MOMENTS for i in range(NUM_MOMENTS)]
    if len(words) < NUM_MOMENTS:
        return [share * transcript.duration_s for share in shares]
    chosen = [words[int(share * len(words))] for share in shares]
    return [(word.start_ms + word.end_ms) / 2000 for word in chosen]


def write_still(path: str | Path, moments: Sequence[Moment], transcript: Transcript) -> None:
    """Write a PNG of some moments (one at least) side by side over the whole sentence."""
    panels = [_panel(moment) for moment in moments]
    width = _GAP_PX + sum(panel.width + _GAP_PX for panel in panels)
    sheet = Image.new("RGB", (width, panels[0].height + 5 * _SENTENCE_PX // 2 + _GAP_PX), _BACKDROP)
    x = _GAP_PX
    for panel in panels:
        sheet.paste(panel, (x, _GAP_PX))
        x += panel.width + _GAP_PX
    y = panels[0].height + _GAP_PX + 4
    shown = {moment.word for moment in moments}
    words = [(w.text, ACCENT if w in shown else SPOKEN) for w in timed_words(transcript)]
    _centred(sheet, y, words or [(NOTHING_READ, AHEAD)], _SENTENCE_PX)
    note = f"{transcript.model}, from the lips alone"
    if transcript.words:
        note += f"; confidence {transcript.confidence:.0%}"
    _centred(sheet, y + 1.4 * _SENTENCE_PX, [(note, AHEAD)], _NOTE_PX)
    with atomic_write(path, "wb") as file:
        sheet.save(file, "PNG")


def _panel(moment: Moment) -> Image.Image:
    """A moment at a fixed height, drawn after scaling so that its lines are sharp."""
    height, width = moment.picture.shape[:2]
    scale = min(_PANEL_HEIGHT_PX / height, _PANEL_WIDTH_PX / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = Image.fromarray(moment.picture).resize(size, Image.Resampling.LANCZOS)
    if moment.mouth is not None:
        quad = (moment.mouth.quad + 0.5) * scale - 0.5
        draw_mouth(picture, Mouth(quad, moment.mouth.roi))
    outer = max(size[0], _NARROWEST_PX), _PANEL_HEIGHT_PX + _WORD_PX + _GAP_PX
    panel = Image.new("RGB", outer, _BACKDROP)
    panel.paste(picture, ((outer[0] - size[0]) // 2, (_PANEL_HEIGHT_PX - size[1]) // 2))
    if moment.word is not None:
        _caption(panel, moment.word)
    return panel


def _caption(panel: Image.Image, word: TimedWord) -> None:
    """The word, when it is said, and a bar of its confidence."""
    y, right = _PANEL_HEIGHT_PX + _GAP_PX // 4, panel.width - 1
    times = f"{word.start_ms / 1000:.2f}-{word.end_ms / 1000:.2f} s"
    note = [(times, AHEAD), (f"{word.confidence:.0%}", ACCENT)]
    x = right - line_length(note, _NOTE_PX)
    text = [(word.text, ACCENT)]
    size_px = min(_WORD_PX, _WORD_PX * (x - _GAP_PX) / line_length(text, _WORD_PX))
    draw_words(panel, (0, y), text, size_px)
    draw_words(panel, (x, y + 2), note, _NOTE_PX)
    draw_bar(panel, (int(x), y + 32, right, y + 37), word.confidence)


def _centred(sheet: Image.Image, y: float, words: Sequence[ColouredWord], size_px: float) -> None:
    """A line in the middle; where it would be too long, dots stand for its end."""
    room, shown = sheet.width - 2 * _GAP_PX, list(words)
    for count in range(len(words) - 1, 0, -1):
        if line_length(shown, size_px) <= room:
            break
        shown = [*words[:count], ("...", AHEAD)]
    draw_words(sheet, ((sheet.width - line_length(shown, size_px)) / 2, y), shown, size_px)
