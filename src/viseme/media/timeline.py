"""The model's clock: which source picture is on screen at each output frame.

Pure functions of time stamps; nothing here knows a media library. Times are exact fractions of a
second from the recording's time zero, so that a thousand frames later nothing has drifted.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import floor
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

MAX_HOLD_S = 600
"""A picture held longer than this is taken for a broken time stamp, not for a still recording."""

MAX_EARLY_PERIODS = 3
"""A picture stamped this many periods before its predecessor is guessed, not broken."""


class Timed(NamedTuple, Generic[T]):
    """A picture, when it comes on screen and for how long its file says it stays (0 = unknown)."""

    time_s: Fraction
    duration_s: Fraction
    picture: T


def as_fps(fps: float) -> Fraction:
    """The exact rate behind a decimal one: 29.97002997 is 30000/1001."""
    return Fraction(fps).limit_denominator(1001)


def repair(
    stamped: Iterable[tuple[Fraction | None, Fraction, T]],
    period_s: Fraction,
    on_warning: Callable[[str], None],
    from_s: Fraction = Fraction(0),
) -> Iterator[Timed[T]]:
    """Make time stamps strictly increasing, and say once if any was broken.

    A picture without a stamp, or with one far off, is placed one period after the picture before
    it, the first one at 0. One a little early (some containers stamp every few pictures and leave
    the rest to be guessed) is squeezed in, so that those after it keep their own times.

    Args:
        stamped: time or None, duration (0 = unknown) and picture, in order of presentation.
        period_s: the nominal time from one picture to the next.
        on_warning: told what was repaired.
        from_s: where reading was asked to begin; the first picture may not be far behind that, but
            come before it.
    """
    previous_s: Fraction | None = None
    warned = False
    for time_s, duration_s, picture in stamped:
        broken = False
        if previous_s is None:
            broken = time_s is not None and not -MAX_HOLD_S <= time_s <= from_s + MAX_HOLD_S
            # nothing can be found without a stamp, so that decoding began at the file's start
            time_s = Fraction(0) if time_s is None or broken else time_s
        elif time_s is None:
            time_s = previous_s + period_s
        elif -MAX_EARLY_PERIODS * period_s <= time_s - previous_s <= 0:
            time_s = previous_s + period_s / 4
        elif not 0 < time_s - previous_s <= MAX_HOLD_S:
            broken = True
            time_s = previous_s + period_s
        if broken and not warned:
            on_warning(f"broken time stamps from {float(time_s):.2f} s on were repaired")
            warned = True
        yield Timed(time_s, duration_s if 0 < duration_s <= MAX_HOLD_S else period_s, picture)
        previous_s = time_s


def on_screen(timed: Iterable[Timed[T]], period_s: Fraction) -> Iterator[tuple[T, Fraction]]:
    """Each picture with the time until which it is the right one to sample.

    A picture takes over half a gap before its own time, where the gap is the time since the picture
    before or the output period, whichever is shorter: at a constant rate that is the nearest
    picture, robust against rounded and jittering stamps; after a long hold it is the picture on
    screen. The end of the recording counts as one more picture.
    """
    held: Timed[T] | None = None
    for item in timed:
        if held is not None:
            yield held.picture, item.time_s - min(period_s, item.time_s - held.time_s) / 2
        held = item
    if held is not None:
        yield held.picture, held.time_s + held.duration_s - min(period_s, held.duration_s) / 2


def on_clock(
    timed: Iterable[Timed[T]],
    fps: Fraction,
    start_s: Fraction = Fraction(0),
    end_s: Fraction | None = None,
) -> Iterator[T]:
    """Sample pictures at start_s + i / fps: the first one also before its time, others held.

    A recording of d seconds at or below the output rate gives round(d * fps) pictures; above it,
    every output time that still has a picture gets it, at most one more. A window gives at most
    round((end_s - start_s) * fps).
    """
    period_s = 1 / fps
    num_wanted = None if end_s is None else floor((end_s - start_s) * fps + Fraction(1, 2))
    tick = 0
    for picture, until_s in on_screen(timed, period_s):
        while tick != num_wanted and start_s + tick * period_s < until_s:
            yield picture
            tick += 1
        if tick == num_wanted:
            return
