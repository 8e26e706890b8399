"""The text decoder: causal, and the same one token at a time as all at once."""

import pytest
import torch
from torch import Tensor

from viseme.nn.positional import absolute_positions
from viseme.nn.transformer import DecoderLayer, TextDecoder
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
@pytest.mark.parametrize(
    "choices",
    [
        [[[0, 0, 1], [3, 4, 5]], [[2, 1, 0], [5, 5, 5]], [[0, 1, 2], [3, 4, 5]]],
        [[[0, 2], [4, 3]], [[1, 1], [2, 3]]],  # fewer hypotheses of each clip
        [[[1, 0, 0], [3, 3, 3]], [[4, 5, 3]], [[2, 0, 2]]],  # a clip leaves
        [[[4, 3, 5], [2, 1, 0]], [[2, 1, 0], [3, 3, 4]]],  # clips change places
    ],
)
def test_hypotheses_go_on_as_themselves(
    decoder: TextDecoder, memory: Tensor, choices: list[list[list[int]]]
) -> None:
    """Rows 0 to 2 are of the first clip, 3 to 5 of the second, after each choice anew."""
    valid = valid_mask(LENGTHS)
    cache = decoder.start(memory, valid, num_rows=3)
    clip, texts = torch.tensor([0, 0, 0, 1, 1, 1]), torch.empty(6, 0, dtype=torch.long)
    for chosen in [torch.arange(6).view(2, 3), *map(torch.tensor, choices)]:
        cache, clip, texts = cache.select(chosen), clip[chosen.flatten()], texts[chosen.flatten()]
        new = (torch.arange(len(texts)) * 3 + texts.sum(1)) % VOCAB
        texts = torch.cat([texts, new[:, None]], 1)
        step = decoder.step(new, cache)
        expected = decoder(texts, memory[clip], valid[clip])[:, -1].log_softmax(-1)
        torch.testing.assert_close(step, expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_shared_beginning_is_kept_once(decoder: TextDecoder, memory: Tensor) -> None:
    cache = decoder.start(memory, valid_mask(LENGTHS), num_rows=4)
    for _ in range(5):
        decoder.step(torch.arange(8) % VOCAB, cache)
        cache = cache.select(torch.tensor([[2, 2, 2, 2], [4, 4, 4, 4]]))
    assert [layer.key.shape[2] for layer in cache.layers] == [5, 5]


def test_dropout_can_leave_out_every_branch(memory: Tensor) -> None:
    torch.manual_seed(0)
    layer, x = DecoderLayer(DIM, 4, 32, dropout=1.0).train(), torch.randn(2, 5, DIM)
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    valid = valid_mask(LENGTHS)[:, None, None]
    torch.testing.assert_close(layer(x, causal, memory, valid), x, rtol=0, atol=0)


def test_fresh_tokens_are_as_large_as_positions() -> None:
    """Rows are used times sqrt(D); a sinusoid has a mean square of one half."""
    rows = TextDecoder(2000, DIM, 1, 4, 32, 0.1).embedding.weight * DIM**0.5
    assert rows.std().item() == pytest.approx(1, rel=0.02)


def test_absolute_positions_continue_where_they_left_off() -> None:
    like = torch.zeros(1)
    whole = absolute_positions(7, 8, like=like)
    torch.testing.assert_close(absolute_positions(3, 8, start=4, like=like), whole[4:])
