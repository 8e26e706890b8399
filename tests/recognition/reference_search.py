"""The slow, plain joint search that the fast one must equal: one utterance, nothing cached.

The text decoder runs over the whole prefix at every step, CTC prefix scores are the textbook loop
over frames (Watanabe et al. 2017, algorithm 2) in float64 on Python numbers.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.grammar import START, Constraint
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.hypothesis import Hypothesis

NextLogProbs = Callable[[list[int]], list[float]]


def logsumexp(*values: float) -> float:
    top = max(values)
    return top if top == -math.inf else top + math.log(sum(math.exp(v - top) for v in values))


class PlainCtc:
    """Forward variables and prefix scores of one utterance's log_probs (T, V)."""

    def __init__(self, log_probs: Tensor) -> None:
        self.log_probs = log_probs.double().tolist()
        self._known: dict[tuple[int, ...], list[tuple[float, float]]] = {}

    def forward(self, text: list[int]) -> list[tuple[float, float]]:
        """log (n[t], b[t]) of a text."""
        if (*text,) not in self._known:
            last = text[-1] if text else 0
            before = self.before(text) if text else [-math.inf] * len(self.log_probs)
            n, b, variables = -math.inf, -math.inf if text else 0.0, []
            for frame, phi in zip(self.log_probs, before, strict=True):
                n, b = logsumexp(n, phi) + frame[last], logsumexp(n, b) + frame[0]
                variables.append((n, b))
            self._known[(*text,)] = variables
        return self._known[(*text,)]

    def before(self, text: list[int]) -> list[float]:
        """log phi[t-1]: all of `text` but its last token is spelled, and that may follow."""
        *prefix, token = text
        repeat = bool(prefix) and prefix[-1] == token
        variables = self.forward(prefix)
        phi = [b if repeat else logsumexp(n, b) for n, b in variables]
        return [-math.inf if prefix else 0.0, *phi[:-1]]

    def prefix_score(self, text: list[int]) -> float:
        """Log-probability of all texts that begin with `text`."""
        frames = zip(self.before(text), self.log_probs, strict=True)
        return logsumexp(*(phi + frame[text[-1]] for phi, frame in frames))

    def end_score(self, text: list[int]) -> float:
        """Log-probability of `text` itself."""
        return logsumexp(*self.forward(text)[-1])


def reference_search(
    heads: RecognitionHeads,
    encoder_out: Tensor,
    options: SearchOptions,
    constraint: Constraint | None = None,
    language_model: NextLogProbs | None = None,
) -> list[Hypothesis]:
    """All finished hypotheses of one utterance encoder_out (T, D), best first."""
    plain_ctc = PlainCtc(heads.ctc_log_probs(encoder_out[None])[0])
    valid = torch.ones(1, len(encoder_out), dtype=torch.bool)
    weight, eos = options.ctc_weight, heads.eos_id
    max_tokens = options.max_tokens or len(encoder_out)
    beam: list[tuple[Hypothesis, float, int]] = [(Hypothesis([], 0.0), 0.0, START)]
    finished: list[tuple[int, Hypothesis]] = []
    for step in range(max_tokens):
        grown = []
        for hypothesis, ctc, state in beam:
            prefix = torch.tensor([[heads.sos_id, *hypothesis.tokens]])
            logits = heads.text_decoder(prefix, encoder_out[None], valid)[0, -1]
            decoder = logits.log_softmax(-1).tolist()
            lm = language_model(hypothesis.tokens) if language_model else [0.0] * len(decoder)
            options_here = set(range(len(decoder)))
            if constraint is not None:
                options_here = {*constraint.next_tokens(state)}
                options_here |= {eos} if constraint.may_end(state) else set()
            ranked = sorted(options_here, key=lambda token: -decoder[token])
            if 0 < weight < 1:
                ranked = ranked[: int(1.5 * options.beam_size)]
            for token in {*ranked, *(options_here & {eos})} - {heads.blank_id}:
                text = hypothesis.tokens if token == eos else [*hypothesis.tokens, token]
                rate = plain_ctc.end_score if token == eos else plain_ctc.prefix_score
                new_ctc = rate(text) if weight else 0.0
                if new_ctc == -math.inf:
                    continue
                own = decoder[token] if weight < 1 else 0.0
                score = hypothesis.score + (1 - weight) * own + weight * (new_ctc - ctc)
                score += options.lm_weight * lm[token] + options.length_bonus
                parts = (hypothesis.decoder_score + own, new_ctc, hypothesis.lm_score + lm[token])
                grown.append((token, Hypothesis(text, score, *parts), state))
        grown.sort(key=lambda entry: -entry[1].score)
        beam = []
        for token, hypothesis, state in grown[: options.beam_size]:
            if token == eos:
                finished.append((step, hypothesis))
                continue
            state = constraint.next_tokens(state)[token] if constraint else START
            if step < max_tokens - 1:
                beam.append((hypothesis, hypothesis.ctc_score, state))
            elif constraint is None or constraint.may_end(state):
                finished.append((step, hypothesis))
        if not beam or end_detected(finished, step):
            break
    return sorted((h for _, h in finished), key=lambda h: -h.score)


def end_detected(finished: list[tuple[int, Hypothesis]], step: int) -> bool:
    """Three lengths, with sos and eos as in ESPnet, whose best is 10 nats below the best."""
    if not finished:
        return False
    best = max(h.score for _, h in finished)
    for length in (step, step - 1, step - 2):
        scores = [h.score for ended_at, h in finished if ended_at + 2 == length]
        if not scores or max(scores) >= best - 10:
            return False
    return True
