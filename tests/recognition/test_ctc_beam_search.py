"""CTC prefix beam search against the list of all texts."""

import math

import pytest
from ctc_oracle import all_texts, blank_last, examples, posteriors, random_log_probs
from hypothesis import given

from viseme.recognition.ctc import greedy, log_likelihood
from viseme.recognition.ctc_beam_search import ctc_beam_search


@examples
@given(posteriors)
def test_a_wide_beam_finds_every_text_with_its_probability(
    shape: tuple[int, int, int, float],
) -> None:
    log_probs = random_log_probs(*shape)
    texts = all_texts(log_probs)
    found = ctc_beam_search(log_probs.numpy(), beam_size=2000, num_best=2000)
    assert {(*h.tokens,) for h in found} == set(texts)
    for h in found:
        assert h.score == pytest.approx(math.log(texts[(*h.tokens,)]), abs=1e-5)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def test_a_narrow_beam_is_close_and_never_too_sure() -> None:
    log_probs = random_log_probs(60, 30, seed=4)
    previous = -math.inf
    for beam_size in (1, 4, 16, 64):
        (best,) = ctc_beam_search(log_probs.numpy(), beam_size=beam_size)
        exact = log_likelihood(log_probs.numpy(), best.tokens)
        assert best.score <= exact + 1e-9
        assert exact >= previous - 1e-9
        previous = exact
    path = greedy(log_probs[None], log_probs.new_tensor([60]).long())[0]
    assert previous > log_likelihood(log_probs.numpy(), path)


def test_the_blank_can_be_any_id() -> None:
    log_probs = random_log_probs(8, 5, seed=2)
    found = ctc_beam_search(log_probs.numpy(), num_best=5)
    moved = ctc_beam_search(blank_last(log_probs).numpy(), num_best=5, blank_id=4)
    assert [[token + 1 for token in h.tokens] for h in moved] == [h.tokens for h in found]
    assert [h.score for h in moved] == pytest.approx([h.score for h in found])


def test_beam_size_is_checked() -> None:
    with pytest.raises(ValueError, match="beam size 0"):
        ctc_beam_search(random_log_probs(3, 3, seed=0).numpy(), beam_size=0)
