"""The English lexicon: word lists as rules of a grammar, in the forms that templates ask for."""

import re

from viseme.studio.sentences.grammar import Alternatives, read_lines
from viseme.studio.sentences.inflect import FORMS, WORDS

# Vowels by sound: "an hour", but "a university". Only words of our lists need to be known.
_A_BEFORE_VOWEL = re.compile(
    r"\ba (?=(?!eu|one\b|ewe|uni(?!n|m)|us|ut)[aeiou]|heir|honest|honor|hour)"
)


def words_as_rule(name: str) -> Alternatives:
    """The words of a list, such as "person:many" for the plurals of `nouns/person.txt`.

    Weights fall with the square of a word's length, for in natural text short words are common
    (Zipf's law of abbreviation, 1935); no counts of a corpus stand behind them.

    Raises:
        KeyError: no such list, or no such form of its words.
    """
    stem, _, form = name.partition(":")
    for kind, forms in FORMS.items():
        path = WORDS / kind / f"{stem}.txt"
        if path.is_file():
            inflect = forms[form]
            return [(1 / len(word) ** 2, inflect(word)) for word in read_lines(path)]
    raise KeyError(name)


def with_articles(sentence: str) -> str:
    """The sentence with "an" for "a" where the next word needs it."""
    return _A_BEFORE_VOWEL.sub("an ", sentence)
