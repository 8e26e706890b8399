"""Writing video and sound files."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
import soundfile
from av.container import OutputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from viseme.errors import MediaError
from viseme.files import FULL
from viseme.media.atomic import replacing
from viseme.media.encode import LOSSLESS_CODECS, VIDEO_CODECS, AudioTrack, VideoTrack
from viseme.media.timeline import as_fps


class VideoWriter:
    """Writes a video picture by picture; the file appears when the `with` block ends well.

    Sound and pictures may be written in any order, but memory stays bounded only if neither runs
    far ahead. See `encode.VideoTrack` for odd sizes.

    Args:
        path: the file; its suffix chooses the container (mp4, mkv, webm, avi, mov).
        fps: pictures per second.
        sample_rate_hz: rate of the sound that will be written; None for a silent video.
        codec: "h264", "h265", "vp9" or "ffv1".
        crf: quality of a lossy codec, lower is better.
        lossless: keep every pixel exactly (h264, ffv1); ffv1 always does.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float,
        sample_rate_hz: int | None = None,
        *,
        codec: str = "h264",
        crf: int = 18,
        lossless: bool = False,
    ) -> None:
        self.path, self._fps, self._sample_rate_hz = Path(path), as_fps(fps), sample_rate_hz
        self._codec, self._crf, self._lossless = codec, crf, lossless or codec == "ffv1"
        if codec not in VIDEO_CODECS or (self._lossless and (codec, "rgb") not in LOSSLESS_CODECS):
            kind = "lossless codec" if self._lossless else "codec"
            known = {name for name, _ in LOSSLESS_CODECS} if self._lossless else set(VIDEO_CODECS)
            raise MediaError(f"{codec!r} is no {kind} here", todo=f"Take one of {sorted(known)}.")
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        self._early: list[NDArray[np.floating]] = []

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._container = self._stack.enter_context(open_output(self.path))
        self._stack.push(self._finish)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write_frame(self, picture: NDArray[np.uint8]) -> None:
        """Add a picture, RGB (H, W, 3) or grey (H, W) uint8; all must be alike."""
        if picture.dtype != np.uint8 or not (picture.ndim == 2 or picture.shape[2:] == (3,)):
            what = f"cannot hold a picture {picture.shape} of {picture.dtype}"
            raise MediaError(what, path=self.path, todo="Give (H, W, 3) or (H, W) uint8.")
        if self._video is None:
            self._start(picture)
        assert self._video is not None
        if picture.shape != self._video.shape:
            what = f"got a picture {picture.shape} after {self._video.shape}"
            raise MediaError(what, path=self.path, todo="Give pictures of one size.")
        self._container.mux(list(self._video.write(picture)))

    def write_audio(self, samples: NDArray[np.floating]) -> None:
        """Add one channel of samples (S,) in [-1, 1]; louder ones are clipped."""
        if self._sample_rate_hz is None:
            raise MediaError(
                "was opened without sound", path=self.path, todo="Give sample_rate_hz."
            )
        if self._audio is None:
            self._early.append(samples)  # no track can start before the picture's size is known
        else:
            self._container.mux(list(self._audio.write(samples)))

    def _start(self, first: NDArray[np.uint8]) -> None:
        self._video = VideoTrack(
            self._container, first, self._fps, self._codec, self._crf, self._lossless
        )
        if self._sample_rate_hz is not None:
            self._audio = AudioTrack(self._container, self._sample_rate_hz)
            for samples in self._early:
                self.write_audio(samples)
            self._early.clear()

    def _finish(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        if self._video is None:
            raise MediaError("was given no picture", path=self.path, todo="Write one at least.")
        for track in (self._video, self._audio):
            if track is not None:
                self._container.mux(list(track.close()))


def write_video(
    path: str | Path,
    frames: Iterable[NDArray[np.uint8]],
    fps: float,
    audio: NDArray[np.floating] | None = None,
    sample_rate_hz: int = 16_000,
    *,
    codec: str = "h264",
    crf: int = 18,
    lossless: bool = False,
) -> None:
    """Write pictures, and sound (S,) if any, to a file; arguments as `VideoWriter`."""
    sound = np.zeros(0, np.float32) if audio is None else audio
    rate = None if audio is None else sample_rate_hz
    num_written = 0
    with VideoWriter(path, fps, rate, codec=codec, crf=crf, lossless=lossless) as writer:
        for i, frame in enumerate(frames, start=1):
            writer.write_frame(frame)
            upto = round(i * sample_rate_hz / fps)
            if len(sound[num_written:upto]):
                writer.write_audio(sound[num_written:upto])
            num_written = upto
        if len(sound[num_written:]):
            writer.write_audio(sound[num_written:])


def write_audio(path: str | Path, samples: NDArray[np.floating], sample_rate_hz: int) -> None:
    """Write samples (S,) in [-1, 1] to a wav, flac, ogg or mp3 file, by its suffix."""
    path = Path(path)
    content = BytesIO()  # to be written by Python, which can tell why a disk refuses it
    with replacing(path) as temporary:
        try:
            kind = path.suffix.removeprefix(".")
            soundfile.write(content, np.clip(samples, -1, 1), sample_rate_hz, format=kind)
        except (soundfile.LibsndfileError, TypeError, ValueError) as error:
            reason = getattr(error, "error_string", "no known kind of file").rstrip(".")
            what = f"cannot be written as sound ({reason})"
            todo = "Name it .wav, .flac, .ogg or .mp3, and take a rate it can have."
            raise MediaError(what, path=path, todo=todo) from error
        temporary.write_bytes(content.getbuffer())


@contextmanager
def open_output(path: str | Path) -> Iterator[OutputContainer]:
    """Open a container for writing; `path` appears when the block ends well."""
    path = Path(path)
    # The index in front lets a file that is cut off later be read as far as it goes.
    options = {"movflags": "+faststart"} if path.suffix.lower() in (".mp4", ".mov", ".m4v") else {}
    todo = "Name it .mp4, .mkv, .webm, .avi or .mov, and take a codec that fits."
    with replacing(path) as temporary:
        try:
            # absolute, as a folder such as 10:15 would be taken for a protocol
            with av.open(str(temporary.absolute()), "w", options=options) as container:
                yield container
        except (FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            raise MediaError(f"cannot be written ({error})", path=path, todo=todo) from error
