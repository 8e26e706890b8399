"""What `viseme prepare` cuts out of a clip besides the mouth and the sound for recognisers.

    face:SIZE    brows to chin, colour, SIZE x SIZE px at 25 fps
    head:SIZE    hair to neck, likewise
    sound:24000  samples at 24 kHz, 960 a frame
    mel:16000, mel:24000   log-mel spectrograms of either sound, 4 frames for each of the video

All are aligned to the frames of the mouth ROIs; pictures are stabilised as these are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme.audio.mel import MELS, log_mel
from viseme.data.example import VIDEO_FPS
from viseme.data.inputs import fit_audio
from viseme.data.manifest import Clip
from viseme.errors import ConfigError, ManifestError
from viseme.face.align import FACE_CENTRE, FACE_SIDE_PX, HEAD_CENTRE, HEAD_SIDE_PX, FaceWindow
from viseme.files import atomic_write
from viseme.media import read_audio, read_frames, write_audio, write_video

ALWAYS = ("mouth", "sound:16000")
_WINDOWS = {"face": (FACE_CENTRE, FACE_SIDE_PX), "head": (HEAD_CENTRE, HEAD_SIDE_PX)}
_SMALLEST_PX, _LARGEST_PX = 32, 512
AUDIO_RATE_HZ, HIGH_RATE_HZ = 16_000, 24_000
_CRF = 12
"""Of the pictures' H.264; docs/data.md has what it costs."""
_OFFERED = (
    f"face:SIZE and head:SIZE with an even SIZE of {_SMALLEST_PX} to {_LARGEST_PX} px, "
    f"sound:{HIGH_RATE_HZ}, " + ", ".join(f"mel:{rate}" for rate in MELS)
)


@dataclass(frozen=True)
class Cut:
    """One thing to cut.

    Attributes:
        kind: "face", "head", "sound" or "mel".
        size: px of pictures, Hz of sound.
    """

    kind: str
    size: int

    @property
    def name(self) -> str:
        """As the command line and the manifest have it."""
        return f"{self.kind}:{self.size}"

    @property
    def window(self) -> FaceWindow | None:
        """Where it lies in a face; None for sound."""
        if self.kind not in _WINDOWS:
            return None
        centre, side_px = _WINDOWS[self.kind]
        return FaceWindow(centre, side_px, self.size)

    def path(self, out: Path, clip_id: str) -> Path:
        """The clip's file in a prepared corpus."""
        ending = {"sound": "flac", "mel": "npy"}.get(self.kind, "mp4")
        return out / f"{self.kind}-{self.size}" / f"{clip_id}.{ending}"


def parse_cuts(texts: Sequence[str]) -> tuple[Cut, ...]:
    """The cuts of these names, each once; what is always cut may be among them.

    Raises:
        ConfigError: as `parse_cut`.
    """
    return tuple(dict.fromkeys(parse_cut(text) for text in texts if text not in ALWAYS))


def parse_cut(text: str) -> Cut:
    """A cut from text such as "face:128".

    Raises:
        ConfigError: there is no such cut, or not at that size.
    """
    kind, _, size = text.partition(":")
    try:
        cut = Cut(kind, int(size))
    except ValueError:
        cut = Cut(kind, 0)
    fits = {
        "face": _SMALLEST_PX <= cut.size <= _LARGEST_PX and cut.size % 2 == 0,
        "sound": cut.size == HIGH_RATE_HZ,
        "mel": cut.size in MELS,
    }
    fits["head"] = fits["face"]
    if not fits.get(kind):
        raise ConfigError(f"{text!r} cannot be cut", todo=f"Choose of: {_OFFERED}.")
    return cut


def windows_of(cuts: Sequence[Cut]) -> list[FaceWindow]:
    """The windows of those that are pictures, in order."""
    return [window for cut in cuts if (window := cut.window) is not None]


def sounds_of(
    cuts: Sequence[Cut],
    num_frames: int,
    audio: NDArray[np.float32] | None,
    at_high_rate: Callable[[], NDArray[np.float32]],
) -> dict[str, NDArray[np.float32]]:
    """Sound and spectrograms by name, exactly as long as the picture; none of a silent clip.

    Args:
        cuts: pictures among them are left out.
        num_frames: of the picture.
        audio: the clip's samples at 16 kHz, or None.
        at_high_rate: reads them at 24 kHz; called at most once.
    """
    wanted = [cut for cut in cuts if cut.window is None]
    if audio is None or not wanted:
        return {}
    by_rate = {AUDIO_RATE_HZ: audio}
    if any(cut.size == HIGH_RATE_HZ for cut in wanted):
        by_rate[HIGH_RATE_HZ] = at_high_rate()
    made = {}
    for cut in wanted:
        samples = fit_audio(by_rate[cut.size], num_frames, cut.size // VIDEO_FPS)
        made[cut.name] = samples if cut.kind == "sound" else log_mel(samples, MELS[cut.size])
    return made


def write_cut(path: Path, cut: Cut, content: NDArray[Any]) -> None:
    """Write pictures (T, size, size, 3), samples (S,), or a spectrogram (M, F) in half precision.

    Raises:
        OutputError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if cut.window is not None:
        write_video(path, content, VIDEO_FPS, crf=_CRF)
    elif cut.kind == "sound":
        write_audio(path, content, cut.size)
    else:
        with atomic_write(path, "wb") as out:
            np.save(out, content.astype(np.float16))


def load_cut(clip: Clip, name: str) -> NDArray[Any]:
    """What was cut out of a prepared clip: uint8 (T, size, size, 3), or float32 (S,) or (M, F).

    Raises:
        ManifestError: the row has no such cut.
        MediaError: its file is missing or damaged.
    """
    cut = parse_cut(name)
    if name not in clip.cuts:
        raise ManifestError(
            f"clip {clip.id!r} has no {name}", todo=f"Run `viseme prepare --cut {name}` on it."
        )
    path = clip.cuts[name]
    if cut.window is not None:
        return np.stack(list(read_frames(path, fps=None)))
    if cut.kind == "sound":
        return read_audio(path, sample_rate_hz=cut.size)
    try:
        spectrogram: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ManifestError(f"is no spectrogram ({error})", path=path) from error
    return spectrogram.astype(np.float32)
