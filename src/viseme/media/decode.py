"""Decoding one stream of a recording past damage, in order of presentation."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from viseme.errors import MediaError
from viseme.media.aspect import SQUARE, PixelAspect
from viseme.media.source import MAX_AREA_PX, Source

# Below this, decoding from the start costs less than a seek can go wrong.
MIN_SEEK_S = 5
# Sound codecs need some packets before their output is right.
SEEK_MARGIN_S = 1
# Positions in these are guessed from the bit rate.
INEXACT_SEEK = {"mp3", "aac"}
NO_PRESENTATION_TIMES = {"avi"}


def decode(
    source: Source,
    stream: VideoStream | AudioStream,
    on_warning: Callable[[str], None],
    from_s: Fraction = Fraction(0),
) -> Iterator[Any]:
    """Yield the frames of a stream, from some frame at or before `from_s` on.

    Damaged frames are left out; the first one is reported to `on_warning`. A picture carries the
    aspect of its pixels, see `frame_aspect`.

    Raises:
        MediaError: not one frame can be decoded, or the file cannot be wound back.
    """
    if isinstance(stream, VideoStream):
        stream.thread_type = "AUTO"
        stream.codec_context.options = {"max_pixels": str(MAX_AREA_PX)}
    if from_s >= MIN_SEEK_S and _can_seek(source, stream):
        frames = _seek(source, stream, on_warning, from_s)
        first = next(frames, None)
        if first is not None and (frame_time_s(first, source) or from_s + 1) <= from_s:
            yield first
            yield from frames
            return
        _rewind(source)
    num_frames = 0
    for frame in _frames(source, stream, on_warning):
        num_frames += 1
        yield frame
    if num_frames == 0:
        raise MediaError(
            f"none of its {stream.type} can be decoded",
            path=source.path,
            todo="It is cut off or damaged beyond use; copy or record it again.",
        )


def frame_time_s(frame: VideoFrame | AudioFrame, source: Source) -> Fraction | None:
    """Time of a frame in seconds from time zero, None if its file does not say."""
    stamp = frame.pts if frame.pts is not None else frame.dts
    if stamp is None or not frame.time_base:
        return None
    return stamp * frame.time_base - source.zero_s


def frame_duration_s(frame: VideoFrame) -> Fraction:
    """How long a picture stays, in seconds; 0 if its file does not say."""
    return (frame.duration or 0) * (frame.time_base or Fraction(0))


def frame_aspect(frame: VideoFrame) -> Fraction:
    """Width of a decoded picture's pixels by their height."""
    aspect = frame.opaque
    return aspect if isinstance(aspect, Fraction) else SQUARE


def _can_seek(source: Source, stream: VideoStream | AudioStream) -> bool:
    """Whether a time can be found in the file; raw streams have no times."""
    return stream.start_time is not None and source.container.format.name not in INEXACT_SEEK


def _rewind(source: Source) -> None:
    try:
        source.container.seek(int(source.zero_s * 1_000_000), backward=True)
    except (FFmpegError, OSError) as error:
        raise MediaError(
            f"cannot be wound back to its start ({error})",
            path=source.path,
            todo="Convert it, for example to mp4, or read it from its start.",
        ) from error


def _seek(
    source: Source,
    stream: VideoStream | AudioStream,
    on_warning: Callable[[str], None],
    from_s: Fraction,
) -> Iterator[Any]:
    target_s = source.zero_s + from_s - SEEK_MARGIN_S
    try:
        source.container.seek(int(target_s / (stream.time_base or 1)), stream=stream)
    except (FFmpegError, OSError):
        return iter(())
    return _frames(source, stream, on_warning)


def _frames(
    source: Source, stream: VideoStream | AudioStream, on_warning: Callable[[str], None]
) -> Iterator[Any]:
    last_s: Fraction | None = None
    warned = False
    # Such a container stores one time per packet, in order of decoding; the frames take these times
    # in order of presentation.
    slots: deque[int | None] | None = None
    if stream.type == "video" and source.container.format.name in NO_PRESENTATION_TIMES:
        slots = deque()
    aspect = PixelAspect(stream) if isinstance(stream, VideoStream) else None
    for packet in _packets(source, stream, on_warning):
        if slots is not None and packet is not None:
            slots.append(packet.dts)
        frames: list[Any] = [None]
        with suppress(FFmpegError, ValueError):
            frames = list(stream.codec_context.decode(packet))
        for frame in frames:
            stamp = slots.popleft() if slots else None
            if frame is not None:
                frame.time_base = stream.time_base  # missing from those the decoder held back
                frame.pts = frame.pts if stamp is None else stamp
                if aspect is not None:
                    frame.opaque = aspect()
            if frame is not None and not frame.is_corrupt:
                last_s = frame_time_s(frame, source)
                yield frame
            elif not warned and last_s is not None:
                on_warning(f"{source.path.name}: damaged {stream.type} after {float(last_s):.2f} s")
                warned = True


def _packets(
    source: Source, stream: VideoStream | AudioStream, on_warning: Callable[[str], None]
) -> Iterator[Packet | None]:
    """The packets of a stream, then None, which asks the decoder for what it holds back."""
    try:
        for packet in source.container.demux(stream):
            if packet.size:
                yield packet
    except (FFmpegError, OSError, ValueError) as error:
        on_warning(f"{source.path.name}: reading stopped before the end ({error})")
    yield None
