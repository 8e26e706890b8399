"""How varied the sentences of a source are."""

from collections import Counter
from dataclasses import dataclass

from viseme.studio.sentences.source import sentence


@dataclass(frozen=True)
class Variety:
    """Counts over the first sentences of a split.

    Attributes:
        num_sentences: how many were drawn.
        num_different: how many of them are different.
        num_words: how many words they have together.
        vocabulary_size: how many of these are different.
        common_share: share of all words that the 100 commonest words take.
    """

    num_sentences: int
    num_different: int
    num_words: int
    vocabulary_size: int
    common_share: float

    @property
    def mean_length(self) -> float:
        """Words per sentence."""
        return self.num_words / self.num_sentences


def variety(source: str, split: str, num_sentences: int, seed: int = 0) -> Variety:
    """Measure the sentences of index 0 to `num_sentences` - 1 (at least one)."""
    texts = [sentence(source, split, index, seed) for index in range(num_sentences)]
    counts = Counter(word for text in texts for word in text.split())
    common = sum(count for _, count in counts.most_common(100))
    total = counts.total()
    return Variety(num_sentences, len(set(texts)), total, len(counts), common / total)
