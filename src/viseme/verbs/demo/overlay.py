"""What was seen and read, drawn into the pictures of a video, one after another.

Every length follows from the size of the picture, so that 360x288 and 4K look alike.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from viseme.text.cues import TimedWord, cues, timed_words
from viseme.text.transcript import Transcript

Colour = tuple[int, int, int]
ColouredWord = tuple[str, Colour]

ACCENT: Colour = (255, 196, 61)
SPOKEN: Colour = (255, 255, 255)
AHEAD: Colour = (172, 178, 188)
BLACK: Colour = (0, 0, 0)
EMPTY: Colour = (70, 74, 82)
NOTHING_READ = "nothing readable"

_SMOOTHING = 4
"""Lines are drawn this much larger and averaged."""
_SPACE, _SMALLEST_PX = 0.3, 6.0
"""Between words, in parts of the letters' size; and that size where a picture is tiny."""


@dataclass(frozen=True)
class Mouth:
    """Where the mouth is in a picture and what the recogniser gets to see of it.

    Attributes:
        quad: (4, 2) px, corners of the mouth ROI, clockwise from its top left.
        roi: (96, 96) uint8, the ROI.
    """

    quad: NDArray[np.floating]
    roi: NDArray[np.uint8]


@dataclass(frozen=True)
class _Subtitle:
    """Lines that are shown together; each word is a text with the word it belongs to."""

    start_ms: int
    end_ms: int
    lines: list[list[tuple[str, TimedWord]]]


class Overlay:
    """Draws mouths and the subtitles of one transcript.

    Args:
        transcript: what was read; if that is nothing, every picture says so.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._subtitles = _subtitles(transcript)
        self._starts = [subtitle.start_ms for subtitle in self._subtitles]
        self._words = timed_words(transcript)

    def draw(
        self, picture: NDArray[np.uint8], time_s: float, mouth: Mouth | None
    ) -> NDArray[np.uint8]:
        """A copy of a picture (H, W, 3) RGB with what belongs to its time.

        Args:
            picture: of any size.
            time_s: when it is shown.
            mouth: the mouth in it, None if there is none.
        """
        canvas = Image.fromarray(picture)
        if mouth is not None:
            draw_mouth(canvas, mouth, self.word_at(time_s))
        self._draw_subtitle(canvas, round(time_s * 1000))
        return np.asarray(canvas)

    def word_at(self, time_s: float) -> TimedWord | None:
        """The word that is said at a time."""
        time_ms = round(time_s * 1000)
        return next((w for w in self._words if w.start_ms <= time_ms < w.end_ms), None)

    def _draw_subtitle(self, canvas: Image.Image, time_ms: int) -> None:
        if not self._words:
            draw_lines(canvas, [[(NOTHING_READ, AHEAD)]])
            return
        index = bisect_right(self._starts, time_ms) - 1
        if index < 0 or time_ms >= self._subtitles[index].end_ms:
            return
        lines = [
            [(text, _colour(word, time_ms)) for text, word in line]
            for line in self._subtitles[index].lines
        ]
        draw_lines(canvas, lines)


def draw_mouth(canvas: Image.Image, mouth: Mouth, word: TimedWord | None = None) -> None:
    """Outline the mouth, and show its ROI in the top right corner over the word's confidence."""
    width, height = canvas.size
    line_px = max(1, round(min(width, height) / 160))
    draw_outline(canvas, mouth.quad, line_px)
    size_px, margin_px = max(1, round(0.3 * min(width, height))), 3 * line_px
    x, y = width - margin_px - size_px, margin_px
    frame = (x - line_px, y - line_px, x + size_px + line_px - 1, y + size_px + line_px - 1)
    draw = ImageDraw.Draw(canvas)
    draw.rectangle(frame, fill=ACCENT)
    roi = Image.fromarray(mouth.roi).resize((size_px, size_px), Image.Resampling.BICUBIC)
    canvas.paste(roi.convert("RGB"), (x, y))
    if word is not None:
        bar = (x - line_px, frame[3] + 1 + line_px, frame[2], frame[3] + 3 * line_px)
        draw_bar(canvas, bar, word.confidence)


