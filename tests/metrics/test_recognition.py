"""Error rates agree with an independent implementation and with the definition."""

import jiwer
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from viseme.metrics.recognition import (
    EditCounts,
    ErrorRate,
    align,
    cer,
    confusions,
    edit_counts,
    wer,
)

words = st.lists(st.sampled_from(["bin", "blue", "at", "f", "two"]), max_size=12)
sets = st.lists(st.tuples(words.filter(bool), words), min_size=1, max_size=6)


def texts(pairs: list[tuple[list[str], list[str]]]) -> tuple[list[str], list[str]]:
    return [" ".join(pair[0]) for pair in pairs], [" ".join(pair[1]) for pair in pairs]


@given(sets)
def test_wer_agrees_with_jiwer(pairs: list[tuple[list[str], list[str]]]) -> None:
    references, hypotheses = texts(pairs)
    result, oracle = wer(references, hypotheses), jiwer.process_words(references, hypotheses)
    assert result.rate == pytest.approx(oracle.wer)
    assert result.edits == oracle.substitutions + oracle.deletions + oracle.insertions
    assert result.reference_length == sum(len(pair[0]) for pair in pairs)
    assert result.num_utterances == len(pairs)


@given(sets)
def test_cer_agrees_with_jiwer_on_texts_without_spaces(
    pairs: list[tuple[list[str], list[str]]],
) -> None:
    references, hypotheses = texts(pairs)
    closed = [[text.replace(" ", "") for text in side] for side in (references, hypotheses)]
    assert cer(references, hypotheses).rate == pytest.approx(jiwer.cer(*closed))


@given(words, words)
def test_alignment_is_a_cheapest_way_from_one_to_the_other(
    reference: list[str], hypothesis: list[str]
) -> None:
    pairs = align(reference, hypothesis)
    assert [said for said, _ in pairs if said is not None] == reference
    assert [heard for _, heard in pairs if heard is not None] == hypothesis
    assert (None, None) not in pairs
    counts = edit_counts(reference, hypothesis)
    assert counts.edits == sum(said != heard for said, heard in pairs)
    assert counts.edits == edit_counts(hypothesis, reference).edits
    assert counts.reference_length == len(reference)
    assert counts.hits + counts.substitutions + counts.insertions == len(hypothesis)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [
        ("a b c", "a b c", EditCounts(3, 0, 0, 0)),
        ("a b c", "a x c", EditCounts(2, 1, 0, 0)),
        ("a b c", "a c", EditCounts(2, 0, 1, 0)),
        ("a b c", "a b b c", EditCounts(3, 0, 0, 1)),
        ("a b c", "", EditCounts(0, 0, 3, 0)),
        ("", "a b", EditCounts(0, 0, 0, 2)),
        ("", "", EditCounts(0, 0, 0, 0)),
    ],
)
def test_edit_counts(reference: str, hypothesis: str, counts: EditCounts) -> None:
    assert edit_counts(reference.split(), hypothesis.split()) == counts


def test_of_equally_cheap_ways_the_one_that_replaces_at_the_end_is_taken() -> None:
    assert align(["a", "b"], ["x"]) == [("a", None), ("b", "x")]
    assert align(["a"], ["x", "y"]) == [(None, "x"), ("a", "y")]


def test_rates_are_pooled_and_not_averaged() -> None:
    result = wer(["a b c d e f g h i", "x"], ["a b c d e f g h i", "y"])
    assert result.rate == 0.1
    assert (result.edits, result.reference_length) == (1, 10)


def test_both_sides_are_normalised() -> None:
    assert wer(["Bin blue at F2, now!"], ["bin blue at f two now"]).rate == 0
    assert wer(["A"], ["a"], normaliser=str).rate == 1


@given(sets)
def test_interval_holds_the_rate_and_is_reproducible(
    pairs: list[tuple[list[str], list[str]]],
) -> None:
    result = wer(*texts(pairs))
    assert result == wer(*texts(pairs))
    assert result.low <= result.high
    if len({tuple(map(tuple, pair)) for pair in pairs}) == 1:
        assert result.low == pytest.approx(result.rate) == pytest.approx(result.high)


def test_interval_covers_what_the_sampling_theory_says() -> None:
    """For one-word utterances the rate is a proportion p with deviation sqrt(p (1 - p) / n)."""
    result = wer(["a"] * 400, ["a"] * 300 + ["b"] * 100)
    deviation = (0.25 * 0.75 / 400) ** 0.5
    assert result.low == pytest.approx(0.25 - 1.96 * deviation, abs=0.006)
    assert result.high == pytest.approx(0.25 + 1.96 * deviation, abs=0.006)


@given(st.lists(words, min_size=1))
def test_perfect_and_empty_hypotheses(references: list[list[str]]) -> None:
    assume(any(references))
    lines = [" ".join(line) for line in references]
    assert wer(lines, lines).rate == 0
    nothing = wer(lines, [""] * len(lines))
    assert (nothing.rate, nothing.low, nothing.high) == (1, 1, 1)


def test_printed_for_people() -> None:
    assert str(ErrorRate(0.0415, 0.0299, 0.0521, 83, 2000, 400)) == "4.2% (3.0% to 5.2%)"


@pytest.mark.parametrize("rate", [wer, cer])
def test_bad_sets_are_refused(rate: type[ErrorRate]) -> None:
    with pytest.raises(ValueError, match="2 references but 1 hypotheses"):
        rate(["a", "b"], ["a"])
    for empty in ([], [""], ["?!"]):
        with pytest.raises(ValueError, match="references are empty"):
            rate(empty, empty)


def test_confusions_are_ranked() -> None:
    said = ["bin blue", "bin red", "set red", "set blue now"]
    heard = ["pin blue", "pin bed", "set blue", "set blue"]
    assert confusions(said, heard) == [("bin", "pin", 2), ("red", "bed", 1), ("red", "blue", 1)]
    assert confusions(said, heard, most=1) == [("bin", "pin", 2)]
