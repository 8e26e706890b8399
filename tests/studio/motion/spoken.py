"""Hand-written and random phones for tests of motion."""
# ruff: noqa: RUF001

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from viseme.studio.utterance import SAMPLE_RATE_HZ, Laugh, Phone, Utterance

CONSONANTS = ("p", "b", "m", "f", "v", "t", "s", "ʃ", "k", "w", "l", "θ", "ɹ", "j", "h")
VOWELS = ("a", "i", "u", "o", "ɛ", "ə", "aɪ", "y", "ø")


def phones(symbols: Sequence[str], each_s: float = 0.08, lead_s: float = 0.4) -> tuple[Phone, ...]:
    """Phones of equal length between two pauses; a symbol after "'" is stressed."""
    spans = [("", 0.0, lead_s)]
    for n, symbol in enumerate(symbols):
        spans.append((symbol, lead_s + n * each_s, lead_s + (n + 1) * each_s))
    end_s = spans[-1][2]
    spans.append(("", end_s, end_s + 0.4))
    return tuple(Phone(s.lstrip("'"), a, b, int(s.startswith("'"))) for s, a, b in spans)


def babble(rng: Generator, rate_hz: float, num_syllables: int = 12) -> tuple[Phone, ...]:
    """Random syllables, now and then with two consonants, at so many phones per second."""
    symbols: list[str] = []
    for _ in range(num_syllables):
        onset = rng.choice(CONSONANTS, rng.integers(1, 3))
        symbols += [*map(str, onset), "'" * int(rng.integers(2)) + str(rng.choice(VOWELS))]
    lead_s = rng.uniform(0.1, 0.5)
    return phones(symbols, 1 / rate_hz, lead_s)


def utterance(spoken: tuple[Phone, ...] = (), laughs: tuple[Laugh, ...] = (), seconds: float = 0):
    """Silent sound with phones or laughs."""
    seconds = max([seconds, *(p.end_s for p in spoken), *(x.end_s + 0.5 for x in laughs)])
    audio = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    return Utterance("", "en", "none", audio, phones=spoken, laughs=laughs)
