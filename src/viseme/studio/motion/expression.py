"""Feelings and grimaces as weights of face units, written in the Facial Action Coding System.

A face is a line of action units with their intensity, A (trace) to E (maximum), and "L" or "R" for
one side, such as "6D 12E" or "L46E" (Ekman, Friesen and Hager 2002, "Facial action coding system").
The lines of the emotions follow the prototypes of EMFACS (Friesen and Ekman 1983; the table in
Matsumoto et al. 2008, "Facial expressions of emotion"); contempt is one-sided.
"""

import re

from numpy.random import Generator

from viseme.errors import ConfigError
from viseme.studio.performance import UNIT_INDEX

ACTION_UNITS = {
    1: ("browInnerUp",),
    2: ("browOuterUp",),
    4: ("browDown",),
    5: ("eyeWide",),
    6: ("cheekSquint",),
    7: ("eyeSquint",),
    9: ("noseSneer",),
    10: ("mouthUpperUp",),
    12: ("mouthSmile",),
    14: ("mouthDimple",),
    15: ("mouthFrown",),
    16: ("mouthLowerDown",),
    17: ("mouthShrugLower",),
    18: ("mouthPucker",),
    19: ("tongueOut",),
    20: ("mouthStretch",),
    22: ("mouthFunnel",),
    24: ("mouthPress",),
    26: ("jawOpen",),
    28: ("mouthRollLower", "mouthRollUpper"),
    29: ("jawForward",),
    30: ("jaw",),
    34: ("cheekPuff",),
    46: ("eyeBlink",),
    63: ("eyeLookUp",),
    64: ("eyeLookDown",),
}
"""Action units that the face units can show, and those face units; 46 is a wink, or both eyes."""

INTENSITY = {"A": 0.15, "B": 0.35, "C": 0.55, "D": 0.8, "E": 1.0}

EMOTIONS = {
    "neutral": "",
    "happy": "6D 12E 10A 16B 26B",
    "sad": "1E 4C 15E 17C 7A 64B",
    "angry": "4E 5C 7C 24D 9A 17B",
    "surprised": "1E 2E 5D 26D",
    "disgusted": "4B 7B 9E 10D 15C 17C",
    "afraid": "1E 2C 4B 5E 20E 26B",
    "contempt": "L12C L14E R14A L2B 7A",
    "amused": "1A 2B 6C 12C L12D",
    "pained": "4E 6D 7E 9C 10C 20C 26B",
}
"""Each emotion at its extreme."""

_BROWS = ("1E 2E 5E", "1E 4D", "4E", "L2E R4D", "R2E L4D", "1D 2C", "")
_EYES = ("5E", "7E", "L46E", "R46E", "46E", "6E 7D", "63D", "64D", "")
_MOUTHS = (
    *("12E 6D 26D", "12E 6E", "L12E", "R12E", "15E 17E", "20E 16D", "10E 9E", "18E", "22E 26C"),
    *("28E", "24E 17D", "26E", "26E 20C", "26D 19E", "19E", "34E", "L30E", "R30E", "29E 17B"),
    *("L30D 26C", "R30D L12D", "L10E L9D", "R10E R9D", "16E 26C", "22E 10D 16D"),
)
_TERM = re.compile(r"([LR]?)(\d+)([A-E])")


def facs(line: str) -> dict[str, float]:
    """The face units of a line of action units; of a unit that comes twice, the larger weight.

    Raises:
        ConfigError: for an action unit that is unknown, misspelled or not of one side.
    """
    units: dict[str, float] = {}
    for term in line.split():
        match = _TERM.fullmatch(term)
        if match is None or int(match[2]) not in ACTION_UNITS:
            raise ConfigError(
                f"no action unit {term!r} in {line!r}",
                todo=f"Known numbers: {', '.join(map(str, ACTION_UNITS))}; intensities A to E.",
            )
        wanted = {"L": ("Left",), "R": ("Right",), "": ("", "Left", "Right")}[match[1]]
        for name in ACTION_UNITS[int(match[2])]:
            for unit in (name + side for side in wanted):
                if unit in UNIT_INDEX:
                    units[unit] = max(units.get(unit, 0.0), INTENSITY[match[3]])
    return units


def emotion(name: str, strength: float = 1.0) -> dict[str, float]:
    """The face units of an emotion, from mild (0.3) to extreme (1).

    Raises:
        ConfigError: for an emotion that is not in EMOTIONS.
    """
    if name not in EMOTIONS:
        raise ConfigError(f"no emotion {name!r}", todo=f"Choose from: {', '.join(EMOTIONS)}.")
    return {unit: strength * weight for unit, weight in facs(EMOTIONS[name]).items()}


def extreme_expressions(rng: Generator, num: int = 8) -> list[dict[str, float]]:
    """Strong faces beyond the emotions: brows, eyes and mouth at random, sides often unequal.

    Winks, tongues, puffed cheeks, jaws to the side and their combinations are among them, as in
    recordings of extreme expressions (the FEED of EMOPortraits, arXiv 2404.19110).
    """
    faces = []
    for _ in range(num):
        line = " ".join(str(rng.choice(part)) for part in (_BROWS, _EYES, _MOUTHS))
        strength = rng.uniform(0.7, 1.0)
        favoured = rng.choice(["", "Left", "Right"])
        faces.append(
            {
                unit: weight * strength * (0.6 if _other_side(unit, favoured) else 1.0)
                for unit, weight in facs(line).items()
            }
        )
    return faces


def _other_side(unit: str, favoured: str) -> bool:
    """Whether a unit of one side is not of the favoured one; "" favours none."""
    return bool(favoured) and unit.endswith("Right" if favoured == "Left" else "Left")
