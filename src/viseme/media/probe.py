"""What a recording is: its length, picture and sound, without reading it through."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.error import FFmpegError
from av.video.frame import VideoFrame

from viseme.errors import MediaError
from viseme.media.decode import decode
from viseme.media.picture import orientation, shown_size
from viseme.media.source import Source, end_s, open_source
from viseme.media.tracks import Track, TrackChoice, tracks, unchosen


@dataclass(frozen=True)
class VideoInfo:
    """The picture stream of a recording.

    Attributes:
        width: px, as shown (upright, with square pixels).
        height: px, as shown (upright, with square pixels).
        fps: average rate in Hz.
        rotation_deg: clockwise turn (0, 90, 180, 270) from stored to shown picture.
        codec: name of its coding, such as "h264".
        pix_fmt: stored pixel format, such as "yuv420p".
        interlaced: whether its pictures are made of two fields.
        num_frames: number of pictures, None if the file does not say.
    """

    width: int
    height: int
    fps: float
    rotation_deg: int
    codec: str
    pix_fmt: str
    interlaced: bool
    num_frames: int | None


@dataclass(frozen=True)
class AudioInfo:
    """The sound stream of a recording.

    Attributes:
        sample_rate_hz: samples per second.
        channels: how many it has.
        codec: name of its coding, such as "aac".
        track: its number among the sound tracks of its file, from 1.
        tracks: all of them.
    """

    sample_rate_hz: int
    channels: int
    codec: str
    track: int
    tracks: tuple[Track, ...]

    def remarks(self, audio_track: TrackChoice | None) -> list[str]:
        """What to tell whoever asked for `audio_track`: that there was a choice, if none."""
        if audio_track is not None or len(self.tracks) == 1:
            return []
        return [unchosen(self.tracks, self.track)]


@dataclass(frozen=True)
class MediaInfo:
    """One recording; `duration_s` counts from time zero, `video` or `audio` is None if missing."""

    path: Path
    duration_s: float
    video: VideoInfo | None
    audio: AudioInfo | None
    container: str


def probe(path: str | Path, audio_track: TrackChoice | None = None) -> MediaInfo:
    """Look into a recording and decode its first picture, or else its first sound.

    Args:
        path: the file.
        audio_track: which of several sound tracks, as for `iter_audio`.

    Raises:
        NoAudioError: it has sound, but not that track.
        MediaError: the file is missing, no recording, or damaged beyond use.
    """
    with open_source(path, audio_track) as source:
        if source.video is None and source.audio is None:
            raise MediaError(
                "holds neither picture nor sound", path=source.path, todo="Give a recording."
            )
        duration_s = _duration_s(source)
        audio = _audio_info(source) if source.audio is not None else None
        video = _video_info(source) if source.video is not None else None
        if video is None:
            next(decode(source, source.need_audio(), _ignore))
        return MediaInfo(source.path, duration_s, video, audio, source.container.format.name)


def _video_info(source: Source) -> VideoInfo:
    stream = source.need_video()
    num_frames = stream.frames or None
    rate = stream.average_rate or stream.guessed_rate
    frame: VideoFrame = next(decode(source, stream, _ignore))
    width, height = shown_size(frame, source.path)
    return VideoInfo(
        width=width,
        height=height,
        fps=float(rate or 0),
        rotation_deg=90 * orientation(frame)[0],
        codec=stream.codec_context.name,
        pix_fmt=frame.format.name,
        interlaced=bool(frame.interlaced_frame),
        num_frames=num_frames,
    )


def _audio_info(source: Source) -> AudioInfo:
    stream = source.need_audio()
    context = stream.codec_context
    streams = source.container.streams.audio
    number = 1 + [s.index for s in streams].index(stream.index)
    return AudioInfo(
        context.sample_rate, context.channels, context.name, number, tuple(tracks(streams))
    )


def _duration_s(source: Source) -> float:
    """The latest end of any stream as declared; counted packet by packet if nothing is declared."""
    streams = [s for s in (source.video, source.audio) if s is not None]
    ends = [e for s in streams if (e := end_s(source, s)) is not None]
    if not ends:
        ends = [e - source.zero_s for e in _packet_ends(source.path)]
    return float(max([Fraction(0), *ends]))


def _packet_ends(path: Path) -> Iterator[Fraction]:
    """Container time (s) at which each packet ends; one without a stamp follows that before it."""
    end_s: defaultdict[int, Fraction] = defaultdict(Fraction)
    # opened once more, as not every kind of file can be wound back
    with open_source(path) as source, suppress(FFmpegError, OSError):  # what can be read counts
        for packet in source.container.demux():
            if not packet.size or packet.stream.type not in ("video", "audio"):
                continue
            index, tick_s = packet.stream.index, packet.time_base or Fraction(0)
            begin_s = end_s[index] if packet.pts is None else packet.pts * tick_s
            end_s[index] = begin_s + (packet.duration or 0) * tick_s
            yield end_s[index]


def _ignore(message: str) -> None:
    """Looking in reports no remarks; reading does."""
