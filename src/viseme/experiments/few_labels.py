"""Clips with labels, clips whose labels are hidden, and what stands in for the hidden ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from viseme.data.manifest import Clip, read_manifest
from viseme.metrics.recognition import wer

NUM_VAL = 20


@dataclass(frozen=True)
class Material:
    """A corpus of which only few labels are known.

    Attributes:
        labelled: few clips of the train split.
        hidden: other clips of it, with the labels that nobody is to know.
        val: a few clips of the val split.
        manifest: the whole corpus.
    """

    labelled: list[Clip]
    hidden: list[Clip]
    val: list[Clip]
    manifest: Path

    @classmethod
    def of(cls, manifest: Path, num_labelled: int, num_hidden: int, seed: int) -> "Material":
        """Draw clips by the seed; fewer hidden ones where the corpus has fewer."""
        clips = read_manifest(manifest)
        pool = [clip for clip in clips if clip.split == "train" and clip.text]
        mixed = [pool[index] for index in np.random.default_rng(seed).permutation(len(pool))]
        val = [clip for clip in clips if clip.split == "val"][:NUM_VAL]
        hidden = mixed[num_labelled : num_labelled + num_hidden]
        return cls(mixed[:num_labelled], hidden, val, manifest)

    def blank(self) -> list[Clip]:
        """The hidden clips without their labels."""
        return [replace(c, text=None, words=[], label_source=None) for c in self.hidden]

    def corrupted(self, share: float, seed: int) -> list[Clip]:
        """The hidden clips with each word of their labels replaced, with this chance, by another.

        The words keep their times: a recogniser that mishears a word knows when it was.
        """
        rng = np.random.default_rng((seed, round(100 * share)))
        known = sorted({word for clip in self.hidden for word in str(clip.text).split()})
        return [_with_wrong_words(clip, share, known, rng) for clip in self.hidden]

    def shuffled(self) -> list[Clip]:
        """The hidden clips, each with the label of the next."""
        moved = [*self.hidden[1:], *self.hidden[:1]]
        return [
            replace(clip, text=other.text, words=other.words)
            for clip, other in zip(self.hidden, moved, strict=True)
        ]

    def label_wer(self, clips: Sequence[Clip]) -> float:
        """Word error rate of other labels of hidden clips."""
        true = {clip.id: str(clip.text) for clip in self.hidden}
        return wer([true[clip.id] for clip in clips], [str(clip.text) for clip in clips]).rate


def _with_wrong_words(
    clip: Clip, share: float, known: Sequence[str], rng: np.random.Generator
) -> Clip:
    words = str(clip.text).split()
    for index in np.flatnonzero(rng.random(len(words)) < share):
        others = [word for word in known if word != words[index]]
        words[index] = others[rng.integers(len(others))]
    times = []
    if len(clip.words) == len(words):
        times = [replace(timed, word=word) for timed, word in zip(clip.words, words, strict=True)]
    return replace(clip, text=" ".join(words), words=times)
