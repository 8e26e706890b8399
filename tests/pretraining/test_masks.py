"""Span masks: how much they hide by either rule, and what holds for any clip."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.pretraining.masks import MaskConfig, batch_masks

Rule = Literal["code", "paper"]


@pytest.mark.parametrize(
    ("rule", "probability", "share"),
    [("code", 0.2, 0.19), ("code", 0.4, 0.35), ("paper", 0.2, 0.49), ("paper", 0.4, 0.78)],
)
def test_either_rule_hides_the_share_that_was_simulated(
    rule: Rule, probability: float, share: float
) -> None:
    config, rng = MaskConfig(probability, 3, rule), np.random.default_rng(0)
    hidden = [batch_masks([100], config, rng)[0].mean() for _ in range(2000)]
    assert np.mean(hidden) == pytest.approx(share, abs=0.015)


@given(
    lengths=st.lists(st.integers(4, 60), min_size=1, max_size=5),
    probability=st.floats(0.01, 1.0),
    rule=st.sampled_from(["code", "paper"]),
    seed=st.integers(0, 99),
)
def test_some_frames_of_every_clip_are_hidden_and_some_are_not(
    lengths: list[int], probability: float, rule: Rule, seed: int
) -> None:
    config = MaskConfig(probability, 3, rule)
    masks = batch_masks(lengths, config, np.random.default_rng(seed))
    assert [len(mask) for mask in masks] == lengths
    assert all(mask.any() and not mask.all() for mask in masks)
    if rule == "code":
        assert len({int(mask.sum()) for mask in masks}) == 1


def test_a_clip_alone_is_hidden_in_whole_spans() -> None:
    config = MaskConfig(0.1, 5)
    for seed in range(50):
        (mask,) = batch_masks([200], config, np.random.default_rng(seed))
        edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
        assert (np.diff(edges)[::2] >= 5).all()


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("rule", ["code", "paper"])
def test_a_clip_shorter_than_a_span_is_no_error(length: int, rule: Rule) -> None:
    (mask,) = batch_masks([length], MaskConfig(0.5, 3, rule), np.random.default_rng(0))
    assert len(mask) == length
    assert mask.any()


@pytest.mark.parametrize("probability", [0.0, 1.1])
def test_a_probability_that_is_none_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        MaskConfig(probability)
