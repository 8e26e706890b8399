"""Under what a model is tested: clean, or with a noise at a level; the same for every model."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.audio.noise import NoiseKind, add_noise, noise
from viseme.data.manifest import read_manifest
from viseme.errors import ManifestError
from viseme.media import read_audio

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Condition:
    """A noise at a level; clean by default.

    Attributes:
        kind: of the noise, or None.
        snr_db: signal-to-noise ratio over the whole clip.
        voices: waveforms by clip that babble is mixed of; a clip is never in its own babble.
        seed: of the noise, together with the clip's id.
    """

    kind: NoiseKind | None = None
    snr_db: float = inf
    voices: Mapping[str, Samples] = field(default_factory=dict, repr=False)
    seed: int = 0

    @property
    def name(self) -> str:
        """ "clean" or such as "babble -5 dB"."""
        return "clean" if self.kind is None else f"{self.kind} {self.snr_db:g} dB"

    def heard(self, clip_id: str, audio: Samples) -> Samples:
        """The waveform (S,) of a clip as it is heard; the same noise at every level.

        Raises:
            ManifestError: babble, and there are no voices but the clip's own.
        """
        if self.kind is None:
            return audio
        rng = np.random.default_rng((self.seed, zlib.crc32(clip_id.encode())))
        others = [voice for name, voice in self.voices.items() if name != clip_id]
        if self.kind == "babble" and not others:
            raise ManifestError(
                f"no voice but that of clip {clip_id!r} itself to mix babble of",
                todo="Name another split with --babble-split.",
            )
        return add_noise(audio, noise(self.kind, len(audio), rng, others), self.snr_db)


CLEAN = Condition()


def conditions(
    kinds: Sequence[NoiseKind],
    snrs_db: Sequence[float],
    manifest: str | Path,
    babble_split: str = "val",
    seed: int = 0,
    *,
    skip_bad: bool = False,
) -> list[Condition]:
    """Clean first, then every noise at every level.

    Args:
        kinds: of noise.
        snrs_db: levels.
        manifest: of prepared clips.
        babble_split: its split whose sound babble is mixed of; better none that a model learned
            from.
        seed: of all noises.
        skip_bad: leave out lines of the manifest that are no clips.

    Raises:
        ManifestError: babble is wanted, and the split has no sound.
    """
    voices: dict[str, Samples] = {}
    if "babble" in kinds:
        clips = read_manifest(manifest, [] if skip_bad else None)
        talkers = [clip for clip in clips if clip.split == babble_split]
        voices = {clip.id: read_audio(clip.audio) for clip in talkers if clip.audio}
        if not voices:
            raise ManifestError(
                f"no clips of split {babble_split!r} to mix babble of",
                path=manifest,
                todo="Name another split with --babble-split.",
            )
    noisy = [Condition(kind, level, voices, seed) for kind in kinds for level in snrs_db]
    return [CLEAN, *noisy]
