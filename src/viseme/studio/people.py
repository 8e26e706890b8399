"""People who do not exist: `Identity` by number, the same one every time.

Skin is a layer of pigment over blood: light is weakened on its way through by melanin and by
haemoglobin, each along its own spectrum (the two components that Tsumura et al. 2003 found in
pictures of skin, "Image-based skin color and texture analysis/synthesis by extracting hemoglobin
and melanin information in the skin"), after Beer and Lambert. Frequencies of hair and eye colours
are round numbers of ours after the world's: dark is the rule, and fair goes with fair skin.
"""

import numpy as np
from numpy.random import Generator

from viseme.errors import ConfigError
from viseme.studio.identity import Articulation, Colour, Identity

NUM_AXES = 64
"""Shape weights of a person; a head reads as many as it has axes."""

NUM_HAIR_STYLES = 1000
"""Heads take a style modulo the styles that they have."""

FIRST_NUMBER = {"train": 0, "val": 1_000_000, "test": 2_000_000}
"""Number of the first person of each split; the next split begins a million later."""

_SPLIT_SIZE = 1_000_000
_SHAPE_SPREAD, _SHAPE_LIMIT = 0.5, 1.2

# Reflectance at red, green and blue (610, 550, 465 nm) without pigment and blood, and what a unit
# of each takes away. Melanin falls as the wavelength to the power -3.33 (Jacques 1998, "Skin
# optics"); oxygenated haemoglobin absorbs green and blue and lets red pass (Prahl 1999, tables).
_BARE = np.array([0.80, 0.72, 0.55])
_MELANIN = (np.array([610, 550, 465]) / 550) ** -3.33
_HAEMOGLOBIN = np.array([0.04, 1.0, 0.8])
_SURFACE = 0.03
"""Share of the light that never enters the skin."""

_MELANIN_RANGE = (0.12, 3.0)
_HAEMOGLOBIN_RANGE = (0.15, 0.45)

_HAIR = {
    "black": ((0.010, 0.008, 0.007), 0.45),
    "dark brown": ((0.030, 0.017, 0.011), 0.30),
    "brown": ((0.085, 0.045, 0.025), 0.10),
    "blond": ((0.36, 0.24, 0.11), 0.07),
    "red": ((0.23, 0.070, 0.022), 0.02),
    "grey": ((0.22, 0.21, 0.20), 0.06),
}
_IRIS = {
    "dark brown": ((0.035, 0.016, 0.008), 0.50),
    "brown": ((0.10, 0.045, 0.018), 0.29),
    "hazel": ((0.16, 0.11, 0.035), 0.07),
    "blue": ((0.12, 0.22, 0.35), 0.10),
    "green": ((0.12, 0.17, 0.08), 0.04),
}
_FAIR = {"brown", "blond", "red", "hazel", "blue", "green"}
_FAIR_MELANIN = 0.6
"""Fair hair and eyes come with less melanin in the skin than this, and more often there."""


def person(number: int, seed: int = 0) -> Identity:
    """The person of a number; women have the even ones.

    Raises:
        ConfigError: for a negative number.
    """
    if number < 0:
        raise ConfigError(f"no person has the number {number}", todo="Count people from 0.")
    rng = np.random.default_rng([seed, number])
    shape = np.clip(rng.normal(0, _SHAPE_SPREAD, NUM_AXES), -_SHAPE_LIMIT, _SHAPE_LIMIT)
    low, high = np.log(_MELANIN_RANGE)
    melanin = float(np.exp(rng.uniform(low, high)))
    haemoglobin = float(rng.uniform(*_HAEMOGLOBIN_RANGE))
    return Identity(
        id=f"p{number:04d}",
        sex=("female", "male")[number % 2],
        shape=shape.astype(np.float32),
        skin=skin_colour(melanin, haemoglobin),
        lips=skin_colour(0.6 * melanin, haemoglobin + float(rng.uniform(0.35, 0.75))),
        hair=_natural(_HAIR, melanin, rng),
        iris=_natural(_IRIS, melanin, rng),
        hair_style=int(rng.integers(NUM_HAIR_STYLES)),
        skin_roughness=float(rng.beta(2, 4)),
        articulation=Articulation(
            jaw=_around(1, 0.15, rng),
            lips=_around(1, 0.15, rng),
            anticipation=_around(1, 0.15, rng),
            asymmetry=_around(0, 0.12, rng),
        ),
    )


def people(split: str, count: int, seed: int = 0) -> list[Identity]:
    """The first people of a split; nobody is in two.

    Raises:
        ConfigError: for a split that does not exist, or a count outside 0 to a million.
    """
    if split not in FIRST_NUMBER:
        raise ConfigError(f"no split {split!r}", todo=f"Name one of {', '.join(FIRST_NUMBER)}.")
    if not 0 <= count <= _SPLIT_SIZE:
        raise ConfigError(f"a split cannot have {count} people", todo="Take 0 to 1000000.")
    first = FIRST_NUMBER[split]
    return [person(number, seed) for number in range(first, first + count)]


def skin_colour(melanin: float, haemoglobin: float) -> Colour:
    """Colour of skin with so much pigment (0.1 pale, 3 dark) and blood (0.15 to 0.45; lips 1)."""
    inside = _BARE * np.exp(-melanin * _MELANIN - haemoglobin * _HAEMOGLOBIN)
    return _colour(inside + _SURFACE)


def _natural(palette: dict[str, tuple[Colour, float]], melanin: float, rng: Generator) -> Colour:
    """One of the palette's colours as often as its share, a little lighter or darker."""
    fair = 3.0 if melanin < _FAIR_MELANIN else 0.02
    shares = np.array(
        [share * (fair if name in _FAIR else 1) for name, (_, share) in palette.items()]
    )
    chosen = rng.choice(len(shares), p=shares / shares.sum())
    colour = [middle for middle, _ in palette.values()][chosen]
    return _colour(np.array(colour) * np.exp(rng.normal(0, 0.15)))


def _around(middle: float, spread: float, rng: Generator) -> float:
    """A normal number, at most two and a half spreads from the middle."""
    return float(middle + spread * np.clip(rng.normal(), -2.5, 2.5))


def _colour(rgb: np.ndarray) -> Colour:
    red, green, blue = np.clip(rgb, 0, 1).round(4).tolist()
    return red, green, blue
