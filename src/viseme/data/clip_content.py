"""What a raw clip holds for training: the mouth in every frame, and the sound.

Also the rules by which a clip that can be read is not fit to be used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.data.cuts import AUDIO_RATE_HZ, HIGH_RATE_HZ, Cut, sounds_of, windows_of
from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip
from viseme.data.outcomes import UnfitError
from viseme.errors import MediaError, NoAudioError, NoFaceError, NoVideoError, VisemeError
from viseme.face.align import MOUTH_ROI_SIZE_PX
from viseme.face.crop import MouthBlock, mouth_rois
from viseme.face.quality import PictureWatch
from viseme.face.select import Selection
from viseme.face.tracker import FaceTracker
from viseme.media import TrackChoice, probe, read_audio, read_frames

MOST_ENLARGED = 1.5
LOST = ("few_pictures", "small_face")
"""What no training makes up for; dark or blurred lips may be wanted in a corpus."""


@dataclass(frozen=True)
class PrepareConfig:
    """Which clips are fit to train on, and whose mouth is cut out.

    Attributes:
        select: which of several faces: "largest", "speaking" or a number from the left.
        min_s: shortest clip, seconds.
        max_s: longest clip, seconds; longer recordings must be cut first.
        min_visible_share: of the frames; the face must be seen in so many.
        max_mismatch_s: by how much sound and picture may differ in length, seconds.
        audio_track: which of several sound tracks, by number or language; None for the file's own
            choice.
        cuts: what to cut besides mouth and sound.
    """

    select: Selection = "largest"
    min_s: float = 0.4
    max_s: float = 120.0
    min_visible_share: float = 0.75
    max_mismatch_s: float = 0.5
    audio_track: TrackChoice | None = None
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True)
class ClipContent:
    """What is kept of a clip.

    Attributes:
        rois: grey mouth ROIs (T, 96, 96) uint8 at 25 fps, black where the face is not visible.
        visible_share: of the frames, 0 to 1.
        audio: samples (S,) float32 at 16 kHz, or None where there is no sound.
        warnings: what the reader had to say about the files.
        cuts: what else was cut, by name.
    """

    rois: NDArray[np.uint8]
    visible_share: float
    audio: NDArray[np.float32] | None
    warnings: list[str] = field(default_factory=list)
    cuts: dict[str, NDArray[Any]] = field(default_factory=dict)


def read_clip(clip: Clip, config: PrepareConfig, tracker: FaceTracker) -> ClipContent:
    """Read and crop one raw clip.

    Raises:
        UnfitError: it cannot be read, has no face, or `config` does not accept it.
        VisemeError: not the clip's fault: the tracker cannot be had.
    """
    try:
        return _content(clip, config, tracker)
    except (MediaError, NoAudioError, NoFaceError) as error:
        raise UnfitError(_code(error), error.reason) from error


def _content(clip: Clip, config: PrepareConfig, tracker: FaceTracker) -> ClipContent:
    if clip.video is None:
        raise UnfitError("no_video", "its row names no video.")
    info = probe(clip.video, None if clip.audio is not None else config.audio_track)
    if info.video is None:
        raise NoVideoError("has no picture")
    end_s = info.duration_s if clip.end_s is None else min(clip.end_s, info.duration_s)
    _check_length(end_s - clip.start_s, config)
    warnings: list[str] = []
    window: dict[str, Any] = {"start_s": clip.start_s, "end_s": clip.end_s}
    heard = info if clip.audio is None else probe(clip.audio, config.audio_track)
    audio = None
    if heard.audio is not None:
        warnings += heard.audio.remarks(config.audio_track)
    listen = partial(read_audio, heard.path, audio_track=config.audio_track, **window)
    if heard.audio is not None or clip.audio is not None:
        audio = listen(sample_rate_hz=AUDIO_RATE_HZ, on_warning=warnings.append)
    frames = read_frames(clip.video, fps=VIDEO_FPS, on_warning=warnings.append, **window)
    block = _mouth(frames, config, tracker, audio, warnings)
    length_s = len(block) / VIDEO_FPS
    _check_length(length_s, config)
    if audio is not None:
        _check_sound(len(audio) / AUDIO_RATE_HZ, length_s, config)
    share = float(block.visible.mean())
    if share < config.min_visible_share:
        raise UnfitError("face_lost", f"the face is seen in only {share:.0%} of its frames.")
    if audio is not None and not len(audio):  # its file may end before the window begins
        audio = None
    at_high_rate = partial(listen, sample_rate_hz=HIGH_RATE_HZ)
    pictures = [cut.name for cut in config.cuts if cut.window is not None]
    cuts: dict[str, NDArray[Any]] = dict(zip(pictures, block.cuts, strict=True))
    cuts |= sounds_of(config.cuts, len(block), audio, at_high_rate)
    return ClipContent(block.rois, share, audio, [*warnings, *_too_small(block, config.cuts)], cuts)


def _too_small(block: MouthBlock, cuts: Sequence[Cut]) -> list[str]:
    """Which pictures had to be enlarged much, by the typical size of the mouth in the video."""
    edges = np.linalg.norm(block.quads[:, 1] - block.quads[:, 0], axis=1)
    scale = float(np.nanmedian(edges)) / MOUTH_ROI_SIZE_PX  # px of the video per mean-face px
    return [
        f"{cut.name} is enlarged {cut.size / (window.side_px * scale):.1f} times"
        for cut in cuts
        if (window := cut.window) and cut.size > MOST_ENLARGED * window.side_px * scale
    ]


def _mouth(
    frames: Iterator[NDArray[np.uint8]],
    config: PrepareConfig,
    tracker: FaceTracker,
    audio: NDArray[np.float32] | None,
    warnings: list[str],
) -> MouthBlock:
    """The mouth in all frames, if it can be read there; what makes that hard is remarked on."""
    watch = PictureWatch()
    try:
        block = mouth_rois(
            watch.passing(frames),
            fps=VIDEO_FPS,
            tracker=tracker,
            select=config.select,
            audio=audio,
            windows=windows_of(config.cuts),
        )
    except NoFaceError as error:
        raise watch.explained(error) from error
    for fault in watch.faults(block, VIDEO_FPS):
        if fault.code in LOST:
            raise UnfitError(fault.code, f"{fault.reason}.")
        warnings.append(fault.reason)
    return block


def _check_length(length_s: float, config: PrepareConfig) -> None:
    if length_s < config.min_s:
        raise UnfitError("too_short", f"lasts {length_s:.2f} s, less than {config.min_s:g} s.")
    if length_s > config.max_s:
        raise UnfitError(
            "too_long",
            f"lasts {length_s:.2f} s, more than {config.max_s:g} s; cut it into clips first.",
        )


def _check_sound(sound_s: float, picture_s: float, config: PrepareConfig) -> None:
    if abs(sound_s - picture_s) > config.max_mismatch_s:
        raise UnfitError(
            "length_mismatch",
            f"has {sound_s:.2f} s of sound for {picture_s:.2f} s of picture.",
        )


def _code(error: VisemeError) -> str:
    if isinstance(error, NoFaceError):
        return "no_face"
    if isinstance(error, NoAudioError):
        return "no_sound"
    return "no_video" if isinstance(error, NoVideoError) else "unreadable"
