"""What one take of a corpus is made from, chosen by the corpus' settings and the take's number.

A take is a moment before one camera or three. Its recipe is a pure function of the settings, the
split and its number in it: neither the machine, nor the other takes, nor the order of work matter.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from viseme import config
from viseme.studio.people import FIRST_NUMBER
from viseme.studio.presets import Kind, Preset

VERSION = 2
"""Part of every recipe's key: raise it when the same recipe would give another clip."""


@dataclass(frozen=True)
class CorpusConfig:
    """Everything that decides what is in a corpus, its length excepted.

    Attributes:
        preset: what it is made of.
        seed: of everything random.
        size_px: side of the pictures.
        head: name of the head.
    """

    preset: Preset
    seed: int = 0
    size_px: int = 128
    head: str = "mesh"


@dataclass(frozen=True)
class Recipe:
    """What one take is made from.

    Attributes:
        id: of the take, such as "lrs-train-00012".
        split: its part of the corpus.
        number: in the split; it also numbers the sentence.
        kind: what it shows.
        source: of the sentence.
        person: number of the person.
        voice: a number that chooses among the voices which suit the person.
        seed: of the motion, the scene and the manner.
    """

    id: str
    split: str
    number: int
    kind: Kind
    source: str
    person: int
    voice: int
    seed: int


def recipe(settings: CorpusConfig, split: str, number: int) -> Recipe:
    """The recipe of a take.

    The people of the split take turns, in a new order each time: were it the same, the same people
    would always laugh or speak Greek. Each keeps one voice in a language.
    """
    preset = settings.preset
    num_people = next(part.num_people for part in preset.splits if part.name == split)
    turn, place = divmod(number, num_people)
    order = np.random.default_rng(_number(settings.seed, "order", split, turn))
    person = FIRST_NUMBER[split] + int(order.permutation(num_people)[place])
    take = f"{preset.name}-{split}-{number:05d}"
    return Recipe(
        id=take,
        split=split,
        number=number,
        kind=preset.kinds[number % len(preset.kinds)],
        source=preset.sources[number % len(preset.sources)],
        person=person,
        voice=_number(settings.seed, "voice", person),
        seed=_number(settings.seed, "take", take),
    )


def key(settings: CorpusConfig, take: Recipe) -> str:
    """Changes whenever rendering the take again could give something else."""
    parts = [VERSION, np.__version__, config.to_dict(settings), config.to_dict(take)]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _number(*parts: int | str) -> int:
    """Below 2**31, the same everywhere, as random as a hash."""
    return int.from_bytes(sha256(json.dumps(parts).encode()).digest()[:4], "little") >> 1
