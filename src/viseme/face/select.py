"""Which of several faces is read."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viseme.errors import ConfigError
from viseme.face.mouth_track import MouthTrack

Selection = Literal["largest", "speaking"] | int
"""The largest face, the one that speaks, or the n-th from the left, counted from 0."""

AUDIO_RATE_HZ = 16_000

_MIN_SHARE = 0.1
_MAX_LAG_FRAMES = 1
_SYLLABLE_FRAMES = 9
_AGREEMENT_WEIGHT = 8.0


def check_selection(select: Selection) -> None:
    """Refuse what is not a selection.

    Raises:
        ConfigError: it is neither of the words nor a number from 0.
    """
    if select in ("largest", "speaking") or (type(select) is int and select >= 0):
        return
    raise ConfigError(
        f"no way to select a face: {select!r}",
        todo="Use largest, speaking, or a number that counts the faces from the left, from 0.",
    )


def counted(tracks: Mapping[int, MouthTrack]) -> dict[int, MouthTrack]:
    """The tracks that are more than a glimpse: a tenth as long visible as the longest one."""
    frames = {track_id: int(track.visible.sum()) for track_id, track in tracks.items()}
    enough = max(1, _MIN_SHARE * max(frames.values(), default=0))
    return {track_id: tracks[track_id] for track_id in sorted(tracks) if frames[track_id] >= enough}


def choose(
    tracks: Mapping[int, MouthTrack], select: Selection, envelope: NDArray[np.floating] | None
) -> int | None:
    """Number of the selected track, None if there is none.

    Args:
        tracks: tracks of the same T frames by their number, each visible somewhere.
        select: what is looked for.
        envelope: loudness (T,) of the sound, or None if there is no sound.
    """
    if not tracks:
        return None
    if isinstance(select, int):
        across = sorted(tracks, key=lambda track_id: _centre_x(tracks[track_id]))
        return across[select] if select < len(across) else None
    rank = _size if select == "largest" else lambda track: _speaking(track, envelope)
    return max(tracks, key=lambda track_id: rank(tracks[track_id]))


def loudness(audio: NDArray[np.floating], start: int, stop: int, fps: float) -> NDArray[np.float64]:
    """Level in dB of the frames from `start` to `stop` in sound of AUDIO_RATE_HZ."""
    edges = np.rint(np.arange(start, stop + 1) * AUDIO_RATE_HZ / fps).astype(int)
    part = np.asarray(audio[edges[0] : edges[-1]], np.float64)
    power = np.concatenate([part**2, np.zeros(edges[-1] - edges[0] - len(part))])
    total = np.concatenate([[0.0], power.cumsum()])[edges - edges[0]]
    return 10 * np.log10(np.diff(total) / np.diff(edges) + 1e-6)


def _centre_x(track: MouthTrack) -> float:
    return float(np.median(track.boxes[track.visible][:, [0, 2]].mean(1)))


def _size(track: MouthTrack) -> float:
    boxes = track.boxes[track.visible]
    return float(np.median((boxes[:, 2:] - boxes[:, :2]).prod(1)) * track.visible.mean())


def _speaking(track: MouthTrack, envelope: NDArray[np.floating] | None) -> float:
    """How much the lips move, weighed by how well they open in time with the sound."""
    steps = np.abs(np.diff(track.openings))[track.visible[1:] & track.visible[:-1]]
    motion = float(steps.sum()) / len(track.openings)
    if envelope is None:
        return motion
    return motion * float(np.exp(_AGREEMENT_WEIGHT * _agreement(track, envelope)))


def _agreement(track: MouthTrack, envelope: NDArray[np.floating]) -> float:
    """Highest correlation of lip opening and loudness over small shifts between them.

    Their slow parts are taken away first: that somebody speaks is the same for all faces that do,
    syllables differ.
    """
    if len(envelope) <= _SYLLABLE_FRAMES:
        return 0.0
    lips = _fast_part(np.where(track.visible, track.openings, 0.0))
    sound, best = _fast_part(envelope), 0.0
    for lag in range(-_MAX_LAG_FRAMES, _MAX_LAG_FRAMES + 1):
        seen = np.roll(track.visible, -lag)[_MAX_LAG_FRAMES:-_MAX_LAG_FRAMES]
        x = np.roll(lips, -lag)[_MAX_LAG_FRAMES:-_MAX_LAG_FRAMES][seen]
        y = sound[_MAX_LAG_FRAMES:-_MAX_LAG_FRAMES][seen]
        if len(x) > 2 and x.std() > 0 and y.std() > 0:
            best = max(best, float(np.corrcoef(x, y)[0, 1]))
    return best


def _fast_part(line: NDArray[np.floating]) -> NDArray[np.floating]:
    """The line (T,) without its moving average over _SYLLABLE_FRAMES, which T exceeds."""
    kernel = np.ones(_SYLLABLE_FRAMES)
    count = np.convolve(np.ones(len(line)), kernel, "same")
    return line - np.convolve(line, kernel, "same") / count
