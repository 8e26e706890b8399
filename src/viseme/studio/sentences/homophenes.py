"""English words that look alike on the lips, and sentences that do not tell which one was said."""

from collections import defaultdict
from functools import cache

from numpy.random import Generator

from viseme.studio.sentences.grammar import GRAMMARS, Grammar, read_lines, read_rules
from viseme.studio.sentences.inflect import WORDS

# Consonants in groups that lip readers confuse (Jeffers and Barley, 1971). We keep all vowels and
# /h j/ apart, so a pair that we list differs in confusable consonants only.
_GROUPS = ("p b m", "f v", "th dh", "ch jh sh zh", "s z", "t d n l", "k g ng", "r w")
_VISEMES = {phone: group for group in _GROUPS for phone in group.split()}


@cache
def homophene_sets() -> tuple[tuple[str, ...], ...]:
    """Words that look alike: sets of at least two, each sorted, in order of their first word."""
    return _alike(frozenset({"noun", "other"}))


def homophenes(word: str) -> tuple[str, ...]:
    """The listed words that look like a word, without itself; none for a word not listed."""
    for words in homophene_sets():
        if word in words:
            return tuple(other for other in words if other != word)
    return ()


def draw_homophenes(rng: Generator) -> str:
    """A short sentence around words of one set, any of which would fit in their places."""
    grammars = _grammars()
    while True:
        text = grammars[int(rng.random() * len(grammars))].draw(rng)
        words = [word for word in text.split() if word not in ("a", "the")]
        if len(words) == len(set(words)):
            return text


@cache
def _grammars() -> tuple[Grammar, ...]:
    """For each set of nouns and each set of any words the grammar of the sentences around it."""
    rules = read_rules(GRAMMARS / "homophenes.sentences")
    nouns = _alike(frozenset({"noun"}))
    of_nouns = [(words, rules["around_nouns"]) for words in nouns]
    of_words = [(words, rules["around_words"]) for words in homophene_sets()]
    return tuple(
        Grammar({**rules, "sentence": templates, "twin": [(1.0, word) for word in words]})
        for words, templates in of_nouns + of_words
    )


@cache
def _alike(kinds: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """The sets of the words of these kinds."""
    sets: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in read_lines(WORDS / "homophenes.txt"):
        word, kind, *phones = row.split()
        if kind in kinds:
            sets[tuple(_VISEMES.get(phone, phone) for phone in phones)].append(word)
    return tuple(sorted(tuple(sorted(words)) for words in sets.values() if len(words) > 1))
