"""Who can speak: the voices of both engines, each with its language, sex and split."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from viseme.errors import ConfigError

Engine = Literal["espeak", "kokoro"]
Sex = Literal["female", "male"]
Split = Literal["train", "val", "test"]

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "zh", "ru", "ar", "el")


@dataclass(frozen=True)
class Voice:
    """One synthetic voice.

    Attributes:
        id: its name in the catalogue.
        engine: what speaks.
        language: ISO 639-1 code.
        sex: how it sounds.
        split: the one part of a corpus that it may be heard in.
        base: espeak's voice of the language or dialect, which gives the pronunciation.
        variant: espeak's variant, or Kokoro's name of the voice.
        pitch: height, espeak's scale of 0 to 99; 50 is the variant's own.
        pitch_range: liveliness of the melody, espeak's scale of 0 to 99.
        words_per_minute: pace, espeak's scale; Kokoro has its own pace.
    """

    id: str
    engine: Engine
    language: str
    sex: Sex
    split: Split
    base: str
    variant: str
    pitch: int = 50
    pitch_range: int = 50
    words_per_minute: int = 160


# Espeak's dialects of every language, and the pace at which they speak 4 to 5.5 syllables a
# second, as unhurried readers do. Arabic text lacks most short vowels, and so does its speech.
_DIALECTS = {
    "en": (("gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland"), 155),
    "de": (("gmw/de",), 155),
    "fr": (("roa/fr", "roa/fr-BE", "roa/fr-CH"), 130),
    "es": (("roa/es", "roa/es-419"), 120),
    "it": (("roa/it",), 125),
    "pt": (("roa/pt", "roa/pt-BR"), 130),
    "zh": (("sit/cmn",), 190),
    "ru": (("zle/ru",), 120),
    "ar": (("sem/ar",), 175),
    "el": (("grk/el",), 130),
}

# Espeak's variants that stand for a person: no whispers, robots or strong echo, and a measured
# pitch of 170 to 275 Hz for women and 75 to 115 Hz for men.
_VARIANTS: dict[Sex, tuple[str, ...]] = {
    "female": (
        *("f1", "f2", "f3", "f4", "f5", "linda", "belinda", "aunty", "Andrea", "anika"),
        *("Annie", "steph", "grandma", "shelby"),
    ),
    "male": (
        *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "Alex", "Andy", "Denis", "Gene"),
        *("Hugo", "Mario", "Michael", "Mike", "boris", "david", "edward", "john", "max"),
        *("miguel", "quincy", "robert"),
    ),
}

# Pitch, pitch range and relative pace of the three people that every variant stands for.
_MANNERS = ((50, 50, 1.0), (43, 38, 0.92), (57, 66, 1.08))

# Kokoro's 54 voices by the letters in front of their names: language (and dialect), then sex.
_KOKORO_BASES = {
    "a": ("en", "gmw/en-US"),
    "b": ("en", "gmw/en"),
    "e": ("es", "roa/es"),
    "f": ("fr", "roa/fr"),
    "h": ("hi", "inc/hi"),
    "i": ("it", "roa/it"),
    "j": ("ja", "jpx/ja"),
    "p": ("pt", "roa/pt-BR"),
    "z": ("zh", "sit/cmn"),
}
_KOKORO_NAMES = {
    "af": "alloy aoede bella heart jessica kore nicole nova river sarah sky",
    "am": "adam echo eric fenrir liam michael onyx puck santa",
    "bf": "alice emma isabella lily",
    "bm": "daniel fable george lewis",
    "ef": "dora",
    "em": "alex santa",
    "ff": "siwis",
    "hf": "alpha beta",
    "hm": "omega psi",
    "if": "sara",
    "im": "nicola",
    "jf": "alpha gongitsune nezumi tebukuro",
    "jm": "kumo",
    "pf": "dora",
    "pm": "alex santa",
    "zf": "xiaobei xiaoni xiaoxiao xiaoyi",
    "zm": "yunjian yunxi yunxia yunyang",
}


def voices(
    language: str | None = None,
    engine: Engine | None = None,
    sex: Sex | None = None,
    split: Split | None = None,
) -> list[Voice]:
    """All voices that match, always in the same order."""
    wanted = (language, engine, sex, split)
    return [
        voice
        for voice in _catalogue().values()
        if all(
            want in (None, have)
            for want, have in zip(
                wanted, (voice.language, voice.engine, voice.sex, voice.split), strict=True
            )
        )
    ]


def voice(id: str) -> Voice:
    """The voice of this id.

    Raises:
        ConfigError: there is none.
    """
    if id not in _catalogue():
        raise ConfigError(
            f"unknown voice {id!r}", todo="Ids are espeak-en-f1-0, kokoro-af_heart and so on."
        )
    return _catalogue()[id]


@cache
def _catalogue() -> dict[str, Voice]:
    return {voice.id: voice for voice in (*_espeak_voices(), *_kokoro_voices())}


def _espeak_voices() -> Iterator[Voice]:
    for language in LANGUAGES:
        bases, pace = _DIALECTS[language]
        for sex, variants in _VARIANTS.items():
            for place, variant in enumerate(variants):
                for manner, (pitch, pitch_range, relative_pace) in enumerate(_MANNERS):
                    yield Voice(
                        id=f"espeak-{language}-{variant}-{manner}",
                        engine="espeak",
                        language=language,
                        sex=sex,
                        split=_split(place),
                        base=bases[(place + manner) % len(bases)],
                        variant=variant,
                        pitch=pitch,
                        pitch_range=pitch_range,
                        words_per_minute=round(pace * relative_pace),
                    )


def _kokoro_voices() -> Iterator[Voice]:
    for prefix, names in _KOKORO_NAMES.items():
        language, base = _KOKORO_BASES[prefix[0]]
        for place, name in enumerate(names.split()):
            yield Voice(
                id=f"kokoro-{prefix}_{name}",
                engine="kokoro",
                language=language,
                sex="female" if prefix[1] == "f" else "male",
                split=_split(place),
                base=base,
                variant=f"{prefix}_{name}",
            )


def _split(place: int) -> Split:
    """By the place in the list: of ten, two are for testing and one for validation.

    Espeak's variants keep their split in every language and manner, so that no throat is heard in
    two splits.
    """
    return "test" if place % 10 in (3, 7) else "val" if place % 10 == 5 else "train"
