"""The template format: weights, references, forms, and what is refused."""

from pathlib import Path

import pytest
from numpy.random import default_rng

from viseme.errors import ConfigError
from viseme.studio.sentences.grammar import Grammar, read_rules


def grammar_of(folder: Path, text: str) -> Grammar:
    """A grammar file with this text, read."""
    path = folder / "some.sentences"
    path.write_text(text, "utf-8")
    return Grammar(read_rules(path))


def test_alternatives_are_drawn_by_weight(tmp_path: Path) -> None:
    drawn = grammar_of(tmp_path, "sentence:\n    3 yes\n    1 no\n")
    rng = default_rng(0)
    texts = [drawn.draw(rng) for _ in range(2000)]
    assert texts.count("yes") / len(texts) == pytest.approx(0.75, abs=0.03)
    assert set(texts) == {"yes", "no"}


def test_references_and_forms_are_filled_in(tmp_path: Path) -> None:
    text = "# note\nsentence:\n    she <do:s>\ndo:*:\n    <sing:*> well\nsing:s:\n    sings\n"
    drawn = grammar_of(tmp_path, text)
    assert drawn.draw(default_rng(0)) == "she sings well"
    assert drawn.vocabulary() == {"she", "sings", "well"}


@pytest.mark.parametrize(
    "text",
    [
        "sentence:\n    <nowhere>\n",
        "sentence:\n",
        "    lost\nsentence:\n    a\n",
        "sentence:\n    a\nsentence:\n    b\n",
        "other:\n    a\n",
    ],
)
def test_bad_grammars_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        grammar_of(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rules(tmp_path / "none.sentences")
