"""Grammars of this project in JSGF, the Java Speech Grammar Format, which pocketsphinx reads."""

import re
from collections.abc import Sequence
from pathlib import Path

from viseme.recognition.grammar import read_slots

_HEAD = "#JSGF V1.0;\ngrammar viseme;\npublic <utterance> = "
_WORD = re.compile(r"[^\s()|+;]+")


def jsgf(source: str | Path) -> str:
    """A grammar file or bundled grammar (see `recognition.grammar.load_grammar`) as JSGF.

    Raises:
        ConfigError: as `recognition.grammar.read_slots`.
    """
    slots = read_slots(source)
    if Path(source).suffix == ".words":
        return f"{_HEAD}{_choice([word for (word,) in slots])}+;\n"
    return f"{_HEAD}{' '.join(map(_choice, slots))};\n"


def words_of(grammar: str) -> list[str]:
    """All words of a grammar that `jsgf` wrote, in order, each once."""
    return list(dict.fromkeys(_WORD.findall(grammar.removeprefix(_HEAD))))


def _choice(words: Sequence[str]) -> str:
    return f"({' | '.join(word.lower() for word in words)})"
