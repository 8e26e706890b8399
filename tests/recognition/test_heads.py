"""The losses of the recogniser: the arithmetic, masking, gradients."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from viseme.nn.transformer import TextDecoder
from viseme.recognition.heads import RecognitionHeads, _smoothed_kl

VOCAB, DIM = 7, 8
LENGTHS = torch.tensor([12, 9])
TOKENS = torch.tensor([[1, 2, 3, 3], [4, 5, -1, -1]])


@pytest.fixture
def heads() -> RecognitionHeads:
    torch.manual_seed(0)
    return RecognitionHeads(DIM, VOCAB, TextDecoder(VOCAB, DIM, 1, 2, 16, 0.1), 0.1).eval()


@pytest.fixture
def encoder_out() -> Tensor:
    return torch.randn(2, 12, DIM, generator=torch.Generator().manual_seed(1))


def plain_kl(logits: Tensor, wanted: list[int], smoothing: float) -> float:
    """Sum over tokens and vocabulary of p log(p / q), p the smoothed one-hot."""
    total = 0.0
    for row, right in zip(logits.log_softmax(-1).tolist(), wanted, strict=True):
        for token, log_q in enumerate(row):
            p = 1 - smoothing if token == right else smoothing / (len(row) - 1)
            total += p * (math.log(p) - log_q) if p else 0.0
    return total


@torch.no_grad()
def test_ctc_is_summed_over_tokens_and_divided_by_the_batch(
    heads: RecognitionHeads, encoder_out: Tensor
) -> None:
    log_probs = heads.ctc_log_probs(encoder_out).transpose(0, 1)
    targets = torch.tensor([1, 2, 3, 3, 4, 5])
    each = F.ctc_loss(log_probs, targets, LENGTHS, torch.tensor([4, 2]), reduction="none")
    loss = heads.loss(encoder_out, LENGTHS, TOKENS, 0.1)
    torch.testing.assert_close(loss.ctc, each.sum() / 2)


@torch.no_grad()
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_attention_is_the_smoothed_divergence(
    heads: RecognitionHeads, encoder_out: Tensor, smoothing: float
) -> None:
    end = VOCAB - 1
    expected = 0.0
    for row, text in enumerate([[1, 2, 3, 3], [4, 5]]):
        memory = encoder_out[row : row + 1, : LENGTHS[row]]
        valid = torch.ones(1, memory.shape[1], dtype=torch.bool)
        logits = heads.text_decoder(torch.tensor([[end, *text]]), memory, valid)[0]
        expected += plain_kl(logits, [*text, end], smoothing)
    loss = heads.loss(encoder_out, LENGTHS, TOKENS, smoothing)
    assert loss.attention.item() == pytest.approx(expected / 2, rel=1e-4)


def test_the_divergence_of_the_target_itself_is_zero() -> None:
    target = torch.full((1, 5), 0.1 / 4).scatter(1, torch.tensor([[2]]), 0.9)
    assert _smoothed_kl(target.log(), torch.tensor([2]), 0.1).item() == pytest.approx(0, abs=1e-6)


@torch.no_grad()
def test_padding_of_frames_and_tokens_does_not_count(
    heads: RecognitionHeads, encoder_out: Tensor
) -> None:
    loss = heads.loss(encoder_out, LENGTHS, TOKENS, 0.1)
    longer = F.pad(encoder_out, (0, 0, 0, 3), value=7.0)
    longer[1, 9:] = -5.0
    padded = heads.loss(longer, LENGTHS, F.pad(TOKENS, (0, 2), value=-1), 0.1)
    for name in ("ctc", "attention", "accuracy"):
        torch.testing.assert_close(getattr(padded, name), getattr(loss, name))


@torch.no_grad()
def test_accuracy_counts_next_tokens_and_the_end(heads: RecognitionHeads) -> None:
    """A decoder that always says 3 is right at two of six tokens and two ends."""
    heads.text_decoder.head.weight.zero_()
    heads.text_decoder.head.bias.copy_(F.one_hot(torch.tensor(3), VOCAB))
    loss = heads.loss(torch.zeros(2, 12, DIM), LENGTHS, TOKENS, 0.1)
    assert loss.accuracy.item() == pytest.approx(2 / 8)


def test_a_text_too_long_for_its_frames_does_not_spoil_the_batch(
    heads: RecognitionHeads, encoder_out: Tensor
) -> None:
    lengths = torch.tensor([12, 1])
    loss = heads.loss(encoder_out, lengths, TOKENS, 0.1)
    assert loss.ctc.isfinite()
    loss.ctc.backward()
    assert all(p.grad.isfinite().all() for p in heads.ctc_head.parameters())


def test_every_parameter_learns(heads: RecognitionHeads, encoder_out: Tensor) -> None:
    encoder_out.requires_grad_()
    loss = heads.loss(encoder_out, LENGTHS, TOKENS, 0.1)
    (loss.ctc + loss.attention).backward()
    for name, parameter in heads.named_parameters():
        assert parameter.grad is not None, name
        assert "key.bias" in name or parameter.grad.abs().sum() > 0, name
    assert encoder_out.grad is not None
    assert (encoder_out.grad[1, 9:] == 0).all(), "padding must not learn"
