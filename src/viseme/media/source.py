"""Opening a recording: every refusal a file can meet before anything is decoded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from viseme.errors import MediaError, NoAudioError, NoVideoError
from viseme.media.tracks import TrackChoice, chosen, preferred

MAX_SIDE_PX = 16_384
MAX_AREA_PX = 8192 * 8192

MISSING_END_S = 0.5
"""A stream that ends this much before it was to end is remarked on."""

MAX_LEAD_S = Fraction(1, 10)
"""Sound this far ahead of the first picture is a container's habit, not part of the recording."""

# Playlists name other files; stills and text are no recordings. The library would read them all.
REFUSED_FORMATS = {"concat", "dash", "hls", "image2", "lrc", "srt", "tty", "webvtt"}


@dataclass(frozen=True)
class Source:
    """An open recording.

    Attributes:
        path: the file.
        container: the open demultiplexer.
        zero_s: the container time that is time zero of both picture and sound.
        audio: the sound stream that was chosen, if any.
    """

    path: Path
    container: InputContainer
    zero_s: Fraction
    audio: AudioStream | None

    @property
    def video(self) -> VideoStream | None:
        """The picture stream, if any; cover art is none."""
        return preferred(s for s in self.container.streams.video if not _is_cover(s))

    def need_video(self) -> VideoStream:
        """The picture stream, or the reason why it cannot be read."""
        stream = self.video
        if stream is None:
            raise NoVideoError(
                "has no picture", path=self.path, todo="Give a video, or read its sound instead."
            )
        _need_decoder(stream, self.path)
        check_size(stream.codec_context.width, stream.codec_context.height, self.path)
        return stream

    def need_audio(self) -> AudioStream:
        """The sound stream, or the reason why it cannot be read."""
        stream = self.audio
        if stream is None:
            raise NoAudioError(
                "has no sound", path=self.path, todo="Give a recording with an audio track."
            )
        _need_decoder(stream, self.path)
        return stream


@contextmanager
def open_source(path: str | Path, audio_track: TrackChoice | None = None) -> Iterator[Source]:
    """Open a recording for reading and close it afterwards.

    Raises:
        MediaError: missing, a folder, empty, unreadable, not a recording, without that track.
    """
    path = Path(path)
    check_file(path)
    try:
        container = av.open(
            str(path.absolute()),  # a name such as 10:15.mp4 would be taken for a protocol
            metadata_errors="replace",
            options={"max_pixels": str(MAX_AREA_PX)},
            container_options={"protocol_whitelist": "file"},
        )
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            "cannot be read as video or audio",
            path=path,
            todo="It may be cut off, damaged or of another kind; try to play it.",
        ) from error
    with container:
        check_format(container.format.name, path)
        audio = chosen(container.streams.audio, audio_track, path)
        yield Source(path, container, _zero(container), audio)


def check_file(path: Path) -> None:
    """Refuse what cannot be a recording, without opening it."""
    try:
        if not path.exists():
            raise MediaError("does not exist", path=path, todo="Check the name.")
        if path.is_dir():
            raise MediaError("is a folder", path=path, todo="Give one file.")
        if not path.is_file():
            raise MediaError("is not a regular file", path=path, todo="Copy it to a file first.")
        if path.stat().st_size == 0:
            raise MediaError("is empty", path=path, todo="Copy or record it again.")
        with path.open("rb"):
            pass
    except OSError as error:
        raise MediaError(
            f"cannot be opened ({error.strerror})", path=path, todo="Check its permissions."
        ) from error


def check_format(name: str, path: Path) -> None:
    """Refuse text, stills and playlists, which the media library would accept."""
    if REFUSED_FORMATS & set(name.split(",")) or name.endswith("_pipe"):
        raise MediaError(
            f"is a still image, text or playlist ({name})",
            path=path,
            todo="Give a video or audio recording.",
        )


def check_size(width: int, height: int, path: Path) -> None:
    """Refuse a declared picture size that is none or would exhaust the memory."""
    if min(width, height) < 1 or max(width, height) > MAX_SIDE_PX or width * height > MAX_AREA_PX:
        # The library reports 0x0 for a size that it was told to refuse.
        size = f"of {width}x{height} px" if width and height else "of no size or far too large"
        raise MediaError(
            f"declares pictures {size}; at most {MAX_SIDE_PX} px a side, {MAX_AREA_PX} px in all",
            path=path,
            todo="If it is not damaged, scale it down first.",
        )


def start_s(stream: Stream) -> Fraction | None:
    """Container time (s) at which a stream starts, if its file says so."""
    if stream.start_time is None or stream.time_base is None:
        return None
    return stream.start_time * stream.time_base


def end_s(source: Source, stream: Stream) -> Fraction | None:
    """Time (s from time zero) at which a stream, or else the whole file, is declared to end."""
    container = source.container
    if stream.duration is not None and stream.time_base is not None:
        end = (start_s(stream) or Fraction(0)) + stream.duration * stream.time_base
    elif container.duration is not None:
        end = Fraction((container.start_time or 0) + container.duration, av.time_base)
    else:
        return None
    return end - source.zero_s


def check_end(
    source: Source, stream: Stream, read_s: Fraction, on_warning: Callable[[str], None]
) -> None:
    """Remark that a stream, read to its end at `read_s`, stops before its file says."""
    declared_s = end_s(source, stream)
    if declared_s is not None and declared_s - read_s > MISSING_END_S:
        on_warning(
            f"{source.path.name}: {stream.type} ends at {float(read_s):.2f} s of the declared "
            f"{float(declared_s):.2f} s; the file may be cut off"
        )


def _zero(container: InputContainer) -> Fraction:
    """Time zero: the first picture, unless the sound starts well before it; else the first sound.

    The first picture and not the container's start, so that output times fall on pictures.
    """
    pictures = [start_s(s) for s in container.streams.video if not _is_cover(s)]
    sounds = [start_s(s) for s in container.streams.audio]
    first_picture = min((t for t in pictures if t is not None), default=None)
    first_sound = min((t for t in sounds if t is not None), default=None)
    if first_picture is None:
        return first_sound or Fraction(0)
    if first_sound is not None and first_picture - first_sound > MAX_LEAD_S:
        return first_sound
    return first_picture


def _is_cover(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _need_decoder(stream: VideoStream | AudioStream, path: Path) -> None:
    if stream.codec_context is None:
        raise MediaError(
            f"holds {stream.type} in a format that cannot be decoded here",
            path=path,
            todo="Convert it, for example to H.264 and AAC in mp4.",
        )
