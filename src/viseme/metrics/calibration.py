"""Whether a confidence of 0.8 is right in 8 of 10 cases."""

import numpy as np
from numpy.typing import ArrayLike


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, num_bins: int = 10
) -> float:
    """Mean distance between confidence and accuracy (Naeini et al. 2015), 0 at best and 1 at worst.

    The decisions are sorted into bins of equal width; each bin counts by its number of decisions.

    Args:
        confidence: probability (0 to 1) given to each decision, (N,).
        correct: whether each decision was right, bool (N,).
        num_bins: number of bins.

    Raises:
        ValueError: no decisions, different lengths, or a confidence outside 0 to 1.
    """
    given, right = np.asarray(confidence, float), np.asarray(correct, bool)
    if given.ndim != 1 or given.shape != right.shape or not given.size:
        raise ValueError(f"need two equally long lists, not {given.shape} and {right.shape}")
    if not ((given >= 0) & (given <= 1)).all():
        raise ValueError("a confidence is outside 0 to 1")
    bins = np.minimum((given * num_bins).astype(int), num_bins - 1)
    gaps = np.bincount(bins, weights=right - given, minlength=num_bins)
    return float(np.abs(gaps).sum() / given.size)
