"""Word and character error rates, pooled over a set: all edits divided by all reference units.

Texts go through the one normaliser first. The interval is that of `viseme.metrics.bootstrap`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from viseme.metrics.bootstrap import pooled_interval
from viseme.text.normalise import normalise

Normaliser = Callable[[str], str]
Units = Sequence[str]

_MATCH, _DELETION, _INSERTION = 0, 1, 2


@dataclass(frozen=True)
class EditCounts:
    """Units that are right, replaced, left out and added on a cheapest way between two texts."""

    hits: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def edits(self) -> int:
        """The edit distance."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def reference_length(self) -> int:
        """Units of the reference."""
        return self.hits + self.substitutions + self.deletions


@dataclass(frozen=True)
class ErrorRate:
    """An error rate over a set of utterances.

    Attributes:
        rate: edits by reference units, 0 at best; more than 1 where much is inserted.
        low: lower end of the 95 % interval.
        high: upper end of the 95 % interval.
        edits: substitutions, deletions and insertions.
        reference_length: units (words or characters) of all references.
        num_utterances: size of the set.
    """

    rate: float
    low: float
    high: float
    edits: int
    reference_length: int
    num_utterances: int

    def __str__(self) -> str:
        return f"{self.rate:.1%} ({self.low:.1%} to {self.high:.1%})"


def wer(
    references: Sequence[str],
    hypotheses: Sequence[str],
    normaliser: Normaliser = normalise,
    seed: int = 0,
) -> ErrorRate:
    """Word error rate.

    Args:
        references: what was said, a text for each utterance.
        hypotheses: what was recognised, in the same order.
        normaliser: applied to both sides; the default is the English one.
        seed: of the resampling for the interval.

    Raises:
        ValueError: the two have different lengths, or the references have no words.
    """
    return _error_rate(references, hypotheses, normaliser, str.split, seed)


def cer(
    references: Sequence[str],
    hypotheses: Sequence[str],
    normaliser: Normaliser = normalise,
    seed: int = 0,
) -> ErrorRate:
    """Character error rate; spaces do not count, so it is fair to texts without them. See `wer`."""
    return _error_rate(references, hypotheses, normaliser, _characters, seed)


def edit_counts(reference: Units, hypothesis: Units) -> EditCounts:
    """Count the edits between two sequences of words or characters."""
    steps = Counter(_kind(pair) for pair in align(reference, hypothesis))
    return EditCounts(*(steps[kind] for kind in ("hit", "substitution", "deletion", "insertion")))


def align(reference: Units, hypothesis: Units) -> list[tuple[str | None, str | None]]:
    """Pair the units of two sequences at the least number of edits (Levenshtein).

    Returns:
        Pairs (reference unit, hypothesis unit) in order, None where the other side has no partner.
        Among equally cheap ways, that which replaces rather than deletes and inserts at the end.
    """
    steps = _steps(reference, hypothesis)
    i, j = len(reference), len(hypothesis)
    pairs: list[tuple[str | None, str | None]] = []
    while i or j:
        step = steps[i, j]
        i -= step != _INSERTION
        j -= step != _DELETION
        pairs.append(
            (
                reference[i] if step != _INSERTION else None,
                hypothesis[j] if step != _DELETION else None,
            )
        )
    return pairs[::-1]


def confusions(
    references: Sequence[str],
    hypotheses: Sequence[str],
    normaliser: Normaliser = normalise,
    most: int = 20,
) -> list[tuple[str, str, int]]:
    """The most frequent substitutions of words, as (said, recognised, count), most frequent first.

    Raises:
        ValueError: the two have different lengths.
    """
    counts = Counter(
        (said, recognised)
        for reference, hypothesis in zip(references, hypotheses, strict=True)
        for said, recognised in align(normaliser(reference).split(), normaliser(hypothesis).split())
        if said is not None and recognised is not None and said != recognised
    )
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(said, recognised, count) for (said, recognised), count in ranked[:most]]


def _error_rate(
    references: Sequence[str],
    hypotheses: Sequence[str],
    normaliser: Normaliser,
    split: Callable[[str], Units],
    seed: int,
) -> ErrorRate:
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references but {len(hypotheses)} hypotheses")
    counts = [
        edit_counts(split(normaliser(reference)), split(normaliser(hypothesis)))
        for reference, hypothesis in zip(references, hypotheses, strict=True)
    ]
    edits = np.array([count.edits for count in counts], np.int64)
    lengths = np.array([count.reference_length for count in counts], np.int64)
    if not lengths.sum():
        raise ValueError("the references are empty")
    low, high = pooled_interval(edits, lengths, seed)
    total_edits, total_length = int(edits.sum()), int(lengths.sum())
    return ErrorRate(total_edits / total_length, low, high, total_edits, total_length, len(counts))


def _steps(reference: Units, hypothesis: Units) -> np.ndarray:
    """For each pair of prefixes (R + 1, H + 1), the last step of a cheapest way to pair them."""
    # Numbers compare at once where texts would compare one by one.
    ids: dict[str, int] = {}
    spoken, heard = (
        np.array([ids.setdefault(unit, len(ids)) for unit in units], np.int64)
        for units in (reference, hypothesis)
    )
    position = np.arange(len(heard) + 1)
    costs = position
    steps = np.full((len(spoken) + 1, len(heard) + 1), _INSERTION, np.uint8)
    for row, unit in enumerate(spoken, start=1):
        paired = costs[:-1] + (heard != unit)
        deleted = costs + 1
        best = np.concatenate([deleted[:1], np.minimum(paired, deleted[1:])])
        # costs[j] = min over k <= j of best[k] + (j - k): the insertions, all at once
        costs = np.minimum.accumulate(best - position) + position
        steps[row, costs == deleted] = _DELETION
        steps[row, 1:][costs[1:] == paired] = _MATCH
    return steps


def _kind(pair: tuple[str | None, str | None]) -> str:
    said, recognised = pair
    if said is None:
        return "insertion"
    if recognised is None:
        return "deletion"
    return "hit" if said == recognised else "substitution"


def _characters(text: str) -> Units:
    return text.replace(" ", "")
