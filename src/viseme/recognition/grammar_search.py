"""The most likely sentence of a grammar by CTC alone, exactly: best-first search.

The CTC prefix probability of a text bounds that of every text that begins with it. So taking the
most probable prefix first, the first complete sentence that no open prefix exceeds is the best of
all (A* with an exact bound), whatever the size of the grammar.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor

from viseme.recognition.ctc_prefix import CtcPrefixScorer, PrefixState, join
from viseme.recognition.grammar import START, Constraint
from viseme.recognition.hypothesis import Hypothesis

PREFIXES_AT_ONCE = 16


@dataclass(order=True)
class _Open:
    """A prefix that is not tried yet; the heap gives the most probable one."""

    cost: float  # minus its log-probability
    tokens: list[int]
    state: int = field(compare=False)
    parent: PrefixState = field(compare=False)
    row: int = field(compare=False)


@torch.inference_mode()
def ctc_grammar_decode(
    log_probs: Tensor,
    constraint: Constraint,
    *,
    num_best: int = 1,
    beam_size: int = 200,
    blank_id: int = 0,
) -> list[Hypothesis]:
    """The most likely allowed texts of one utterance's posteriors log_probs (T, V), best first.

    Args:
        log_probs: natural logarithms.
        constraint: the allowed texts.
        num_best: how many; fewer come back if fewer fit into the frames.
        beam_size: how many prefixes of one length are tried at most. The result is exact unless
            that many are, which takes posteriors close to uniform; then the best-looking are tried.
        blank_id: id of the blank.
    """
    # Sixteen short rows at a time, between steps of a heap: kept on the processor.
    scorer = CtcPrefixScorer(log_probs[None].cpu(), torch.tensor([len(log_probs)]), blank_id)
    states = scorer.start()
    trying = [_Open(0.0, [], START, states, 0)]
    heap: list[_Open] = []
    found: list[Hypothesis] = []
    tried: Counter[int] = Counter()
    while trying:
        scores, ends = scorer.vocabulary_scores(states), states.end.tolist()
        for row, prefix in enumerate(trying):
            if constraint.may_end(prefix.state) and ends[row] > -torch.inf:
                found.append(Hypothesis(prefix.tokens, ends[row], ctc_score=ends[row]))
            following = constraint.next_tokens(prefix.state)
            costs = (-scores[row, list(following)]).tolist()
            for (token, state), cost in zip(following.items(), costs, strict=True):
                if cost < torch.inf:
                    tokens = [*prefix.tokens, token]
                    heapq.heappush(heap, _Open(cost, tokens, state, states, row))
        found = sorted(found, key=lambda hypothesis: -hypothesis.score)[:num_best]
        least = found[-1].score if len(found) == num_best else -torch.inf
        trying = _take(heap, tried, beam_size, least)
        if trying:
            parents = [prefix.parent.select(torch.tensor([prefix.row])) for prefix in trying]
            last = torch.tensor([prefix.tokens[-1] for prefix in trying])
            states = scorer.extend(join(parents), torch.arange(len(trying)), last)
    return found


def _take(heap: list[_Open], tried: Counter[int], limit: int, least: float) -> list[_Open]:
    """The next prefixes to try: the most probable ones that can still beat the score `least`."""
    taken: list[_Open] = []
    while heap and len(taken) < PREFIXES_AT_ONCE and -heap[0].cost > least:
        prefix = heapq.heappop(heap)
        if tried[len(prefix.tokens)] < limit:
            tried[len(prefix.tokens)] += 1
            taken.append(prefix)
    return taken
