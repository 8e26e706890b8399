"""What the systems of one kind share, once; `viseme.models.kinds` says what the kinds are.

A system's file says what is its paper's own; how a recogniser gets its texts and batches, what its
model folder keeps and how it is scored stands here, for all recognisers.
"""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told what was just done, such as a clip's id, and the share of all that is done."""
