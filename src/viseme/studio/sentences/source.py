"""One sentence of a source by split and index."""

import hashlib
from collections.abc import Callable
from functools import cache

from numpy.random import Generator, default_rng

from viseme.errors import ConfigError
from viseme.recognition.grammar import read_slots
from viseme.studio.sentences.english import with_articles, words_as_rule
from viseme.studio.sentences.grammar import GRAMMARS, Grammar, no_lexicon, read_rules
from viseme.studio.sentences.homophenes import draw_homophenes
from viseme.text.normalise import normalise

LANGUAGES = {
    **dict.fromkeys(("grid", "lrs", "homophenes"), "en"),
    **{code: code for code in ("de", "fr", "es", "it", "pt", "zh", "ru", "ar", "el")},
}
"""The language of each source; sources other than English ones are named after it."""

SPLITS = ("train", "val", "test")
MIN_WORDS, MAX_WORDS = 3, 12


def sentence(source: str, split: str, index: int, seed: int = 0) -> str:
    """What is said in one clip: normalised text, except that Chinese keeps its words whole.

    No sentence is in two splits, whatever the source, index and seed; within a split one may
    return at another index.

    Args:
        source: "grid" (the GRID corpus's grammar), "lrs" (English of about 6,000 words),
            "homophenes" (English around words that look alike) or a language of LANGUAGES.
        split: "train", "val" or "test".
        index: which sentence, from 0.
        seed: another seed gives other sentences.

    Raises:
        ConfigError: no such source or split, or a negative index or seed.
    """
    if source not in LANGUAGES:
        raise ConfigError(f"no sentences {source!r}", todo=f"Choose of {', '.join(LANGUAGES)}.")
    if split not in SPLITS:
        raise ConfigError(f"no split {split!r}", todo=f"Choose of {', '.join(SPLITS)}.")
    if min(index, seed) < 0:
        raise ConfigError(f"index {index} or seed {seed} is negative")
    name = int.from_bytes(hashlib.sha256(f"{source}/{split}".encode()).digest()[:8])
    rng = default_rng((name, index, seed))
    while True:
        text = _finished(_drawer(source)(rng), source)
        if split_of(text) == split and _reads_well(text):
            return text


def split_of(text: str) -> str:
    """The only split that may hold a sentence: 80 % train, 5 % val, 15 % test, by its digest."""
    percent = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % 100
    return "train" if percent < 80 else "val" if percent < 85 else "test"


def grammar(source: str) -> Grammar:
    """The grammar of a source that has one: all but "grid" and "homophenes".

    Raises:
        ConfigError: a source without a grammar.
    """
    lexicon = words_as_rule if source == "lrs" else no_lexicon
    return Grammar(read_rules(GRAMMARS / f"{source}.sentences"), lexicon)


@cache
def _drawer(source: str) -> Callable[[Generator], str]:
    """How a source draws."""
    match source:
        case "grid":
            slots = read_slots("grid")
            return lambda rng: " ".join(slot[int(rng.random() * len(slot))] for slot in slots)
        case "homophenes":
            return draw_homophenes
        case _:
            return grammar(source).draw


def _finished(text: str, source: str) -> str:
    language = LANGUAGES[source]
    if source in ("lrs", "homophenes"):  # in GRID "a" is a letter
        text = with_articles(text)
    # Normalised Chinese would have a space around every character, and no words for a voice.
    return text if language == "zh" else normalise(text, language)


def _reads_well(text: str) -> bool:
    """Of a speakable length, and no word of content twice."""
    words = text.split()
    content = [word for word in words if len(word) > 3]
    return MIN_WORDS <= len(words) <= MAX_WORDS and len(content) == len(set(content))
