"""Kokoro's phonetic alphabet: phones to the symbols it reads.

Kokoro was trained on IPA with single letters for English diphthongs and for affricates; the
spelling here follows the description of its alphabet (misaki, EN_PHONES.md, hexgrad 2025).
"""

# ruff: noqa: RUF001 - IPA is full of letters that look like others

from collections.abc import Sequence
from dataclasses import dataclass

from viseme.studio.voices.catalogue import Voice
from viseme.studio.voices.timing import SpokenPhone

_AFFRICATES = {
    **{"tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ", "dz": "ʣ", "tɕ": "ʨ", "dʑ": "ʥ", "ʈʂ": "ꭧ"},
    "ʈʂʰ": "ꭧʰ",
}
_ENGLISH = {
    **{"eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "oʊ": "O", "əʊ": "Q"},
    **{"aɪə": "Iə", "aʊə": "Wə", "aɪɚ": "Iəɹ", "r": "ɹ", "ɚ": "əɹ", "ɐ": "ə", "e": "ɛ"},
}
_AMERICAN = {"ɜː": "ɜɹ", "ɾ": "T", "oː": "ɔ", "ɔː": "ɔ", "iː": "i", "uː": "u", "ɑː": "ɑ"}
# Sounds that Kokoro does not know, and their nearest neighbours.
_NEAREST = {
    **{"ʐ": "ɻ", "ɫ": "l", "ɭ": "l", "ʏ": "y", "ɵ": "ø", "ʑ": "ʒ", "ħ": "h", "ʕ": "ʔ"},
    **{"ɬ": "l", "ʀ": "ʁ", "ɱ": "m", "ʉ": "u"},
}
_STRESS = {0: "", 1: "ˈ", 2: "ˌ"}
_SILENT_STAND_IN = "ʔ"


@dataclass(frozen=True)
class Token:
    """A symbol's number in the vocabulary, and the phone that it writes; None between phones."""

    id: int
    phone: int | None


def tokens(spoken: Sequence[SpokenPhone], voice: Voice, vocab: dict[str, int]) -> list[Token]:
    """What Kokoro reads: spaces between words, commas for pauses, a full stop at the end."""
    found: list[Token] = []
    for index, one in enumerate(spoken):
        if one.word is None:
            found.append(Token(vocab[","], index))
        elif index and spoken[index - 1].word != one.word:
            found.append(Token(vocab[" "], None))
        if one.word is not None:
            found += [Token(number, index) for number in _numbers(one, voice, vocab)]
    return [*found, Token(vocab["."], None)]


def _numbers(one: SpokenPhone, voice: Voice, vocab: dict[str, int]) -> list[int]:
    """Of a phone's symbols; at least one, so that every phone has a time."""
    symbol = _spelled(one.phone.symbol, voice)
    letters = (_NEAREST.get(letter, letter) for letter in symbol)
    known = [vocab[letter] for letter in letters if letter in vocab]
    stress = [vocab[mark] for mark in _STRESS[one.phone.stress]]
    return [*stress, *(known or [vocab[_SILENT_STAND_IN]])]


def _spelled(symbol: str, voice: Voice) -> str:
    if voice.language == "en":
        american = _AMERICAN if voice.base.endswith("US") else {}
        symbol = american.get(symbol, _ENGLISH.get(symbol, symbol))
    return _AFFRICATES.get(symbol, symbol)
