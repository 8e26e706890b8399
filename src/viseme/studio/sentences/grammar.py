"""Sentence grammars: text files of weighted templates, read and drawn from.

    # A comment.
    sentence:
        3 <person:one> <greet:s> the neighbor
        good morning | good evening
    greet:*:
        <call:*> | <visit:*> <manner>

A name and a colon begin a rule; the indented lines are its alternatives, as are the parts between
bars. A leading number is a weight, for each part of its line; without one it is 1. `<name>` stands
for a draw from that rule. A rule `name:*` holds for every form: in `<greet:s>` each star is "s".
Names that the file does not define come from a lexicon. Drawing starts at the rule "sentence".
"""

import re
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

from numpy.random import Generator

from viseme.errors import ConfigError

Alternatives = list[tuple[float, str]]
"""Templates of one rule with their weights."""

Lexicon = Callable[[str], Alternatives]
"""The alternatives of a name that a grammar does not define; KeyError if there are none."""

GRAMMARS = Path(__file__).with_name("grammars")

_REFERENCE = re.compile(r"<([^<>]*)>")
_WEIGHTED = re.compile(r"(?:(\d+) )?(.*)")


def no_lexicon(name: str) -> Alternatives:
    """The lexicon of a grammar that defines all its names."""
    raise KeyError(name)


class Grammar:
    """The rules that a sentence needs, ready to draw from.

    Args:
        rules: alternatives by name, as `read_rules` gives them.
        lexicon: where the other names come from.

    Raises:
        ConfigError: a name that neither defines, or a rule without alternatives.
    """

    def __init__(self, rules: dict[str, Alternatives], lexicon: Lexicon = no_lexicon) -> None:
        self._drawable: dict[str, tuple[list[float], list[list[str]]]] = {}
        waiting = ["sentence"]
        while waiting:
            name = waiting.pop()
            if name in self._drawable:
                continue
            alternatives = _find(name, rules, lexicon)
            # Odd pieces are names, even ones are words.
            pieces = [_REFERENCE.split(template) for _, template in alternatives]
            self._drawable[name] = list(accumulate(weight for weight, _ in alternatives)), pieces
            waiting += [reference for split in pieces for reference in split[1::2]]

    def draw(self, rng: Generator) -> str:
        """One sentence, its words separated by single spaces."""
        return " ".join(self._draw("sentence", rng).split())

    def vocabulary(self) -> set[str]:
        """All words that a draw can hold."""
        pieces = [piece for _, templates in self._drawable.values() for piece in templates]
        return {word for piece in pieces for text in piece[::2] for word in text.split()}

    def _draw(self, name: str, rng: Generator) -> str:
        bounds, templates = self._drawable[name]
        # Only random() is drawn: of all the methods its bits are the least likely to change.
        pieces = templates[min(bisect(bounds, rng.random() * bounds[-1]), len(bounds) - 1)]
        return "".join(self._draw(x, rng) if i % 2 else x for i, x in enumerate(pieces))


def read_rules(path: Path) -> dict[str, Alternatives]:
    """Read a grammar file.

    Raises:
        ConfigError: no such file, an alternative before the first rule, or a rule defined twice.
    """
    rules: dict[str, Alternatives] = {}
    for line in read_lines(path):
        if line[0] != " " and line.endswith(":"):
            name = line[:-1]
            if name in rules:
                raise ConfigError(f"defines {name!r} twice", path=path)
            rules[name] = []
        elif not rules or line[0] != " ":
            raise ConfigError(
                f"has {line.strip()!r} where a rule should begin",
                path=path,
                todo="Write the name of the rule and a colon, and indent its alternatives.",
            )
        else:
            rules[name] += _alternatives(line.strip())
    return rules


def read_lines(path: Path) -> Sequence[str]:
    """The lines of a resource that are neither empty nor comments.

    Raises:
        ConfigError: no such file.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ConfigError("cannot be read", path=path) from error
    return [line.rstrip() for line in lines if line.strip() and not line.startswith("#")]


def _alternatives(line: str) -> Alternatives:
    match = _WEIGHTED.fullmatch(line)
    assert match is not None  # the pattern takes every line
    return [(float(match[1] or 1), part.strip()) for part in match[2].split("|")]


def _find(name: str, rules: dict[str, Alternatives], lexicon: Lexicon) -> Alternatives:
    stem, _, form = name.partition(":")
    try:
        if name in rules:
            found = rules[name]
        elif f"{stem}:*" in rules:
            templates = rules[f"{stem}:*"]
            found = [(weight, text.replace(":*", f":{form}")) for weight, text in templates]
        else:
            found = lexicon(name)
    except KeyError as error:
        raise ConfigError(f"no rule or word list <{name}>") from error
    if not found:
        raise ConfigError(f"the rule <{name}> has no alternatives")
    return found
