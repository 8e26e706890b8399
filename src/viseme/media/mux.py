"""Joining a picture and a sound without touching the picture."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from viseme.errors import MediaError
from viseme.media.audio import iter_audio
from viseme.media.decode import NO_PRESENTATION_TIMES
from viseme.media.encode import AudioTrack
from viseme.media.probe import probe
from viseme.media.source import Source, open_source
from viseme.media.write import open_output

# Sound is encoded this far ahead of the picture, so that players need not search for it.
LEAD_S = Fraction(1, 2)
# The others take the shape of pixels from the codec alone.
STORES_ASPECT = {"mp4", "mov"}


def mux(
    video_path: str | Path,
    audio: str | Path | NDArray[np.floating],
    out_path: str | Path,
    *,
    sample_rate_hz: int = 16_000,
) -> None:
    """Write the picture of one file with another sound, copying the picture's packets.

    Args:
        video_path: where the picture comes from; its own sound is left out.
        audio: samples (S,) in [-1, 1], or a file whose sound is taken as one channel at its rate.
        out_path: the new file; time zero of picture and sound coincide.
        sample_rate_hz: rate of `audio` if that is samples.

    Raises:
        MediaError: either file cannot be read, or the container cannot hold the picture's codec.
    """
    if isinstance(audio, (str, Path)):
        info = probe(audio).audio
        sample_rate_hz = info.sample_rate_hz if info is not None else sample_rate_hz
        blocks = iter_audio(audio, sample_rate_hz=sample_rate_hz)
    else:
        blocks = iter(np.array_split(audio, range(sample_rate_hz, len(audio), sample_rate_hz)))
    with open_source(video_path) as source, open_output(out_path) as container:
        _need_times(source)
        # opaque: the copy must not ask for an encoder of the picture's codec
        video = container.add_stream_from_template(source.need_video(), opaque=True)
        _keep_aspect(source, video, container)
        track = AudioTrack(container, sample_rate_hz)
        for packet in _copied(source):
            packet.stream = video
            at_s = (packet.dts or 0) * (packet.time_base or 0)
            _write_sound(container, track, blocks, at_s + LEAD_S)
            container.mux(packet)
        _write_sound(container, track, blocks, None)
        container.mux(list(track.close()))


def _need_times(source: Source) -> None:
    """Refuse a picture whose packets do not say when they are shown."""
    unordered = bool(source.need_video().codec_context.has_b_frames)
    if unordered and source.container.format.name in NO_PRESENTATION_TIMES:
        raise MediaError(
            "does not store when its pictures are shown, so they cannot be copied",
            path=source.path,
            todo="Convert it first, for example to mp4.",
        )


def _keep_aspect(source: Source, copy: VideoStream, container: OutputContainer) -> None:
    """Hand on the shape of the pixels that only the container of the source knows."""
    stream = source.need_video()
    aspect = stream.sample_aspect_ratio
    if aspect in (None, 1, stream.codec_context.sample_aspect_ratio):
        return
    if container.format.name not in STORES_ASPECT:
        raise MediaError(
            f"has pixels {float(aspect):.3g} times as wide as high, which a "
            f"{container.format.name} file cannot be told here",
            path=source.path,
            todo="Name the new file .mp4 or .mov.",
        )
    copy.codec_context.sample_aspect_ratio = aspect


def _copied(source: Source) -> Iterator[Packet]:
    """The picture's packets, moved so that its time zero is 0."""
    for packet in source.container.demux(source.need_video()):
        if not packet.size:
            continue
        shift = round(source.zero_s / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        yield packet


def _write_sound(
    container: OutputContainer,
    track: AudioTrack,
    blocks: Iterator[NDArray[np.floating]],
    until_s: Fraction | None,
) -> None:
    """Encode blocks until the sound reaches `until_s`, or all of them."""
    while until_s is None or track.written_s < until_s:
        block = next(blocks, None)
        if block is None:
            return
        container.mux(list(track.write(block)))
