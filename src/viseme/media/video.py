"""Reading pictures: RGB frames on the model's clock, one at a time."""

import logging
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from viseme.errors import MediaError
from viseme.media.decode import decode, frame_duration_s, frame_time_s
from viseme.media.picture import Painter, deinterlaced
from viseme.media.source import Source, check_end, open_source
from viseme.media.timeline import Timed, as_fps, on_clock, repair

log = logging.getLogger(__name__)


def read_frames(
    path: str | Path,
    *,
    fps: float | None = 25.0,
    max_height: int | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    on_warning: Callable[[str], None] = log.warning,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures of a recording as they are shown, at a constant rate.

    They are upright and have square pixels: where stored ones are not, the width changes. Memory
    does not grow.

    Picture i is the one on screen at start_s + i / fps (see `timeline.on_screen`), where time zero
    is that of the recording's picture and sound alike (see `source.Source`).

    Args:
        path: the file; opened at the first `next`.
        fps: output rate in Hz; None yields every picture as it is stored.
        max_height: scale larger pictures down to this many rows, keeping their aspect.
        start_s: where to begin, seconds from time zero.
        end_s: where to stop (exclusive); None reads to the end.
        on_warning: told, once each, of damage that does not spoil the result.

    Yields:
        arrays (H, W, 3) uint8 RGB, each its own memory, all of one size; where the
        recording changes its shape on the way, black bars keep the shape.

    Raises:
        NoVideoError: no picture stream.
        MediaError: anything else that makes the file unusable, or an empty window.
    """
    with open_source(path) as source:
        stream = source.need_video()
        first, last = window(source.path, start_s, end_s)
        timed = _timed(source, stream, first, on_warning)
        shown = (
            _native(timed, first, last)
            if fps is None
            else on_clock(timed, as_fps(fps), first, last)
        )
        paint = Painter(source.path, max_height)
        held: VideoFrame | None = None
        picture = np.zeros((0, 0, 3), np.uint8)
        for frame in shown:
            picture = picture.copy() if frame is held else paint(frame)
            held = frame
            yield picture
        if held is None:
            raise MediaError(
                f"has no picture from {start_s:g} s on", path=source.path, todo="It ends before."
            )


def window(path: Path, start_s: float, end_s: float | None) -> tuple[Fraction, Fraction | None]:
    """A time window as exact fractions; refuses an empty or negative one."""
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise MediaError(
            f"cannot be read from {start_s:g} s to {end_s} s",
            path=path,
            todo="Give 0 <= start < end, in seconds.",
        )
    return Fraction(start_s), None if end_s is None else Fraction(end_s)


def nominal_period_s(stream: VideoStream) -> Fraction:
    """The usual time from one picture to the next, by what the file says of its rate."""
    rate = stream.average_rate or stream.guessed_rate
    return 1 / rate if rate else Fraction(1, 25)


def _timed(
    source: Source, stream: VideoStream, from_s: Fraction, on_warning: Callable[[str], None]
) -> Iterator[Timed[VideoFrame]]:
    """The whole pictures of a stream with repaired times, and a remark if its end is missing."""
    frames = deinterlaced(decode(source, stream, on_warning, from_s))
    period_s = nominal_period_s(stream)
    stamped = ((frame_time_s(f, source), frame_duration_s(f), f) for f in frames)

    def warn(message: str) -> None:
        on_warning(f"{source.path.name}: {message}")

    end_s = Fraction(0)
    for item in repair(stamped, period_s, warn, from_s):
        end_s = item.time_s + item.duration_s
        yield item
    check_end(source, stream, end_s, on_warning)


def _native(
    timed: Iterator[Timed[VideoFrame]], first: Fraction, last: Fraction | None
) -> Iterator[VideoFrame]:
    for item in timed:
        if last is not None and item.time_s >= last:
            return
        if item.time_s >= first:
            yield item.picture
