"""Synthetic clips for tests of any room: every picture says its number, every sound its time.

`picture(i)` is a soft colour gradient with a moving block and, on top, the number i as eight
black or white squares that survive any codec; `read_number` reads it back. `write_clip` writes such
pictures with the asked rate, container, codec, orientation, sound and so on, using the media
library directly, so that what reads them is tested against something else than itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 160, 120
NUM_BITS = 8
FLASH_FRAME = 40

ENCODERS = {
    "h264": "libx264",
    "h265": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "mpeg1": "mpeg1video",
    "mpeg2": "mpeg2video",
    "mpeg4": "mpeg4",
    "ffv1": "ffv1",
    "raw": "rawvideo",
}
OPTIONS = {
    "libx264": {"crf": "12", "preset": "ultrafast"},
    "libx265": {"crf": "12", "preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx": {"crf": "6", "b": "3M", "quality": "realtime", "cpu-used": "16"},
    "libvpx-vp9": {"crf": "12", "b": "0", "deadline": "realtime", "cpu-used": "8"},
    "mpeg1video": {"b": "4M"},
    "mpeg2video": {"b": "4M"},
    "mpeg4": {"b": "4M"},
}
# Display matrices (a b u c d v x y w; 16.16 fixed point) that turn the stored picture clockwise.
ONE = 1 << 16
MATRICES = {
    90: (0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30),
    180: (-ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30),
    270: (0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30),
}
MIRRORED = (-ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30)


@dataclass(frozen=True)
class Sound:
    """A sound track: quiet 200 Hz hum, and a click of 20 ms at each of `clicks_s`.

    It is as long as the picture unless `duration_s` says otherwise. `language` and `title` are what
    the file says of it, and `is_default` whether the file marks it to be played.
    """

    sample_rate_hz: int = 44_100
    layout: str = "stereo"
    codec: str = "aac"
    clicks_s: Sequence[float] = ()
    hum: float = 0.01
    duration_s: float | None = None
    language: str | None = None
    title: str | None = None
    is_default: bool = False


def picture(
    number: int, width: int = WIDTH, height: int = HEIGHT, later: float = 0.0
) -> np.ndarray:
    """RGB picture (height, width, 3) uint8 that carries `number` (below 2**NUM_BITS).

    `later` moves the block on as if that fraction of a frame had passed.
    """
    y, x = np.mgrid[0:height, 0:width]
    red = 60 + 120 * x / width
    green = 60 + 120 * y / height
    blue = 160 - 80 * (x + y) / (width + height)
    image = np.stack([red, green, blue], -1).round().astype(np.uint8)
    left = int((0.1 + 0.7 * ((number + later) % 25) / 25) * width)
    image[height // 2 : height // 2 + height // 8, left : left + width // 10] = (220, 90, 40)
    edges = np.linspace(0, width, NUM_BITS + 1).round().astype(int)
    for bit in range(NUM_BITS):
        image[: height // 4, edges[bit] : edges[bit + 1]] = 235 if number >> bit & 1 else 20
    return image


def read_number(image: np.ndarray) -> int:
    """The number that a picture (H, W, 3) carries."""
    height, width = image.shape[:2]
    row = image[height // 16 : height // 5].mean((0, 2))
    centres = ((np.arange(NUM_BITS) + 0.5) * width / NUM_BITS).astype(int)
    return int(sum(1 << bit for bit, x in enumerate(centres) if row[x] > 128))


def sound(spec: Sound, duration_s: float) -> np.ndarray:
    """One channel of samples (S,) float32 of a sound track."""
    time = np.arange(round(duration_s * spec.sample_rate_hz)) / spec.sample_rate_hz
    samples = spec.hum * np.sin(2 * np.pi * 200 * time)
    for click_s in spec.clicks_s:
        inside = (time >= click_s) & (time < click_s + 0.02)
        samples[inside] += 0.8 * np.sin(2 * np.pi * 1000 * (time[inside] - click_s))
    return samples.astype(np.float32)


def write_clip(
    path: Path,
    *,
    fps: float | Fraction = 25,
    num_frames: int = 75,
    width: int = WIDTH,
    height: int = HEIGHT,
    codec: str = "h264",
    pix_fmt: str = "yuv420p",
    times_s: Sequence[float] | None = None,
    numbers: Sequence[int] | None = None,
    matrix: Sequence[int] | None = None,
    aspect: Fraction | None = None,
    interlaced: bool = False,
    audio: Sound | Sequence[Sound] | None = None,
    delay_s: float = 0.0,
    audio_delay_s: float = 0.0,
    options: dict[str, str] | None = None,
    muxer_options: dict[str, str] | None = None,
    images: Sequence[np.ndarray] | None = None,
) -> Path:
    """Write a clip whose picture k shows `numbers[k]` (k itself by default).

    Args:
        path: its suffix chooses the container.
        fps: nominal rate.
        num_frames: how many pictures.
        width: px; odd sizes need a `pix_fmt` that allows them.
        height: px.
        codec: a key of `ENCODERS`.
        pix_fmt: stored pixel format.
        times_s: when each picture comes on screen; a constant rate by default.
        numbers: what each picture shows.
        matrix: display matrix to store, such as `MATRICES[90]`.
        aspect: width of a pixel by its height to declare; None declares nothing.
        interlaced: weave each picture from two fields, the second half a frame later.
        audio: the sound track, or several; None for a silent clip.
        delay_s: shift of the picture's time stamps, in whole pictures at a constant rate.
        audio_delay_s: shift of the sound's time stamps (its content shifts with them).
        options: more encoder options.
        muxer_options: options of the container.
        images: pictures (height, width, 3) to choose from by number, instead of drawn ones.

    Returns:
        path, for chaining.
    """
    rate = Fraction(fps).limit_denominator(1001)
    # Variable rates need fine time stamps.
    tick = 1 / rate if times_s is None else Fraction(1, 1000)
    stamps = range(num_frames) if times_s is None else [round(t * 1000) for t in times_s]
    shown = range(num_frames) if numbers is None else numbers
    offset = round(Fraction(delay_s) / tick)
    with av.open(str(path), "w", options=muxer_options or {}) as container:
        encoder = ENCODERS[codec]
        video = container.add_stream(
            encoder, rate=rate, options=OPTIONS.get(encoder, {}) | (options or {})
        )
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        video.codec_context.time_base = tick
        if aspect is not None:
            video.codec_context.sample_aspect_ratio = aspect
        if matrix is not None:
            video.set_display_matrix(matrix)
        sounds = [audio] if isinstance(audio, Sound) else audio or []
        tracks = [_sound_track(container, spec) for spec in sounds]
        for stamp, number in zip(stamps, shown, strict=True):
            image = picture(number, width, height) if images is None else images[number]
            if interlaced:
                image[1::2] = picture(number, width, height, later=0.5)[1::2]
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = stamp + offset, tick
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        duration_s = float(num_frames / rate) if times_s is None else times_s[-1] + 1 / fps
        for track, spec in zip(tracks, sounds, strict=True):
            _write_sound(container, track, spec, duration_s, audio_delay_s)
    return path


def _sound_track(container, spec: Sound):
    track = container.add_stream(spec.codec, rate=spec.sample_rate_hz, layout=spec.layout)
    track.metadata.update(
        {
            name: value
            for name, value in (("language", spec.language), ("title", spec.title))
            if value is not None
        }
    )
    track.disposition = av.stream.Disposition.default if spec.is_default else 0
    return track


def _write_sound(container, track, spec: Sound, duration_s: float, delay_s: float) -> None:
    samples = sound(spec, spec.duration_s or duration_s)
    num_channels = len(av.AudioLayout(spec.layout).channels)
    block = spec.sample_rate_hz // 10
    offset = round(delay_s * spec.sample_rate_hz)
    for start in range(0, len(samples), block):
        part = np.tile(samples[start : start + block], (num_channels, 1))
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=spec.layout)
        frame.sample_rate = spec.sample_rate_hz
        frame.pts, frame.time_base = start + offset, Fraction(1, spec.sample_rate_hz)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio (dB) of two uint8 arrays of one shape."""
    error = np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def click_times_s(samples: np.ndarray, sample_rate_hz: int) -> list[float]:
    """When the clicks of a sound (S,) begin."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    if not len(loud):
        return []
    first = np.concatenate([[True], np.diff(loud) > 0.1 * sample_rate_hz])
    return [float(i) / sample_rate_hz for i in loud[first]]
