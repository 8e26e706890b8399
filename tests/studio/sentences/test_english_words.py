"""English word forms, articles and word lists."""

from collections.abc import Callable

import pytest

from viseme.studio.sentences import inflect
from viseme.studio.sentences.english import with_articles, words_as_rule
from viseme.studio.sentences.grammar import GRAMMARS, read_lines


@pytest.mark.parametrize(
    ("form", "pairs"),
    [
        (inflect.plural, "box boxes, city cities, boy boys, child children, watch watches"),
        (inflect.plural, "roof roofs, stomach stomachs, sheep sheep, hero heroes, piano pianos"),
        (inflect.third_person, "carry carries, push pushes, play plays, stop stops, fix fixes"),
        (inflect.past, "stop stopped, carry carried, love loved, visit visited, fix fixed"),
        (inflect.past, "admit admitted, buy bought, label labeled, travel traveled, play played"),
        (inflect.participle, "write written, open opened, wrap wrapped, see seen, cut cut"),
        (inflect.gerund, "run running, make making, see seeing, tie tying, study studying"),
        (inflect.gerund, "begin beginning, admit admitting, cut cutting, tiptoe tiptoeing"),
        (inflect.comparative, "big bigger, happy happier, large larger, quiet quieter, new newer"),
        (inflect.superlative, "hot hottest, dry driest, nice nicest, clean cleanest"),
    ],
)
def test_word_forms(form: Callable[[str], str], pairs: str) -> None:
    for pair in pairs.split(", "):
        word, expected = pair.split()
        assert form(word) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a apple", "an apple"),
        ("a hour and a house", "an hour and a house"),
        ("a university and a uncle", "a university and an uncle"),
        ("a unusual idea", "an unusual idea"),
        ("a useful egg on a island", "a useful egg on an island"),
        ("a one and a european", "a one and a european"),
        ("data are a art", "data are an art"),
    ],
)
def test_articles(before: str, after: str) -> None:
    assert with_articles(before) == after


def test_lists_are_sorted_lower_case_and_without_doubles() -> None:
    paths = [path for kind in inflect.FORMS for path in (inflect.WORDS / kind).glob("*.txt")]
    assert len(paths) > 25
    for path in paths:
        words = read_lines(path)
        assert list(words) == sorted(set(words)), path
        assert all(word.isalpha() and word.islower() for word in words), path


def test_every_list_is_used() -> None:
    used = (GRAMMARS / "lrs.sentences").read_text("utf-8")
    for kind in inflect.FORMS:
        for path in (inflect.WORDS / kind).glob("*.txt"):
            assert f"<{path.stem}" in used, path


def test_short_words_are_commoner() -> None:
    weights = {word: weight for weight, word in words_as_rule("thing:one")}
    assert weights["cup"] > weights["bottle"] > weights["encyclopedia"] > 0
