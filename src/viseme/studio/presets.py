"""The corpora that `viseme studio` knows by name: who says what, and how they are seen."""

from dataclasses import dataclass
from typing import Literal

from viseme.errors import ConfigError

Kind = Literal["speech", "act", "laugh", "speech_laugh"]

MIN_SIZE_PX, MAX_SIZE_PX = 64, 512


@dataclass(frozen=True)
class Split:
    """A part of a corpus; its people, voices and sentences are in no other part.

    Attributes:
        name: "train", "val" or "test".
        share: its length, of the train hours.
        min_clips: it has so many clips at least.
        num_people: so many people take turns in it.
    """

    name: str
    share: float
    min_clips: int
    num_people: int


@dataclass(frozen=True)
class Preset:
    """What a corpus is made of; nothing in it depends on the machine.

    Attributes:
        name: of the preset; the corpus is called "studio-<name>".
        about: one line for people.
        kinds: what clips show, in turn: "speech", "act" (facial expressions without sound),
            "laugh" or "speech_laugh" (speech broken by laughter).
        sources: of the sentences, in turn; see `sentences.source`.
        engines: of the voices.
        splits: parts of the corpus.
        is_rig: three cameras instead of one.
        view_cm: height of what a camera sees; a head is about 23 cm high.
        difficulty: 0 to 1, of light, noise, blur and what gets in the way.
        emotion: range of the strength of the emotions, 0 to 1.
        silent_s: range of the length of clips that no sentence decides, seconds.
    """

    name: str
    about: str
    sources: tuple[str, ...]
    kinds: tuple[Kind, ...] = ("speech",)
    engines: tuple[str, ...] = ("espeak", "kokoro")
    splits: tuple[Split, ...] = (
        Split("train", 1.0, 1, 200),
        Split("val", 0.05, 10, 20),
        Split("test", 0.10, 20, 40),
    )
    is_rig: bool = False
    view_cm: float = 27.0
    difficulty: float = 0.3
    emotion: tuple[float, float] = (0.0, 0.3)
    silent_s: tuple[float, float] = (2.0, 4.0)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="grid",
            about="the six-word commands of the GRID corpus",
            sources=("grid",),
            difficulty=0.1,
            emotion=(0.0, 0.1),
        ),
        Preset(
            name="lrs",
            about="open-vocabulary English sentences of many people, as in LRS2 and LRS3",
            sources=("lrs",),
        ),
        Preset(
            name="multilingual",
            about="sentences of ten languages",
            sources=("lrs", "de", "fr", "es", "it", "pt", "zh", "ru", "ar", "el"),
            engines=("espeak",),
        ),
        Preset(
            name="feed",
            about="strong, uneven facial expressions and some speech, seen by three cameras",
            sources=("lrs",),
            kinds=("act", "act", "act", "speech"),
            is_rig=True,
            difficulty=0.0,
            emotion=(0.5, 1.0),
        ),
        Preset(
            name="laugh",
            about="laughter, alone and within speech",
            sources=("lrs",),
            kinds=("laugh", "laugh", "laugh", "speech_laugh"),
            emotion=(0.2, 0.6),
        ),
    )
}


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}", todo=f"Use one of: {', '.join(PRESETS)}.")
    return PRESETS[name]
