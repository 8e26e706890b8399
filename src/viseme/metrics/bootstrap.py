"""How far a figure of a set depends on what happens to be in the set.

Utterances are drawn again with replacement, many times (percentile bootstrap).
"""

import numpy as np
from numpy.typing import NDArray

NUM_RESAMPLES = 1000
INTERVAL_PERCENT = 95.0


def pooled_interval(
    amounts: NDArray[np.generic], sizes: NDArray[np.generic], seed: int
) -> tuple[float, float]:
    """The 95 % interval of a pooled rate, the sum of amounts by the sum of sizes, both (U,).

    Args:
        amounts: of each utterance, such as its wrong words.
        sizes: of each utterance, such as its words; not all 0.
        seed: of the resampling.
    """
    generator = np.random.default_rng(seed)
    rates: list[float] = []
    while len(rates) < NUM_RESAMPLES:
        drawn = generator.integers(len(amounts), size=len(amounts))
        if total := sizes[drawn].sum():  # a draw of empty utterances alone has no rate
            rates.append(amounts[drawn].sum() / total)
    tail = (100 - INTERVAL_PERCENT) / 2
    low, high = np.percentile(rates, (tail, 100 - tail))
    return float(low), float(high)
