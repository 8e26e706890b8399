"""Small random posteriors, and the probability of every text by listing all paths."""

import itertools
import math

import torch
from hypothesis import settings
from hypothesis import strategies as st

examples = settings(deadline=None, max_examples=25)

posteriors = st.tuples(
    st.integers(1, 6), st.integers(2, 4), st.integers(0, 2**31), st.sampled_from([0.3, 2.0, 20.0])
)


def random_log_probs(frames: int, vocab: int, seed: int, scale: float = 2.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(frames, vocab, generator=generator)).log_softmax(-1)


def blank_last(log_probs: torch.Tensor) -> torch.Tensor:
    """The same posteriors (..., V) with the blank as the last id, and every token one lower."""
    return log_probs.roll(-1, -1)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(token for token, _ in itertools.groupby(path) if token)


def all_texts(log_probs: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Probability of every text, by listing all paths."""
    frames, vocab = log_probs.shape
    table = log_probs.double().tolist()
    texts: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(vocab), repeat=frames):
        p = math.exp(sum(table[t][token] for t, token in enumerate(path)))
        texts[collapse(path)] = texts.get(collapse(path), 0.0) + p
    return texts
