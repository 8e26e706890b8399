"""Reading sound: one channel of float samples at the model's rate, in blocks."""

import logging
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import soxr
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from viseme.errors import MediaError
from viseme.media.decode import decode, frame_time_s
from viseme.media.source import Source, check_end, open_source
from viseme.media.tracks import TrackChoice
from viseme.media.video import window

log = logging.getLogger(__name__)

Samples = NDArray[np.float32]

# Stamps may be rounded or jitter by this much before sound is moved to where they say.
MAX_JITTER_S = 0.05
# A larger jump than this, forwards or back, is a broken time stamp; the sound goes on.
MAX_HOLE_S = 600


def read_audio(
    path: str | Path,
    *,
    sample_rate_hz: int = 16_000,
    start_s: float = 0.0,
    end_s: float | None = None,
    audio_track: TrackChoice | None = None,
    on_warning: Callable[[str], None] = log.warning,
) -> Samples:
    """All samples (S,) float32 in [-1, 1] of a recording; arguments and errors as `iter_audio`."""
    blocks = iter_audio(
        path,
        sample_rate_hz=sample_rate_hz,
        start_s=start_s,
        end_s=end_s,
        audio_track=audio_track,
        on_warning=on_warning,
    )
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def iter_audio(
    path: str | Path,
    *,
    block_s: float = 1.0,
    sample_rate_hz: int = 16_000,
    start_s: float = 0.0,
    end_s: float | None = None,
    audio_track: TrackChoice | None = None,
    on_warning: Callable[[str], None] = log.warning,
) -> Iterator[Samples]:
    """Yield the sound of a recording in blocks; joined they are what `read_audio` returns.

    Sample j is the sound at start_s + j / sample_rate_hz on the clock of `read_frames`: sound that
    starts after time zero is preceded by silence, sound before it is left out, and holes in the
    stream are filled with silence. The channel is the plain mean of all channels, for 5.1 too (what
    the published models were trained on; a louder centre is left to the loudness normalisation).
    The sound ends where its stream ends, which need not be where the picture ends.

    Args:
        path: the file; opened at the first `next`.
        block_s: length of a block in seconds; the last one is shorter.
        sample_rate_hz: output rate.
        start_s: where to begin, seconds from time zero.
        end_s: where to stop (exclusive); None reads to the end.
        audio_track: which of several sound tracks, by its number from 1 or its language; None takes
            the one that the file marks, else the first.
        on_warning: told, once each, of damage that does not spoil the result.

    Raises:
        NoAudioError: no sound stream, or not that one.
        MediaError: anything else that makes the file unusable, or an empty window.
    """
    with open_source(path, audio_track) as source:
        first, last = window(source.path, start_s, end_s)
        stream = source.need_audio()
        frames = decode(source, stream, on_warning, first)
        pieces = _resampled(_placed(source, frames, first, last, on_warning), sample_rate_hz)
        num_wanted = None if last is None else round((last - first) * sample_rate_hz)
        yield from _blocks(pieces, max(1, round(block_s * sample_rate_hz)), num_wanted)


def to_mono(frame: AudioFrame) -> Samples:
    """The mean (S,) of a frame's channels, scaled to [-1, 1] whatever its sample format."""
    samples: np.ndarray = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    mean = samples.mean(0, dtype=np.float64)
    if samples.dtype == np.uint8:
        mean = (mean - 128) / 128
    elif samples.dtype.kind == "i":
        mean /= -float(np.iinfo(samples.dtype).min)
    return mean.astype(np.float32)


def _placed(
    source: Source,
    frames: Iterator[AudioFrame],
    first_s: Fraction,
    last_s: Fraction | None,
    on_warning: Callable[[str], None],
) -> Iterator[tuple[int, Samples]]:
    """(rate, samples) pieces without a hole from `first_s` to `last_s`, placed by time stamp.

    Positions count samples from time zero: `written` ends what was yielded, `heard` what came in.
    """
    rate = written = 0
    # A file of sound alone begins with its sound, whatever its first stamp says.
    heard = 0 if source.video is None else None
    for frame in frames:
        if not rate:
            rate, written = frame.sample_rate, round(first_s * frame.sample_rate)
        if frame.sample_rate != rate:
            what = f"changes its sample rate from {rate} to {frame.sample_rate} Hz"
            raise MediaError(what, path=source.path, todo="Convert it to one rate.")
        samples = to_mono(frame)
        at = _position(frame_time_s(frame, source), heard, rate, first_s)
        if heard and at > heard:
            on_warning(f"{source.path.name}: no sound from {heard / rate:.2f} s, silence filled in")
        heard = at + len(samples)
        end = heard if last_s is None else min(heard, round(last_s * rate))
        while written < min(at, end):  # in pieces of a second, as the hole may be long
            silence = np.zeros(min(at - written, end - written, rate), np.float32)
            written += len(silence)
            yield rate, silence
        if written < end:
            yield rate, samples[written - at : end - at]
            written = end
        if end < heard:
            return
    check_end(source, source.need_audio(), Fraction(heard or 0, rate or 1), on_warning)


def _position(time_s: Fraction | None, heard: int | None, rate: int, first_s: Fraction) -> int:
    """Where a frame's first sample belongs; `heard` is where the frame before ended."""
    expected = heard or 0
    if time_s is None:
        return expected
    at = round(time_s * rate)
    if not -MAX_HOLE_S <= time_s - max(first_s, Fraction(expected, rate)) <= MAX_HOLE_S:
        return expected
    if heard is not None and abs(at - heard) <= MAX_JITTER_S * rate:
        return expected
    return at


def _resampled(pieces: Iterable[tuple[int, Samples]], sample_rate_hz: int) -> Iterator[Samples]:
    resampler: soxr.ResampleStream | None = None
    for rate, samples in pieces:
        if rate == sample_rate_hz:
            yield samples
            continue
        if resampler is None:
            resampler = soxr.ResampleStream(rate, sample_rate_hz, 1, dtype="float32")
        yield resampler.resample_chunk(samples)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _blocks(
    pieces: Iterable[Samples], block_size: int, num_wanted: int | None
) -> Iterator[Samples]:
    """Regroup pieces into blocks of `block_size` samples, `num_wanted` samples at most."""
    kept: list[Samples] = []
    num_kept = num_done = 0
    for piece in pieces:
        kept.append(piece)
        num_kept += len(piece)
        while num_kept >= block_size:
            joined = np.concatenate(kept)
            block, rest = joined[:block_size], joined[block_size:]
            kept, num_kept = [rest], len(rest)
            yield block if num_wanted is None else block[: num_wanted - num_done]
            num_done += block_size
            if num_wanted is not None and num_done >= num_wanted:
                return
    joined = np.concatenate([np.zeros(0, np.float32), *kept])
    if len(joined):
        yield joined if num_wanted is None else joined[: num_wanted - num_done]
