"""The language model: causal, and the same one token at a time as all at once."""

import pytest
import torch
from torch import Tensor

from viseme.nn.precision import lighten
from viseme.recognition.transformer_lm import PADDING_ID, TransformerLanguageModel

VOCAB = 11


@pytest.fixture
def model() -> TransformerLanguageModel:
    torch.manual_seed(0)
    return TransformerLanguageModel(VOCAB, 6, 16, 3, 4, 32).eval()


@pytest.fixture
def tokens() -> Tensor:
    """Texts (3, 6) with a padding token inside the second, which a search may meet in dead rows."""
    texts = torch.randint(1, VOCAB, (3, 6), generator=torch.Generator().manual_seed(2))
    texts[1, 2] = PADDING_ID
    return texts


@torch.no_grad()
def test_steps_equal_the_whole_text(model: TransformerLanguageModel, tokens: Tensor) -> None:
    expected = model(tokens)
    assert expected.shape == (3, 6, VOCAB)
    torch.testing.assert_close(expected.exp().sum(-1), torch.ones(3, 6))
    cache = model.start(3)
    for position in range(tokens.shape[1]):
        step = model.step(tokens[:, position], cache)
        torch.testing.assert_close(step, expected[:, position], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_it_runs_in_16_bits(model: TransformerLanguageModel, tokens: Tensor) -> None:
    expected = model(tokens)
    lighten(model, "bfloat16")
    cache = model.start(3)
    step = model.step(tokens[:, 0], cache)
    torch.testing.assert_close(step, expected[:, 0], atol=0.05, rtol=0.05)


@torch.no_grad()
@pytest.mark.parametrize("rows", [[1, 0, 2], [1, 1, 0, 2, 2], [2]])
def test_selected_rows_go_on_as_themselves(
    model: TransformerLanguageModel, tokens: Tensor, rows: list[int]
) -> None:
    cache, chosen = model.start(3), torch.tensor(rows)
    for position in range(4):
        model.step(tokens[:, position], cache)
    step = model.step(tokens[chosen, 4], cache.select(chosen))
    expected = model(tokens[chosen, :5])[:, -1]
    torch.testing.assert_close(step, expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_cache_that_was_selected_from_is_left_as_it_was(
    model: TransformerLanguageModel, tokens: Tensor
) -> None:
    cache = model.start(3)
    model.step(tokens[:, 0], cache)
    model.step(tokens[:1, 1], cache.select(torch.tensor([0])))
    step = model.step(tokens[:, 1], cache)
    torch.testing.assert_close(step, model(tokens[:, :2])[:, 1], atol=1e-5, rtol=1e-5)


def test_a_token_sees_itself_and_those_before_it(
    model: TransformerLanguageModel, tokens: Tensor
) -> None:
    """And none of them sees padding, although padding is given scores like any token."""
    inputs: list[Tensor] = []
    model.embedding.register_forward_hook(lambda *hook: inputs.append(hook[2]))
    log_probs = model(tokens)
    for position in range(tokens.shape[1]):
        (gradient,) = torch.autograd.grad(
            log_probs[:, position].square().sum(), inputs[0], retain_graph=True
        )
        reached = gradient.abs().sum(-1) > 0
        expected = torch.arange(tokens.shape[1]) <= position
        seen = expected & ((tokens != PADDING_ID) | (torch.arange(6) == position))
        assert torch.equal(reached, seen)


@torch.no_grad()
def test_order_is_known_without_positions(model: TransformerLanguageModel) -> None:
    """One layer would see a bag of tokens before the last; several tell their order."""
    texts = torch.tensor([[10, 1, 2, 3], [10, 2, 1, 3]])
    first, second = model(texts)[:, -1]
    assert (first - second).abs().max() > 1e-4


@torch.no_grad()
def test_a_text_of_padding_alone_still_gives_numbers(model: TransformerLanguageModel) -> None:
    assert model(torch.full((1, 3), PADDING_ID)).isfinite().all()
