"""The picture and the sound track of a file that is being written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray


@dataclass(frozen=True)
class VideoCodec:
    """How one codec is asked for: the encoder, its pixel format and its fixed options."""

    encoder: str
    pix_fmt: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)


VIDEO_CODECS = {
    "h264": VideoCodec("libx264"),
    "h265": VideoCodec("libx265", options={"x265-params": "log-level=none"}),
    "vp9": VideoCodec("libvpx-vp9", options={"b": "0"}),
    "ffv1": VideoCodec("ffv1", "bgr0"),
}
# Colours survive only in RGB; grey is stored as full-range luminance, which is exact.
LOSSLESS_CODECS = {
    ("h264", "rgb"): VideoCodec("libx264rgb", "rgb24", {"qp": "0"}),
    ("h264", "grey"): VideoCodec("libx264", "gray", {"qp": "0"}),
    ("ffv1", "rgb"): VideoCodec("ffv1", "bgr0"),
    ("ffv1", "grey"): VideoCodec("ffv1", "gray"),
}
# What each kind of file plays everywhere with; the others get AAC.
AUDIO_ENCODERS = {"webm": "libopus", "avi": "pcm_s16le", "mpeg": "mp2"}
OPUS_RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)

BT709 = 1
LIMITED_RANGE, FULL_RANGE = 1, 2


class VideoTrack:
    """Encodes pictures (H, W, 3) or (H, W) uint8, all of one size, one after another.

    Where the codec halves its colour planes (all but the lossless ones), an odd width or height is
    made even by repeating the last column or row.
    """

    def __init__(
        self,
        container: OutputContainer,
        first: NDArray[np.uint8],
        fps: Fraction,
        codec: str,
        crf: int,
        lossless: bool,
    ) -> None:
        self.shape, self._fps, self._num_frames = first.shape, fps, 0
        self._scaler = VideoReformatter()  # slow to make, so one for all frames
        colour = "rgb" if first.ndim == 3 else "grey"
        chosen = LOSSLESS_CODECS[codec, colour] if lossless else VIDEO_CODECS[codec]
        self._pads = chosen.pix_fmt == "yuv420p"
        options = dict(chosen.options)
        if self._pads:
            options["crf"] = str(crf)
        if container.format.name == "avi":
            options["bf"] = "0"  # it cannot store the times of reordered pictures
        height, width = first.shape[:2]
        self.stream = cast(
            VideoStream, container.add_stream(chosen.encoder, rate=fps, options=options)
        )
        self.stream.width = width + (width % 2 if self._pads else 0)
        self.stream.height = height + (height % 2 if self._pads else 0)
        self.stream.pix_fmt = chosen.pix_fmt
        context = self.stream.codec_context
        context.color_range = LIMITED_RANGE if self._pads else FULL_RANGE
        if self._pads:
            context.colorspace = context.color_primaries = context.color_trc = BT709

    def write(self, picture: NDArray[np.uint8]) -> Iterator[Packet]:
        """Packets that the next picture completes."""
        frame = self._frame(picture)
        frame.pts, frame.time_base = self._num_frames, 1 / self._fps
        self._num_frames += 1
        yield from self.stream.encode(frame)

    def close(self) -> Iterator[Packet]:
        """The last packets."""
        yield from self.stream.encode(None)

    def _frame(self, picture: NDArray[np.uint8]) -> VideoFrame:
        form = "rgb24" if picture.ndim == 3 else "gray"
        if not self._pads:
            return VideoFrame.from_ndarray(np.ascontiguousarray(picture), form)
        odd = [(0, size % 2) for size in picture.shape[:2]] + [(0, 0)] * (picture.ndim - 2)
        frame = VideoFrame.from_ndarray(np.pad(picture, odd, mode="edge"), form)
        return self._scaler.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=LIMITED_RANGE,
            threads=1,  # on a busy machine, waiting for others takes longer than the work
        )


class AudioTrack:
    """Encodes one channel of samples (S,) float in [-1, 1], block after block."""

    def __init__(self, container: OutputContainer, sample_rate_hz: int) -> None:
        self._rate, self._num_samples = sample_rate_hz, 0
        encoder = AUDIO_ENCODERS.get(container.format.name, "aac")
        rate = sample_rate_hz
        if encoder == "libopus":
            rate = min((r for r in OPUS_RATES_HZ if r >= rate), default=OPUS_RATES_HZ[-1])
        self.stream = cast(AudioStream, container.add_stream(encoder, rate=rate, layout="mono"))

    @property
    def written_s(self) -> Fraction:
        """Length of the sound so far."""
        return Fraction(self._num_samples, self._rate)

    def write(self, samples: NDArray[np.floating]) -> Iterator[Packet]:
        """Packets that the next samples complete."""
        if not len(samples):
            return
        clipped = np.clip(samples, -1, 1).astype(np.float32)
        frame = AudioFrame.from_ndarray(clipped[None], format="fltp", layout="mono")
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._num_samples, Fraction(1, self._rate)
        self._num_samples += len(samples)
        yield from self.stream.encode(frame)

    def close(self) -> Iterator[Packet]:
        """The last packets."""
        yield from self.stream.encode(None)
