"""CTC prefix scores against brute force."""

import math

import pytest
import torch
from ctc_oracle import all_texts, blank_last, examples, posteriors, random_log_probs
from hypothesis import given

from viseme.recognition.ctc import greedy, log_likelihood
from viseme.recognition.ctc_prefix import CtcPrefixScorer


@examples
@given(posteriors)
def test_prefix_score_is_the_sum_over_completions(shape: tuple[int, int, int, float]) -> None:
    log_probs = random_log_probs(*shape)
    vocab, texts = shape[1], all_texts(log_probs)
    scorer = CtcPrefixScorer(log_probs[None], torch.tensor([len(log_probs)]))
    state = scorer.start()
    generator = torch.Generator().manual_seed(shape[2])
    prefix: tuple[int, ...] = ()
    for _ in range(shape[0] + 1):
        assert state.end.exp().item() == pytest.approx(texts.get(prefix, 0.0), rel=1e-5, abs=1e-30)
        scores = scorer.vocabulary_scores(state)
        some = torch.randint(vocab, (1, 5), generator=generator)
        torch.testing.assert_close(scorer.candidate_scores(state, some), scores.gather(1, some))
        assert scores[0, 0] == -math.inf
        for token in range(1, vocab):
            longer = (*prefix, token)
            total = sum(p for text, p in texts.items() if text[: len(longer)] == longer)
            assert scores[0, token].exp().item() == pytest.approx(total, rel=1e-5, abs=1e-30)
        token = int(torch.randint(1, vocab, (1,), generator=generator))
        prefix = (*prefix, token)
        state = scorer.extend(state, torch.tensor([0]), torch.tensor([token]))


def test_prefix_scores_of_a_batch_are_those_of_each_utterance() -> None:
    log_probs = torch.stack([random_log_probs(30, 7, seed) for seed in range(3)])
    lengths = torch.tensor([30, 11, 1])
    batch = CtcPrefixScorer(log_probs, lengths)
    rows, tokens = torch.tensor([2, 1, 0, 1, 1]), torch.tensor([1, 2, 3, 4, 2])
    state = batch.extend(batch.start(), rows, tokens)
    state = batch.extend(state, torch.arange(5), torch.tensor([1, 2, 2, 6, 5]))
    scores = batch.vocabulary_scores(state)
    for row, (utterance, token) in enumerate(zip(rows.tolist(), tokens.tolist(), strict=True)):
        length = lengths[utterance].item()
        alone = CtcPrefixScorer(
            log_probs[utterance : utterance + 1, :length], torch.tensor([length])
        )
        zero = torch.tensor([0])
        one = alone.extend(alone.start(), zero, torch.tensor([token]))
        one = alone.extend(one, zero, state.last[row : row + 1])
        torch.testing.assert_close(alone.vocabulary_scores(one), scores[row : row + 1])
        torch.testing.assert_close(one.end, state.end[row : row + 1])


def test_the_blank_can_be_any_id() -> None:
    log_probs, lengths = random_log_probs(20, 6, seed=3)[None], torch.tensor([20])
    first, last = (
        CtcPrefixScorer(log_probs, lengths),
        CtcPrefixScorer(blank_last(log_probs), lengths, 5),
    )
    state, moved, row = first.start(), last.start(), torch.tensor([0])
    for token in (2, 2, 5):
        scores = last.vocabulary_scores(moved)
        torch.testing.assert_close(blank_last(first.vocabulary_scores(state)), scores)
        state = first.extend(state, row, torch.tensor([token]))
        moved = last.extend(moved, row, torch.tensor([token - 1]))
        torch.testing.assert_close(moved.end, state.end)


def test_tokens_of_probability_zero_leave_the_others_right() -> None:
    path = torch.tensor([0, 1, 1, 0, 1, 2])
    log_probs = torch.nn.functional.one_hot(path, 4).double().log()[None]
    scorer, row = CtcPrefixScorer(log_probs, torch.tensor([6])), torch.tensor([0])
    state = scorer.start()
    for token in (1, 1, 2):
        scores = scorer.vocabulary_scores(state)[0]
        assert scores[token].item() == pytest.approx(0)
        assert all(scores[other] < -500 for other in range(4) if other != token)
        state = scorer.extend(state, row, torch.tensor([token]))
    assert state.end.item() == pytest.approx(0)


def test_prefix_scores_stay_exact_over_long_peaky_posteriors() -> None:
    log_probs = random_log_probs(1500, 20, seed=1, scale=30.0)
    tokens = greedy(log_probs[None], torch.tensor([1500]))[0][:40]
    scorer = CtcPrefixScorer(log_probs[None], torch.tensor([1500]))
    state = scorer.start()
    for token in tokens:
        state = scorer.extend(state, torch.tensor([0]), torch.tensor([token]))
    expected = log_likelihood(log_probs.numpy(), tokens)
    assert state.end.item() == pytest.approx(expected, rel=1e-9)
