"""Schedules of rates, momentums and weights: pure functions of the step."""

import math


def warmup_cosine(step: int, warmup_steps: int, total_steps: int, floor: float = 0.0) -> float:
    """Factor on the peak rate: linear from 0 to 1 over warmup_steps, then a cosine to a floor."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    fallen = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return floor + (1 - floor) * fallen


def linear(start: float, end: float, step: int, total_steps: int) -> float:
    """A value that goes evenly from `start` at step 0 to `end` at the last, and stays there."""
    return start + (end - start) * _progress(step, total_steps)


def cosine(start: float, end: float, step: int, total_steps: int) -> float:
    """A value that goes from `start` to `end` in half a cosine, as the momentum of a teacher."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * _progress(step, total_steps)))


def _progress(step: int, total_steps: int) -> float:
    return min(1.0, step / max(1, total_steps - 1))
