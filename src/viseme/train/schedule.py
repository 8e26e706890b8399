"""Learning-rate schedules: pure functions of the step."""

import math


def warmup_cosine(step: int, warmup_steps: int, total_steps: int) -> float:
    """Factor on the peak rate: linear from 0 to 1 over warmup_steps, then a cosine to 0."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
