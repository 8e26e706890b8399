"""Joint CTC/attention beam search over several utterances at once.

The search of ESPnet as Auto-AVSR uses it (Watanabe et al. 2017; arXiv 2303.14307). A hypothesis
scores (1 - w) decoder + w CTC prefix + LM weight x LM + length bonus x tokens, eos being one of
them. At each length only the int(1.5 K) best tokens by the decoder, and eos, get a CTC score and
may follow. Finished hypotheses leave the beam; those still open at the longest length are taken as
they are, without a score for eos. There is no normalisation by length.

Differs from ESPnet: utterances are searched together, each as if it were alone; past keys and
values are cached; CTC scores need no loop over frames (see `ctc_prefix`); the blank is never a
token, also without CTC.
"""

from dataclasses import dataclass
from typing import TypedDict

import torch
from torch import Tensor

from viseme.recognition.ctc_prefix import CtcPrefixScorer
from viseme.recognition.grammar import START, Constraint
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.hypothesis import Hypothesis
from viseme.recognition.language_model import LanguageModel
from viseme.shapes import valid_mask

PRE_BEAM_RATIO = 1.5
HOPELESS_NATS = 10.0


@dataclass(frozen=True)
class SearchOptions:
    """How to search.

    Attributes:
        beam_size: open hypotheses of an utterance; 1 is greedy.
        ctc_weight: share of CTC in the score, 0 to 1; the text decoder has the rest. With 1 the
            decoder does not run.
        length_bonus: nats for each token.
        max_tokens: longest text; by default as many tokens as the clip has encoder frames.
        lm_weight: weight of the language model, if one is given.
    """

    beam_size: int = 10
    ctc_weight: float = 0.1
    length_bonus: float = 0.0
    max_tokens: int | None = None
    lm_weight: float = 0.0

    def __post_init__(self) -> None:
        if self.beam_size < 1:
            raise ValueError(f"beam {self.beam_size} must be at least 1")
        if not 0 <= self.ctc_weight <= 1:
            raise ValueError(f"CTC weight {self.ctc_weight} is not between 0 and 1")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"longest text {self.max_tokens} must be at least 1 token")


class SearchChanges(TypedDict, total=False):
    """Some of the `SearchOptions`, to be changed in those that a model comes with."""

    beam_size: int
    ctc_weight: float
    length_bonus: float
    max_tokens: int | None
    lm_weight: float


@torch.inference_mode()
def beam_search(
    heads: RecognitionHeads,
    encoder_out: Tensor,
    lengths: Tensor,
    *,
    options: SearchOptions | None = None,
    constraint: Constraint | None = None,
    language_model: LanguageModel | None = None,
) -> list[list[Hypothesis]]:
    """All finished texts of each utterance, best first.

    Args:
        heads: the recogniser's heads, in evaluation mode.
        encoder_out: (B, T, D).
        lengths: (B,) frames of each, at least 1.
        options: defaults if None.
        constraint: the texts that are allowed; with one the list of an utterance can be empty, when
            none of them fits its frames.
        language_model: of the same tokens; used if `options.lm_weight` is not 0.

    Raises:
        ValueError: an utterance without frames; a language model of other tokens.
    """
    if len(lengths) and int(lengths.min()) < 1:
        raise ValueError("every utterance needs at least one frame")
    options = options or SearchOptions()
    language_model = language_model if options.lm_weight else None
    vocab_size = heads.ctc_head.out_features
    if language_model is not None and language_model.vocab_size != vocab_size:
        raise ValueError(
            f"the language model knows {language_model.vocab_size} tokens, the heads {vocab_size}"
        )
    search = _Search(heads, encoder_out, lengths, options, constraint, language_model)
    while search.open:
        search.step()
    return [sorted(found, key=lambda hypothesis: -hypothesis.score) for found in search.found]


@dataclass
class _Beam:
    """The hypotheses of all open utterances, K rows for each in turn; a dead row scores -inf."""

    tokens: Tensor  # (R, 1+L), sos first
    score: Tensor  # (R,) float64
    decoder: Tensor  # (R, 1+L) by token, 0 for sos
    ctc: Tensor  # (R,) of the whole text
    lm: Tensor  # (R,)
    states: list[int]  # (R,) of the constraint

    def select(self, rows: Tensor) -> "_Beam":
        return _Beam(
            self.tokens[rows],
            self.score[rows],
            self.decoder[rows],
            self.ctc[rows],
            self.lm[rows],
            [self.states[row] for row in rows.tolist()],
        )


@dataclass
class _Next:
    """What may follow each row: C candidates, and eos in the last of the C+1 columns."""

    tokens: Tensor  # (R, C+1)
    score: Tensor  # (R, C+1) float64, of the whole hypothesis
    ctc: Tensor  # (R, C+1) float64, likewise
    decoder: Tensor  # (R, V)
    lm: Tensor  # (R, V)


