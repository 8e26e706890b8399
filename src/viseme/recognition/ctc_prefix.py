"""CTC prefix probabilities of many hypotheses at once, for joint CTC/attention decoding.

The prefix probability of a text g is the summed probability of all texts that begin with g
(Watanabe et al., "Hybrid CTC/Attention Architecture for End-to-End Speech Recognition", 2017,
algorithm 2; the forward variables are those of Graves 2006). What differs is how it is computed.
For prefix g, let n[t] and b[t] be the probability that frames 0..t spell exactly g and that frame t
is g's last token or a blank, p[t, c] the posterior, and phi[t] = n[t] + b[t] (b[t] alone where c
repeats the last token). Then

    P(texts that begin with g, c) = sum over t of phi[t-1] p[t, c]

is a dot product, so scoring candidates needs no loop over frames; only the few hypotheses that the
search keeps need their own n and b. Those are linear recurrences, x[t] = a[t] (x[t-1] + u[t]),
solved without a loop by a cumulative log-sum-exp. It needs float64, and gets it: the terms are as
large as the log-probability of a whole path.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

LEAST_LOG_PROB = -1000.0
"""Posteriors below e^-1000 count as that, so that sums over thousands of frames stay exact."""


@dataclass
class PrefixState:
    """What R prefixes leave for the tokens that may follow them; float64 logs.

    Attributes:
        utterance: (R,) which utterance of the batch each prefix belongs to.
        last: (R,) last token, -1 for the empty prefix.
        before: (R, T) log phi[t-1], the prefix is spelled before frame t.
        before_repeat: (R, T) the same, and frame t-1 is blank: its last token may follow again.
        end: (R,) the whole utterance spells exactly the prefix.
    """

    utterance: Tensor
    last: Tensor
    before: Tensor
    before_repeat: Tensor
    end: Tensor

    def select(self, rows: Tensor) -> "PrefixState":
        """The state of prefixes rows (R',), in that order; a row may repeat."""
        parts = (self.utterance, self.last, self.before, self.before_repeat, self.end)
        return PrefixState(*(part[rows] for part in parts))


def join(states: list[PrefixState]) -> PrefixState:
    """The prefixes of several states in one."""
    names = [field.name for field in fields(PrefixState)]
    return PrefixState(*(torch.cat([getattr(s, name) for s in states]) for name in names))


class CtcPrefixScorer:
    """Scores extensions of text prefixes by CTC log-posteriors (B, T, V) of lengths (B,)."""

    def __init__(self, log_probs: Tensor, lengths: Tensor, blank_id: int = 0) -> None:
        by_token = log_probs.transpose(1, 2).double().clamp(min=LEAST_LOG_PROB)
        self._log_probs = by_token.contiguous()  # (B, V, T)
        self._probs = self._log_probs.exp()
        self._blank_id = blank_id
        self._last_frame = lengths - 1
        time = torch.arange(log_probs.shape[1], device=log_probs.device)
        self._padding = time >= lengths[:, None]  # (B, T)

    def start(self) -> PrefixState:
        """The empty prefix of every utterance."""
        blank = self._log_probs[:, self._blank_id].cumsum(1)
        utterance = torch.arange(len(blank), device=blank.device)
        state = self._state(utterance, torch.full_like(utterance, -1), blank - torch.inf, blank)
        state.before[:, 0] = 0.0  # before the first frame the empty prefix is certain
        return state

    def candidate_scores(self, state: PrefixState, candidates: Tensor) -> Tensor:
        """Log-probability (R, C) that the text begins with the prefix and a token of (R, C)."""
        before, scale = self._scaled(state)
        probs = self._probs[state.utterance[:, None], candidates]  # (R, C, T)
        scores = (probs @ before[..., None])[..., 0].log() + scale
        return self._corrected(state, scores, candidates)

    def vocabulary_scores(self, state: PrefixState) -> Tensor:
        """`candidate_scores` (R, V) of every token."""
        before, scale = self._scaled(state)
        scores = before.new_empty(len(before), self._probs.shape[1])
        for utterance in state.utterance.unique().tolist():
            rows = state.utterance == utterance
            scores[rows] = before[rows] @ self._probs[utterance].T
        vocabulary = torch.arange(scores.shape[1], device=scores.device).expand_as(scores)
        return self._corrected(state, scores.log() + scale, vocabulary)

    def extend(self, state: PrefixState, rows: Tensor, tokens: Tensor) -> PrefixState:
        """The prefixes rows (R',) of `state`, each followed by its token of tokens (R',)."""
        utterance = state.utterance[rows]
        repeats = tokens == state.last[rows]
        before = torch.where(repeats[:, None], state.before_repeat[rows], state.before[rows])
        nonblank = _recurrence(self._log_probs[utterance, tokens], before)
        blank = _recurrence(self._log_probs[utterance, self._blank_id], _delayed(nonblank))
        return self._state(utterance, tokens, nonblank, blank)

    def _state(
        self, utterance: Tensor, last: Tensor, nonblank: Tensor, blank: Tensor
    ) -> PrefixState:
        """State of prefixes with log n[t], log b[t] (R, T)."""
        spelled = torch.logaddexp(nonblank, blank)
        end = spelled.gather(1, self._last_frame[utterance][:, None])[:, 0]
        return PrefixState(utterance, last, _delayed(spelled), _delayed(blank), end)

    def _scaled(self, state: PrefixState) -> tuple[Tensor, Tensor]:
        """phi[t-1] (R, T) on real frames and its log scale (R, 1); the largest value is 1.

        What underflows is less than e^-700 times as likely as the prefix.
        """
        before = state.before.masked_fill(self._padding[state.utterance], -torch.inf)
        scale = before.amax(1, keepdim=True).clamp(min=torch.finfo(before.dtype).min)
        return (before - scale).exp(), scale

    def _corrected(self, state: PrefixState, scores: Tensor, candidates: Tensor) -> Tensor:
        """Scores (R, C) with repeats of the last token right, and without the blank."""
        last = self._log_probs[state.utterance, state.last.clamp(min=0)]  # (R, T)
        again = state.before_repeat + last
        again = again.masked_fill(self._padding[state.utterance], -torch.inf).logsumexp(1)
        scores = torch.where(candidates == state.last[:, None], again[:, None], scores)
        return scores.masked_fill(candidates == self._blank_id, -torch.inf)


def _delayed(x: Tensor) -> Tensor:
    """Logs x (R, T) one frame later, beginning with log 0."""
    return torch.nn.functional.pad(x[:, :-1], (1, 0), value=-torch.inf)


def _recurrence(log_factor: Tensor, log_input: Tensor) -> Tensor:
    """Logs of x[t] = factor[t] (x[t-1] + input[t]), x[-1] = 0, for logs (R, T).

    With F the running product of the factors, x[t] / F[t] is the running sum of input[s] / F[s-1].
    """
    total = log_factor.cumsum(1)
    return total + (log_input - (total - log_factor)).logcumsumexp(1)
