"""English word forms (American spelling): rules, and tables of the irregular ones."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from viseme.studio.sentences.grammar import read_lines

WORDS = Path(__file__).with_name("words") / "en"

# One vowel between consonants, which doubles the last of them ("stop", "quit", "big"). Longer words
# that double it because their last syllable is stressed ("admit") are in the tables.
_DOUBLES = re.compile(r"(?:[^aeiou]*qu|[^aeiou]*)[aeiou][^aeiouwxy]")
_HISSES = re.compile(r".*(?:s|x|z|ch|sh)")
_CONSONANT_Y = re.compile(r".*[^aeiou]y")


@cache
def _irregular(table: str) -> dict[str, list[str]]:
    """The words of each row of a table by its first one."""
    return {row.split()[0]: row.split() for row in read_lines(WORDS / f"{table}.txt")}


def plural(noun: str) -> str:
    """The plural of a noun."""
    row = _irregular("irregular_nouns").get(noun)
    return row[1] if row else _with_s(noun)


def third_person(verb: str) -> str:
    """The form after "she": goes, carries, stops."""
    return _with_s(verb)


def past(verb: str) -> str:
    """The past tense."""
    row = _irregular("irregular_verbs").get(verb)
    return row[1] if row else _with_vowel(verb, "ed")


def participle(verb: str) -> str:
    """The form after "has been"."""
    row = _irregular("irregular_verbs").get(verb)
    return row[2] if row else _with_vowel(verb, "ed")


def gerund(verb: str) -> str:
    """The form in -ing."""
    row = _irregular("irregular_verbs").get(verb, [])
    if len(row) > 3:
        return row[3]
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("y") or re.search("(?:ee|oe|ye)$", verb):
        return verb + "ing"
    return _with_vowel(verb, "ing")


def comparative(adjective: str) -> str:
    """The form in -er."""
    return _with_vowel(adjective, "er")


def superlative(adjective: str) -> str:
    """The form in -est."""
    return _with_vowel(adjective, "est")


def _with_s(word: str) -> str:
    if _CONSONANT_Y.fullmatch(word):
        return word[:-1] + "ies"
    return word + ("es" if _HISSES.fullmatch(word) else "s")


def _with_vowel(word: str, ending: str) -> str:
    """A word with an ending that begins with a vowel."""
    if word.endswith("e"):
        return word[:-1] + ending
    if _CONSONANT_Y.fullmatch(word):
        return word[:-1] + "i" + ending
    return word + (word[-1] if _DOUBLES.fullmatch(word) else "") + ending


def _unchanged(word: str) -> str:
    return word


FORMS: dict[str, dict[str, Callable[[str], str]]] = {
    "nouns": {"one": _unchanged, "many": plural},
    "verbs": {
        "base": _unchanged,
        "s": third_person,
        "past": past,
        "done": participle,
        "ing": gerund,
    },
    "adjectives": {"": _unchanged, "more": comparative, "most": superlative},
    "adverbs": {"": _unchanged},
    "names": {"": _unchanged},
}
"""What can be asked of each kind of word, by the folder that holds its lists."""
