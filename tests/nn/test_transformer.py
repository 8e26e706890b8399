"""The text decoder: causal, and the same one token at a time as all at once."""

import pytest
import torch
from torch import Tensor

from viseme.nn.positional import absolute_positions
from viseme.nn.transformer import TextDecoder
from viseme.shapes import valid_mask

VOCAB, DIM = 11, 16
LENGTHS = torch.tensor([6, 3])


@pytest.fixture
def decoder() -> TextDecoder:
    torch.manual_seed(0)
    return TextDecoder(VOCAB, DIM, 2, 4, 32, dropout=0.3).eval()


@pytest.fixture
def memory() -> Tensor:
    return torch.randn(2, 6, DIM, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def tokens() -> Tensor:
    return torch.randint(VOCAB, (2, 5), generator=torch.Generator().manual_seed(2))


def test_a_token_does_not_see_those_after_it(
    decoder: TextDecoder, memory: Tensor, tokens: Tensor
) -> None:
    inputs: list[Tensor] = []
    decoder.embedding.register_forward_hook(lambda *hook: inputs.append(hook[2]))
    decoder.embedding.weight.requires_grad_()
    logits = decoder(tokens, memory, valid_mask(LENGTHS))
    for position in range(tokens.shape[1]):
        (gradient,) = torch.autograd.grad(
            logits[:, position].square().sum(), inputs[0], retain_graph=True
        )
        reached = gradient.abs().sum((0, 2)) > 0
        assert reached.tolist() == [index <= position for index in range(tokens.shape[1])]


def test_memory_beyond_its_length_is_not_seen(
    decoder: TextDecoder, memory: Tensor, tokens: Tensor
) -> None:
    memory.requires_grad_()
    decoder(tokens, memory, valid_mask(LENGTHS)).square().sum().backward()
    assert memory.grad is not None
    seen = memory.grad.abs().sum(-1) > 0
    assert torch.equal(seen, valid_mask(LENGTHS))


@torch.no_grad()
def test_steps_equal_the_full_pass(decoder: TextDecoder, memory: Tensor, tokens: Tensor) -> None:
    valid = valid_mask(LENGTHS)
    expected = decoder(tokens, memory, valid).log_softmax(-1)
    cache = decoder.start(memory, valid)
    for position in range(tokens.shape[1]):
        step = decoder.step(tokens[:, position], cache)
        torch.testing.assert_close(step, expected[:, position], atol=1e-5, rtol=1e-5)
    assert cache.num_tokens == tokens.shape[1]


@torch.no_grad()
@pytest.mark.parametrize("rows", [[1, 0], [1, 1, 0], [0]])
def test_selected_rows_go_on_as_themselves(
    decoder: TextDecoder, memory: Tensor, tokens: Tensor, rows: list[int]
) -> None:
    valid, chosen = valid_mask(LENGTHS), torch.tensor(rows)
    cache = decoder.start(memory, valid)
    for position in range(3):
        decoder.step(tokens[:, position], cache)
    followed = tokens[chosen]
    step = decoder.step(followed[:, 3], cache.select(chosen))
    expected = decoder(followed[:, :4], memory[chosen], valid[chosen])[:, -1].log_softmax(-1)
    torch.testing.assert_close(step, expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_rows_within_one_utterance_keep_its_memory(decoder: TextDecoder, memory: Tensor) -> None:
    """Two hypotheses of one clip both become continuations of the second."""
    memory = memory[:1].expand(2, -1, -1)
    valid = valid_mask(LENGTHS[:1]).expand(2, -1)
    texts = torch.tensor([[1, 2], [3, 4]])
    cache = decoder.start(memory, valid)
    for position in range(2):
        decoder.step(texts[:, position], cache)
    rows = torch.tensor([1, 1])
    chosen = cache.select_tokens(rows)
    assert chosen.layers[0].memory_key is cache.layers[0].memory_key
    step = decoder.step(torch.tensor([5, 6]), chosen)
    full = torch.cat([texts[rows], torch.tensor([[5], [6]])], dim=1)
    expected = decoder(full, memory, valid)[:, -1].log_softmax(-1)
    torch.testing.assert_close(step, expected, atol=1e-5, rtol=1e-5)


def test_absolute_positions_continue_where_they_left_off() -> None:
    like = torch.zeros(1)
    whole = absolute_positions(7, 8, like=like)
    torch.testing.assert_close(absolute_positions(3, 8, start=4, like=like), whole[4:])
