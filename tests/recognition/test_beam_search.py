"""The joint search against the plain reference, and its promises."""

import itertools
import math
from collections.abc import Sequence

import pytest
import torch
from reference_search import reference_search
from torch import Tensor

from viseme.nn.transformer import TextDecoder
from viseme.recognition.beam_search import SearchOptions, beam_search, hopeless
from viseme.recognition.grammar import WordGrammar
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.hypothesis import Hypothesis

VOCAB, DIM = 9, 16


def random_heads(seed: int, vocab: int = VOCAB, sharpness: float = 3.0) -> RecognitionHeads:
    """Heads with scores that vary enough for the search to have something to do."""
    torch.manual_seed(seed)
    heads = RecognitionHeads(DIM, vocab, TextDecoder(vocab, DIM, 2, 2, 32, 0.1), 0.1).eval()
    with torch.no_grad():
        for layer in (heads.ctc_head, heads.text_decoder.head):
            layer.weight.mul_(sharpness)
        heads.text_decoder.head.bias[-1] += 1.0
    return heads


def random_memory(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, DIM, generator=torch.Generator().manual_seed(seed))


class Bigram:
    """A toy language model; its cache only remembers how many rows there are."""

    class Cache:
        def __init__(self, rows: int) -> None:
            self.rows = rows

        def select(self, rows: Tensor) -> "Bigram.Cache":
            return Bigram.Cache(len(rows))

    def __init__(self, vocab: int) -> None:
        self.vocab_size = vocab
        generator = torch.Generator().manual_seed(5)
        self.table = torch.randn(vocab, vocab, generator=generator).log_softmax(-1)

    def start(self, num_rows: int) -> "Bigram.Cache":
        return Bigram.Cache(num_rows)

    def step(self, tokens: Tensor, cache: "Bigram.Cache") -> Tensor:
        assert len(tokens) == cache.rows
        return self.table[tokens]

    def plain(self, prefix: list[int]) -> list[float]:
        return self.table[prefix[-1] if prefix else -1].tolist()


def letters(text: str) -> list[int]:
    """Ids 1 to 7 for "a" to "f" and the space."""
    return ["abcdef ".index(char) + 1 for char in text]


GRAMMAR = WordGrammar([["ab", "abc", "fa"], ["e", "dd"], ["ba", "b"]], letters)


def assert_same(found: Sequence[Hypothesis], expected: Sequence[Hypothesis]) -> None:
    assert [h.tokens for h in found] == [h.tokens for h in expected]
    for a, b in zip(found, expected, strict=True):
        for name in ("score", "decoder_score", "ctc_score", "lm_score"):
            assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-4)


CASES = {
    "default": SearchOptions(),
    "greedy": SearchOptions(beam_size=1),
    "narrow": SearchOptions(beam_size=3, ctc_weight=0.3),
    "bonus": SearchOptions(beam_size=4, length_bonus=0.5),
    "no ctc": SearchOptions(beam_size=4, ctc_weight=0.0),
    "only ctc": SearchOptions(beam_size=4, ctc_weight=1.0),
    "lm": SearchOptions(beam_size=5, lm_weight=0.4, length_bonus=0.3),
    "short": SearchOptions(beam_size=5, max_tokens=3),
}


@pytest.mark.parametrize("constrained", [False, True], ids=["free", "grammar"])
@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_search_equals_the_reference(name: str, constrained: bool) -> None:
    options = CASES[name]
    constraint, model = GRAMMAR if constrained else None, Bigram(VOCAB)
    lengths = [9, 1, 6, 8]
    for seed in range(2):
        heads, memory = random_heads(seed), random_memory(seed, 4, 9)
        found = beam_search(
            heads,
            memory,
            torch.tensor(lengths),
            options=options,
            constraint=constraint,
            language_model=model,
        )
        for row, length in enumerate(lengths):
            lm = model.plain if options.lm_weight else None
            expected = reference_search(heads, memory[row, :length], options, constraint, lm)
            assert_same(found[row], expected)


@torch.inference_mode()
def test_search_stops_early_as_the_reference_does() -> None:
    heads, memory = random_heads(0), random_memory(7, 1, 40)
    heads.text_decoder.head.bias[-1] += 6.0
    options = SearchOptions(beam_size=4)
    (found,) = beam_search(heads, memory, torch.tensor([40]), options=options)
    assert_same(found, reference_search(heads, memory[0], options))
    assert max(len(h.tokens) for h in found) < 30


def test_stop_rule() -> None:
    none = -math.inf
    assert not hopeless([-1.0, -12.0, -12.0, -12.0])
    assert hopeless([-1.0, -12.0, -12.0, -12.0, none, none])
    assert not hopeless([-1.0, -12.0, none, -12.0, -12.0, none])
    assert not hopeless([-1.0, -12.0, -12.0, -10.5, none, none])
    assert not hopeless([-1.0, -11.0, -11.0, -11.0, none, none])  # more than ten nats
    assert not hopeless([-12.0, -12.0, -1.0, none])  # three lengths


def test_a_clip_reads_the_same_alone_and_in_a_batch() -> None:
    heads, memory = random_heads(3), random_memory(3, 6, 25)
    lengths = torch.tensor([25, 3, 17, 8, 25, 1])
    options = SearchOptions(beam_size=5)
    together = beam_search(heads, memory, lengths, options=options)
    for row, length in enumerate(lengths.tolist()):
        (alone,) = beam_search(
            heads, memory[row : row + 1, :length], lengths[row : row + 1], options=options
        )
        assert_same(together[row], alone)


def test_token_scores_are_those_of_the_decoder() -> None:
    heads, memory = random_heads(1), random_memory(1, 1, 15)
    ((best, *_),) = beam_search(heads, memory, torch.tensor([15]))
    prefix = torch.tensor([[heads.sos_id, *best.tokens]])
    logits = heads.text_decoder(prefix, memory, torch.ones(1, 15, dtype=torch.bool))[0]
    expected = logits.log_softmax(-1)[range(len(best.tokens)), best.tokens]
    torch.testing.assert_close(torch.tensor(best.token_log_probs), expected)


def test_only_sentences_of_the_grammar_are_found() -> None:
    slots = (("ab", "abc", "fa"), ("e", "dd"), ("ba", "b"))
    sentences = {(*letters(" ".join(words)),) for words in itertools.product(*slots)}
    options = SearchOptions(beam_size=20)
    heads, memory = random_heads(2), random_memory(2, 2, 14)
    long, short = beam_search(
        heads, memory, torch.tensor([14, 5]), options=options, constraint=GRAMMAR
    )
    assert {(*h.tokens,) for h in long} == sentences
    assert short == []


def test_options_and_empty_clips_are_checked() -> None:
    for bad in ({"beam_size": 0}, {"ctc_weight": 1.5}, {"max_tokens": 0}):
        with pytest.raises(ValueError, match=r"must be|is not"):
            SearchOptions(**bad)
    with pytest.raises(ValueError, match="at least one frame"):
        beam_search(random_heads(0), random_memory(0, 2, 5), torch.tensor([5, 0]))


def test_a_language_model_of_other_tokens_is_refused() -> None:
    options = SearchOptions(lm_weight=0.3)
    with pytest.raises(ValueError, match="knows 8 tokens, the heads 9"):
        beam_search(
            random_heads(0),
            random_memory(0, 1, 5),
            torch.tensor([5]),
            options=options,
            language_model=Bigram(VOCAB - 1),
        )
