"""Constraints on what may be read: word lists and slot grammars as automata over tokens.

A search walks the automaton along with each hypothesis. Words are encoded by the model's own
tokenizer, so the same grammar file serves character and subword models.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from viseme.errors import ConfigError
from viseme.files import read_text

Encode = Callable[[str], list[int]]

START = 0
BUNDLED = Path(__file__).with_name("grammars")


class Constraint(Protocol):
    """A deterministic automaton over token ids; its states are numbers and the first is `START`."""

    def next_tokens(self, state: int) -> Mapping[int, int]:
        """The tokens that may follow in a state, each with the state that it leads to."""
        ...

    def may_end(self, state: int) -> bool:
        """Whether the text may end in a state."""
        ...


class WordGrammar:
    """Texts that take one word from each slot in turn.

    The words of a slot form a trie over tokens. Where a word ends, the tries of this and of the
    next slot can both go on (subword units have no separator), so a state of the automaton is a set
    of trie nodes; the sets are made when first met.

    Args:
        slots: for each position of the sentence the words that may stand there.
        encode: text to token ids, the tokenizer's method.
        repeat: whether the sentence may begin again after the last slot, any number of times.

    Raises:
        ConfigError: no slot, an empty slot, a word that `encode` refuses, or a tokenizer that
            encodes a word differently beside another one.
    """

    def __init__(
        self, slots: Sequence[Sequence[str]], encode: Encode, *, repeat: bool = False
    ) -> None:
        if not slots or not all(slots):
            raise ConfigError("a grammar needs at least one slot and in each at least one word")
        codes = [{word: _encode(encode, word) for word in slot} for slot in slots]
        separator = _separator(encode, [word for slot in slots for word in slot])
        self._children: list[dict[int, int]] = [{} for _ in slots]  # root i is that of slot i
        self._next_root: dict[int, int] = {}
        self._final: set[int] = set()
        for index, words in enumerate(codes):
            last = index == len(slots) - 1
            for code in words.values():
                end = self._insert(index, code)
                if last:
                    self._final.add(end)
                if repeat or not last:
                    self._next_root[self._insert(end, separator)] = (index + 1) % len(slots)
        self._states = [frozenset([0])]
        self._ids = {self._states[0]: START}
        self._arcs: dict[int, dict[int, int]] = {}

    @classmethod
    def from_words(cls, words: Iterable[str], encode: Encode) -> "WordGrammar":
        """Texts that are any sequence of the listed words, at least one."""
        return cls([list(words)], encode, repeat=True)

    def next_tokens(self, state: int) -> Mapping[int, int]:
        """The tokens that may follow in a state, each with the state that it leads to."""
        if state not in self._arcs:
            targets: dict[int, set[int]] = defaultdict(set)
            for node in self._states[state]:
                for token, child in self._children[node].items():
                    targets[token].add(child)
            self._arcs[state] = {token: self._state(nodes) for token, nodes in targets.items()}
        return self._arcs[state]

    def may_end(self, state: int) -> bool:
        """Whether a sentence is complete in this state."""
        return not self._final.isdisjoint(self._states[state])

    def _insert(self, node: int, code: Sequence[int]) -> int:
        """The node that `code` leads to from `node`, made if need be."""
        for token in code:
            if token not in self._children[node]:
                self._children[node][token] = len(self._children)
                self._children.append({})
            node = self._children[node][token]
        return node

    def _state(self, nodes: set[int]) -> int:
        roots = {self._next_root[node] for node in nodes if node in self._next_root}
        key = frozenset(nodes | roots)
        if key not in self._ids:
            self._ids[key] = len(self._states)
            self._states.append(key)
        return self._ids[key]


def load_grammar(source: str | Path, encode: Encode) -> WordGrammar:
    """Read a grammar: a `.grammar` or `.words` file, or a bundled one by its name ("grid").

    A `.grammar` file has one slot a line, its words separated by spaces; a `.words` file has one
    word a line, of which any sequence is allowed. Empty lines and lines that start with # are
    skipped.

    Raises:
        ConfigError: no such file or bundled grammar, another ending, or bad content.
    """
    path = _find(source)
    slots = read_slots(path)
    try:
        if path.suffix == ".grammar":
            return WordGrammar(slots, encode)
        return WordGrammar.from_words([word for (word,) in slots], encode)
    except ConfigError as error:
        raise ConfigError(error.what, path=path, todo=error.todo) from error


def read_slots(source: str | Path) -> list[list[str]]:
    """The words on each line of a grammar, found as `load_grammar` does.

    Raises:
        ConfigError: as `load_grammar`.
    """
    path = _find(source)
    try:
        text = read_text(path)
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in BUNDLED.glob("*.grammar")))
        todo = f"Give a file or the name of a bundled grammar: {known}."
        raise ConfigError("cannot be read as a grammar", path=path, todo=todo) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", path=path, todo="Save it as UTF-8.") from error
    rows = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1)]
    rows = [(number, words) for number, words in rows if words and not words[0].startswith("#")]
    if not rows:
        raise ConfigError("has no words", path=path)
    for number, words in rows:
        if path.suffix == ".words" and len(words) > 1:
            what = f"line {number} has several words"
            raise ConfigError(what, path=path, todo="Put one on each line.")
    return [words for _, words in rows]


def _find(source: str | Path) -> Path:
    path = Path(source)
    if not path.suffix and not path.exists():
        path = BUNDLED / f"{source}.grammar"
    if path.suffix not in (".grammar", ".words"):
        raise ConfigError("is not a .grammar or .words file", path=path, todo="Rename it.")
    return path


def _encode(encode: Encode, text: str) -> list[int]:
    try:
        code = encode(text)
    except ValueError as error:
        raise ConfigError(f"the model cannot write {text!r}: {error}") from error
    if not code:
        raise ConfigError(f"the model cannot write {text!r}")
    return code


def _separator(encode: Encode, words: Sequence[str]) -> list[int]:
    """The tokens that stand between two words: a space for characters, none for subwords."""
    first, second = words[0], words[-1]
    left, right, both = (_encode(encode, text) for text in (first, second, f"{first} {second}"))
    separator = both[len(left) : len(both) - len(right)]
    if left + separator + right != both:
        raise ConfigError(f"the tokenizer writes {first!r} differently before {second!r}")
    return separator
