"""How labels are written: a labeller's text in the form in which a model is to learn it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from viseme.text.normalise import normalise
from viseme.text.transcript import Word

_AUTO_AVSR_DROPS = str.maketrans("", "", ',?.!-;:"')
_CURLY_APOSTROPHE = "\u2019"


def auto_avsr(text: str, language: str = "en") -> str:
    """Auto-AVSR's way, which its tokenizer was made for: upper case, digits stay as they are.

    The marks `, ? . ! - ; : "` go, a curly apostrophe becomes straight. Other marks stay.

    Args:
        text: what a recogniser wrote.
        language: every one is treated alike.
    """
    text = text.translate(_AUTO_AVSR_DROPS).upper().replace(_CURLY_APOSTROPHE, "'")
    return " ".join(text.split())


WRITERS: dict[str, Callable[[str, str], str]] = {"viseme": normalise, "auto_avsr": auto_avsr}
"""By name, functions of text and language: that of every score here, and Auto-AVSR's."""


def write_label(
    text: str, words: Sequence[Word], writing: str, language: str
) -> tuple[str, list[Word]]:
    """A text and its timed words, both written in one of the `WRITERS`.

    A word that becomes several shares its time among them ("2nd" stays, "42" is "forty two"). Where
    words written one by one differ from the whole text there are no times.
    """
    write = WRITERS[writing]
    whole = write(text, language)
    timed = [part for word in words for part in _parts(word, write(word.word, language).split())]
    return whole, timed if " ".join(word.word for word in timed) == whole else []


def _parts(word: Word, texts: Sequence[str]) -> list[Word]:
    if not texts:
        return []
    length_s = (word.end_s - word.start_s) / len(texts)
    return [
        replace(
            word,
            word=text,
            start_s=word.start_s + index * length_s,
            end_s=word.start_s + (index + 1) * length_s,
        )
        for index, text in enumerate(texts)
    ]
