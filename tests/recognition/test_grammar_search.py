"""The best sentence of a grammar, against scoring every sentence."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from ctc_oracle import blank_last, random_log_probs

from viseme.recognition.ctc import log_likelihood
from viseme.recognition.grammar import WordGrammar, load_grammar
from viseme.recognition.grammar_search import ctc_grammar_decode

SLOTS = [["bin", "lay", "bind"], ["a", "at", "aa"], ["no", "now"]]


def characters(text: str) -> list[int]:
    return [" abcdefghijklmnopqrstuvwxyz".index(char) + 1 for char in text]


@pytest.mark.parametrize(("frames", "scale"), [(30, 1.0), (30, 5.0), (10, 2.0)])
def test_the_best_sentences_are_found_with_their_probability(frames: int, scale: float) -> None:
    grammar = WordGrammar(SLOTS, characters)
    for seed in range(3):
        log_probs = random_log_probs(frames, 29, seed, scale)
        every = [characters(" ".join(choice)) for choice in itertools.product(*SLOTS)]
        scored = [(log_likelihood(log_probs.numpy(), tokens), tokens) for tokens in every]
        expected = sorted((pair for pair in scored if pair[0] > -np.inf), reverse=True)
        found = ctc_grammar_decode(log_probs, grammar, num_best=5)
        assert [h.tokens for h in found] == [tokens for _, tokens in expected[:5]]
        for h, (score, _) in zip(found, expected, strict=False):
            assert h.score == pytest.approx(score, abs=1e-4)


def test_the_blank_can_be_any_id() -> None:
    log_probs = random_log_probs(20, 28, seed=0, scale=3.0)
    found = ctc_grammar_decode(log_probs, WordGrammar(SLOTS, characters), num_best=5)
    lower = WordGrammar(SLOTS, lambda text: [token - 1 for token in characters(text)])
    moved = ctc_grammar_decode(blank_last(log_probs), lower, num_best=5, blank_id=27)
    assert [[token + 1 for token in h.tokens] for h in moved] == [h.tokens for h in found]
    assert [h.score for h in moved] == pytest.approx([h.score for h in found])


@pytest.mark.parametrize("beam_size", [1, 2])
def test_of_each_length_no_more_prefixes_are_tried_than_asked(beam_size: int) -> None:
    log_probs = random_log_probs(30, 29, seed=0)
    found = ctc_grammar_decode(
        log_probs, WordGrammar(SLOTS, characters), num_best=20, beam_size=beam_size
    )
    assert max(Counter(len(h.tokens) for h in found).values()) == beam_size


def test_nothing_is_found_where_nothing_fits() -> None:
    grammar = WordGrammar(SLOTS, characters)
    assert ctc_grammar_decode(random_log_probs(5, 29, seed=0), grammar) == []


@pytest.mark.parametrize("noise", [0.5, 1.5])
def test_a_grid_sentence_is_read_through_noise(noise: float) -> None:
    grammar = load_grammar("grid", characters)
    tokens = characters("place green with q seven again")
    path = torch.zeros(75, dtype=torch.long)
    path[5 : 5 + 2 * len(tokens) : 2] = torch.tensor(tokens)
    generator = torch.Generator().manual_seed(1)
    scores = 6 * torch.nn.functional.one_hot(path, 29)
    log_probs = (scores + noise * torch.randn(75, 29, generator=generator)).log_softmax(-1)
    (best,) = ctc_grammar_decode(log_probs, grammar)
    assert best.tokens == tokens


def test_posteriors_without_information_end_in_bounded_work() -> None:
    flat = torch.zeros(75, 29).log_softmax(-1)
    (best,) = ctc_grammar_decode(flat, load_grammar("grid", characters), beam_size=8)
    assert best.score == pytest.approx(log_likelihood(flat.numpy(), best.tokens), abs=1e-4)