class _Search:
    """The state of one call: open utterances share the rows, finished ones leave them."""

    def __init__(
        self,
        heads: RecognitionHeads,
        encoder_out: Tensor,
        lengths: Tensor,
        options: SearchOptions,
        constraint: Constraint | None,
        language_model: LanguageModel | None,
    ) -> None:
        batch, beam_size = len(lengths), options.beam_size
        self.heads, self.options = heads, options
        self.constraint, self.language_model = constraint, language_model
        self.open = list(range(batch))
        self.found: list[list[Hypothesis]] = [[] for _ in self.open]
        self.best_by_length: list[list[float]] = [[] for _ in self.open]
        self.max_tokens = [options.max_tokens or length for length in lengths.tolist()]
        self.allowed: dict[int, Tensor] = {}
        row = torch.arange(batch * beam_size, device=lengths.device)
        utterance = row // beam_size
        if options.ctc_weight < 1:
            valid = valid_mask(lengths, encoder_out.shape[1])
            self.decoder_cache = heads.text_decoder.start(encoder_out, valid, beam_size)
        if options.ctc_weight > 0:
            log_probs = heads.ctc_log_probs(encoder_out)
            self.prefix_scorer = CtcPrefixScorer(log_probs, lengths, heads.blank_id)
            self.prefixes = self.prefix_scorer.start().select(utterance)
        if language_model is not None:
            self.lm_cache = language_model.start(len(row))
        tokens = torch.full_like(row, heads.sos_id)[:, None]
        zero = torch.zeros(len(row), dtype=torch.float64, device=row.device)
        score = zero.masked_fill(row % beam_size > 0, -torch.inf)  # one empty text per utterance
        self.beam = _Beam(tokens, score, zero[:, None], zero, zero, [START] * len(row))

    def step(self) -> None:
        """Make every hypothesis one token longer, and keep the best K of each open utterance."""
        following, old, beam_size = self._score(), self.beam, self.options.beam_size
        num_columns = following.score.shape[1]
        score, index = following.score.view(len(self.open), -1).topk(beam_size)
        first_row = torch.arange(0, len(old.score), beam_size, device=index.device)[:, None]
        row, column = (index // num_columns + first_row).flatten(), (index % num_columns).flatten()
        token = following.tokens[row, column]
        self.beam = _Beam(
            torch.cat([old.tokens[row], token[:, None]], 1),
            score.flatten(),
            torch.cat([old.decoder[row], following.decoder[row, token, None].double()], 1),
            following.ctc[row, column],
            old.lm[row] + following.lm[row, token],
            self._next_states(row, token),
        )
        self._advance(row, self._collect())

    def _score(self) -> _Next:
        """Scores of everything that may follow the rows."""
        options, beam, eos = self.options, self.beam, self.heads.eos_id
        decoder, lm = self._model_scores()
        key = decoder
        if not 0 < options.ctc_weight < 1:
            key = (1 - options.ctc_weight) * decoder + options.lm_weight * lm
            key[:, self.heads.blank_id] = -torch.inf
        if self.constraint is not None:
            forbidden = ~torch.stack([self._allowed(self.constraint, s) for s in beam.states])
            key = key.masked_fill(forbidden, -torch.inf)
        candidates = key.topk(self._num_candidates(key.shape[1])).indices  # (R, C)
        tokens = torch.cat([candidates, torch.full_like(candidates[:, :1], eos)], 1)
        # Only these few are summed, and in float64; the vocabulary stays as the models give it.
        score = (1 - options.ctc_weight) * decoder.gather(1, tokens).double()
        score += options.lm_weight * lm.gather(1, tokens).double() + options.length_bonus
        score += beam.score[:, None]
        ctc = torch.zeros_like(score)
        if options.ctc_weight > 0:
            ctc = self._ctc_scores(candidates)
            score += options.ctc_weight * (ctc - beam.ctc[:, None])
        impossible = (key.gather(1, tokens) == -torch.inf) | (tokens == self.heads.blank_id)
        impossible[:, :-1] |= candidates == eos
        impossible |= (beam.score == -torch.inf)[:, None]
        return _Next(tokens, score.masked_fill(impossible, -torch.inf), ctc, decoder, lm)

    def _model_scores(self) -> tuple[Tensor, Tensor]:
        """Next-token log-probabilities (R, V) of text decoder and language model; 0 if unused."""
        last = self.beam.tokens[:, -1]
        zero = torch.zeros(1, 1, device=last.device)
        decoder = lm = zero.expand(len(last), self.heads.ctc_head.out_features)
        if self.options.ctc_weight < 1:
            decoder = self.heads.text_decoder.step(last, self.decoder_cache)
        if self.language_model is not None:
            lm = self.language_model.step(last, self.lm_cache)
        return decoder, lm

    def _num_candidates(self, vocab_size: int) -> int:
        if self.options.ctc_weight == 1:
            return vocab_size
        # Without CTC the K best of each row hold the K best of all.
        ratio = PRE_BEAM_RATIO if self.options.ctc_weight else 1
        return min(int(ratio * self.options.beam_size), vocab_size)

    def _ctc_scores(self, candidates: Tensor) -> Tensor:
        """CTC log-probabilities (R, C+1) of the rows with each candidate, and of their end."""
        scorer, end = self.prefix_scorer, self.prefixes.end[:, None]
        if self.options.ctc_weight < 1:
            return torch.cat([scorer.candidate_scores(self.prefixes, candidates), end], 1)
        scores = scorer.vocabulary_scores(self.prefixes).gather(1, candidates)
        return torch.cat([scores, end], 1)

    def _allowed(self, constraint: Constraint, state: int) -> Tensor:
        """Mask (V,) of the tokens that may follow in a state of the constraint, eos included."""
        if state not in self.allowed:
            mask = torch.zeros(self.heads.ctc_head.out_features, dtype=torch.bool)
            mask[list(constraint.next_tokens(state))] = True
            mask[self.heads.eos_id] = constraint.may_end(state)
            self.allowed[state] = mask.to(self.beam.score.device)
        return self.allowed[state]

    def _next_states(self, row: Tensor, token: Tensor) -> list[int]:
        if self.constraint is None:
            return [START] * len(row)
        states = [self.beam.states[r] for r in row.tolist()]
        following = zip(states, token.tolist(), strict=True)
        return [self.constraint.next_tokens(state).get(t, START) for state, t in following]

    def _collect(self) -> list[int]:
        """Take finished hypotheses out of the beam; which of the open utterances stay open."""
        beam, beam_size = self.beam, self.options.beam_size
        ended = beam.tokens[:, -1] == self.heads.eos_id
        is_ended, scores = ended.tolist(), beam.score.tolist()
        stay = []
        for position, utterance in enumerate(self.open):
            rows = range(position * beam_size, (position + 1) * beam_size)
            alive = [row for row in rows if scores[row] > -torch.inf]
            at_limit = beam.tokens.shape[1] > self.max_tokens[utterance]
            finished = [r for r in alive if is_ended[r] or (at_limit and self._may_end(r))]
            self.found[utterance] += [self._hypothesis(row) for row in finished]
            best = self.best_by_length[utterance]
            best.append(max((scores[row] for row in finished), default=-torch.inf))
            if len(finished) < len(alive) and not at_limit and not hopeless(best):
                stay.append(position)
        beam.score = beam.score.masked_fill(ended, -torch.inf)
        return stay

    def _may_end(self, row: int) -> bool:
        return self.constraint is None or self.constraint.may_end(self.beam.states[row])

    def _hypothesis(self, row: int) -> Hypothesis:
        beam = self.beam
        tokens, decoder = beam.tokens[row, 1:].tolist(), beam.decoder[row, 1:].tolist()
        text = slice(None, -1 if tokens[-1] == self.heads.eos_id else None)
        return Hypothesis(
            tokens=tokens[text],
            score=beam.score[row].item(),
            decoder_score=sum(decoder),
            ctc_score=beam.ctc[row].item(),
            lm_score=beam.lm[row].item(),
            token_log_probs=tuple(decoder[text]) if self.options.ctc_weight < 1 else (),
        )

    def _advance(self, row: Tensor, stay: list[int]) -> None:
        """Bring what the models remember into the order of the new rows."""
        all_stay = len(stay) == len(self.open)
        self.open = [self.open[position] for position in stay]
        if not stay:
            return
        if not all_stay:
            beam_size = self.options.beam_size
            kept = torch.tensor(stay, device=row.device)[:, None] * beam_size
            kept = (kept + torch.arange(beam_size, device=row.device)).flatten()
            self.beam, row = self.beam.select(kept), row[kept]
        if self.options.ctc_weight < 1:
            rows = row.view(-1, self.options.beam_size)
            self.decoder_cache = self.decoder_cache.select(rows)
        if self.options.ctc_weight > 0:
            last = self.beam.tokens[:, -1]
            self.prefixes = self.prefix_scorer.extend(self.prefixes, row, last)
        if self.language_model is not None:
            self.lm_cache = self.lm_cache.select(row)


def hopeless(best_by_length: list[float]) -> bool:
    """Whether longer texts will not win: ESPnet's rule, given the best finished score per length.

    Three consecutive lengths, each with finished texts, were all more than 10 nats worse than the
    best. As there, the three end two lengths before the current one.
    """
    if len(best_by_length) < 5:
        return False
    limit = max(best_by_length) - HOPELESS_NATS
    return all(-torch.inf < best < limit for best in best_by_length[-5:-2])
