"""`viseme demo`: read the lips in one clip, and show in a copy of it what was seen and read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.data.example import VIDEO_FPS
from viseme.errors import ConfigError
from viseme.face.crop import mouth_blocks
from viseme.face.tracker import FaceTracker, LandmarkTracker
from viseme.media import VideoWriter, iter_audio, probe, read_frames
from viseme.recognition.recognizer import Recognizer
from viseme.text import subtitles
from viseme.text.transcript import Transcript
from viseme.verbs.demo.overlay import Mouth, Overlay
from viseme.verbs.demo.still import Moment, moments_s, write_still
from viseme.verbs.transcribe import DEFAULT_MODEL, transcribe

CLIP = Path(__file__).with_name("demo.mp4")
"""Somebody who does not exist, rendered by the studio; docs/demo.md has the command."""
SENTENCE = "place red in h five now"
STILL = "demo.png"

_SOUND_RATE_HZ = 48_000


@dataclass(frozen=True)
class DemoReport:
    """What a demonstration read and where it put it.

    Attributes:
        clip: the video that was read.
        said: what is said in it, where that is known.
        transcript: what was read, with word times, confidence and real-time factor.
        subtitles: the SRT file.
        record: the transcript as JSON.
        video: the copy of the clip with mouth, ROI and subtitles drawn in.
        still: one picture of three moments.
    """

    clip: Path
    said: str | None
    transcript: Transcript
    subtitles: Path
    record: Path
    video: Path
    still: Path


def demo(
    clip: str | Path | None,
    out: str | Path,
    *,
    model: str | Path | Recognizer = DEFAULT_MODEL,
    device: str = "auto",
    tracker: FaceTracker | None = None,
) -> DemoReport:
    """Read the lips in a clip and draw what was seen and read.

    Args:
        clip: a video with a face; None takes the clip that viseme brings along.
        out: folder for the files, made if missing.
        model: name of a bundled model, a model folder, or a loaded model; it must read video.
        device: "auto", "cpu" or "cuda".
        tracker: what finds the face; None for the default one.

    Raises:
        VisemeError: the clip cannot be read or shows no face, or the model is unusable.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path, said = (CLIP, SENTENCE) if clip is None else (Path(clip), None)
    names = {suffix: out / f"{path.stem}.{suffix}" for suffix in ("srt", "json", "mp4")}
    if names["mp4"].resolve() == path.resolve():
        raise ConfigError("would be overwritten", path=path, todo="Give another folder to --out.")
    tracker = tracker or LandmarkTracker()
    transcript = transcribe(path, model=model, mode="video", device=device, tracker=tracker)
    for format in ("srt", "json"):
        subtitles.write(transcript, names[format], format)
    moments = write_annotated(path, transcript, names["mp4"], tracker)
    write_still(out / STILL, moments, transcript)
    return DemoReport(
        path, said, transcript, names["srt"], names["json"], names["mp4"], out / STILL
    )


def write_annotated(
    clip: Path, transcript: Transcript, path: Path, tracker: FaceTracker
) -> list[Moment]:
    """Write a copy of the clip at 25 pictures per second with all that is to be seen drawn in.

    The sound, if any, stays (as one channel). Memory does not grow with the clip.

    Returns:
        The moments for the still, one at least, without drawings.
    """
    has_sound = probe(clip).audio is not None
    sound = iter_audio(clip, block_s=1 / VIDEO_FPS, sample_rate_hz=_SOUND_RATE_HZ)
    overlay = Overlay(transcript)
    wanted = {round(time_s * VIDEO_FPS) for time_s in moments_s(transcript)}
    moments: list[Moment] = []
    with VideoWriter(path, VIDEO_FPS, _SOUND_RATE_HZ if has_sound else None) as writer:
        for number, (picture, mouth) in enumerate(_seen(clip, tracker)):
            time_s = number / VIDEO_FPS
            writer.write_frame(overlay.draw(picture, time_s, mouth))
            moment = Moment(picture, mouth, overlay.word_at(time_s))
            if number in wanted:
                moments.append(moment)
            if has_sound and (block := next(sound, None)) is not None:
                writer.write_audio(block)
        for block in sound if has_sound else ():
            writer.write_audio(block)
    return moments or [moment]


def _seen(clip: Path, tracker: FaceTracker) -> Iterator[tuple[NDArray[np.uint8], Mouth | None]]:
    """The pictures of a clip with the mouth in each.

    The clip is decoded twice, once for the tracker, which looks ahead by a block, and once to be
    drawn on: that costs less memory than keeping a block of pictures.
    """
    pictures = read_frames(clip, fps=VIDEO_FPS, on_warning=_ignore)
    watched = read_frames(clip, fps=VIDEO_FPS, on_warning=_ignore)
    for block in mouth_blocks(watched, fps=VIDEO_FPS, tracker=tracker):
        for quad, roi, visible in zip(block.quads, block.rois, block.visible, strict=True):
            yield next(pictures), Mouth(quad, roi) if visible else None


def _ignore(message: str) -> None:
    """The transcript has the remarks already."""
