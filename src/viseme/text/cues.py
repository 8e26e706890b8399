"""Words with times, grouped into the cues that a subtitle shows.

Times are whole milliseconds from here on, so that no later rounding can disturb their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from viseme.text.transcript import Transcript, Word

MAX_LINE_CHARACTERS = 42
MAX_LINES = 2
MAX_CUE_MS = 6000
MAX_PAUSE_MS = 800
READABLE_MS = 1000
"""A cue stays this long where the next one leaves the time."""
SHORTEST_MS = 40
"""No cue is shorter, a video frame, even if the next one must start late for it."""

_UNTIMED_WORD_MS = 300


@dataclass(frozen=True)
class TimedWord:
    """A word without line breaks, at least 1 ms long, that starts when the one before has ended."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float


@dataclass(frozen=True)
class Cue:
    """What is shown at once: one or two lines and the time they are shown."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def timed_words(transcript: Transcript) -> list[TimedWord]:
    """The words of a transcript in monotonic, non-overlapping time.

    Where words overlap, the start of the later one counts. A text without word times is spread
    evenly over the recording.
    """
    words = [word for word in transcript.words or _spread(transcript) if word.word.strip()]
    starts = [round(word.start_s * 1000) for word in words]
    timed: list[TimedWord] = []
    for index, word in enumerate(words):
        start = max(starts[index], timed[-1].end_ms if timed else 0)
        end = round(word.end_s * 1000)
        if index + 1 < len(words):
            end = min(end, starts[index + 1])
        text = " ".join(word.word.split())
        timed.append(TimedWord(start, max(end, start + 1), text, word.confidence))
    return timed


def cues(transcript: Transcript) -> list[Cue]:
    """Group the words of a transcript into cues.

    A cue ends where its text would need a third line, where it would last too long, and before a
    pause. A word longer than a line is not broken and has its line, or its cue, for itself.
    """
    groups: list[list[TimedWord]] = []
    for word in timed_words(transcript):
        if groups and _fits(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    shown: list[Cue] = []
    for index, group in enumerate(groups):
        start = max(group[0].start_ms, shown[-1].end_ms if shown else 0)
        end = group[-1].end_ms
        if end - start < READABLE_MS:
            is_last = index + 1 == len(groups)
            room = start + READABLE_MS if is_last else groups[index + 1][0].start_ms
            end = max(end, min(start + READABLE_MS, room))
        end = min(max(end, start + SHORTEST_MS), start + MAX_CUE_MS)
        shown.append(Cue(start, end, break_lines([word.text for word in group])))
    return shown


def break_lines(words: Sequence[str]) -> tuple[str, ...]:
    """Break words into the fewest lines, and two lines where they are most alike in length."""
    text = " ".join(words)
    if len(text) <= MAX_LINE_CHARACTERS or len(words) == 1:
        return (text,)
    breaks = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return min(breaks, key=lambda lines: max(map(len, lines)))


def _fits(group: Sequence[TimedWord], word: TimedWord) -> bool:
    if word.start_ms - group[-1].end_ms > MAX_PAUSE_MS:
        return False
    if word.end_ms - group[0].start_ms > MAX_CUE_MS:
        return False
    lines = break_lines([*(member.text for member in group), word.text])
    return max(map(len, lines)) <= MAX_LINE_CHARACTERS


def _spread(transcript: Transcript) -> list[Word]:
    words = transcript.text.split()
    step_s = transcript.duration_s / max(len(words), 1) or _UNTIMED_WORD_MS / 1000
    return [Word(word, i * step_s, (i + 1) * step_s) for i, word in enumerate(words)]