def draw_bar(canvas: Image.Image, box: tuple[int, int, int, int], share: float) -> None:
    """A bar in `box` (x0, y0, x1, y1 px, all inclusive), filled from the left up to `share`."""
    x0, y0, x1, y1 = box
    draw = ImageDraw.Draw(canvas)
    draw.rectangle(box, fill=EMPTY)
    filled = round(min(max(share, 0), 1) * (x1 - x0 + 1))
    if filled:
        draw.rectangle((x0, y0, x0 + filled - 1, y1), fill=ACCENT)


def draw_outline(canvas: Image.Image, quad: NDArray[np.floating], line_px: int) -> None:
    """The outline of a quadrangle (4, 2) px, as far as it is in the picture."""
    low = np.maximum(np.floor(quad.min(0)).astype(int) - line_px, 0)
    high = np.minimum(np.ceil(quad.max(0)).astype(int) + 1 + line_px, canvas.size)
    if (high <= low).any():
        return
    size = (high - low).tolist()
    mask = Image.new("L", (size[0] * _SMOOTHING, size[1] * _SMOOTHING))
    corners = [tuple(point) for point in ((quad + 0.5 - low) * _SMOOTHING).tolist()]
    path = [*corners, *corners[:2]]  # once round and on, so that all corners are joined
    ImageDraw.Draw(mask).line(path, fill=255, width=line_px * _SMOOTHING, joint="curve")
    canvas.paste(ACCENT, tuple(low.tolist()), mask.resize(size, Image.Resampling.BOX))


def draw_lines(canvas: Image.Image, lines: Sequence[Sequence[ColouredWord]]) -> None:
    """Centred lines of words at the bottom, outlined, as small as the longest line needs."""
    width, height = canvas.size
    size_px = max(_SMALLEST_PX, min(width, height) / 13)
    longest = max(line_length(line, size_px) for line in lines)
    size_px = max(_SMALLEST_PX, min(size_px, size_px * 0.94 * width / longest))
    border_px = max(1, round(size_px / 12))
    y = height - (1.3 * len(lines) + 0.35) * size_px
    for line in lines:
        x = (width - line_length(line, size_px)) / 2
        draw_words(canvas, (x, y), line, size_px, border_px)
        y += 1.3 * size_px


def draw_words(
    canvas: Image.Image,
    place: tuple[float, float],
    words: Sequence[ColouredWord],
    size_px: float,
    border_px: int = 0,
) -> None:
    """Words in one line from `place` (x, y px of its top left) on, with black borders."""
    draw, (x, y) = ImageDraw.Draw(canvas), place
    for text, colour in words:
        draw.text((x, y), text, colour, font(size_px), stroke_width=border_px, stroke_fill=BLACK)
        x += font(size_px).getlength(text) + _SPACE * size_px


def line_length(words: Sequence[ColouredWord], size_px: float) -> float:
    """Length in px of the line that `draw_words` draws."""
    letters = sum(font(size_px).getlength(text) for text, _ in words)
    return letters + _SPACE * size_px * (len(words) - 1)


@lru_cache(maxsize=16)
def font(size_px: float) -> ImageFont.FreeTypeFont:
    """The one font that needs no file."""
    face = ImageFont.load_default(size_px)
    assert isinstance(face, ImageFont.FreeTypeFont)  # the other kind has no sizes
    return face


def _colour(word: TimedWord, time_ms: int) -> Colour:
    if time_ms < word.start_ms:
        return AHEAD
    return ACCENT if time_ms < word.end_ms else SPOKEN


def _subtitles(transcript: Transcript) -> list[_Subtitle]:
    """The cues with every text in them traced back to its word."""
    said = [(text, word) for word in timed_words(transcript) for text in word.text.split()]
    remaining = iter(said)
    return [
        _Subtitle(
            cue.start_ms,
            cue.end_ms,
            [[next(remaining) for _ in line.split()] for line in cue.lines],
        )
        for cue in cues(transcript)
    ]
