"""From manifest rows of a prepared corpus to padded, augmented batches of tensors."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from viseme.data.augment import AugmentConfig, augment_timing, heard, seen
from viseme.data.batching import frame_batches, shuffled_batches
from viseme.data.example import VIDEO_FPS, Example
from viseme.data.inputs import audio_batch, video_batch
from viseme.data.loading import open_examples
from viseme.data.manifest import Clip
from viseme.text.tokenizer import Tokenizer

IGNORE_ID = -1

# Batches come in few shapes, since the convolutions and products of a new one are first compiled
# by the CPU's kernels library: a tenth of the time of training on clips of three seconds.
_FRAME_STEP, _TOKEN_STEP = 8, 8


@dataclass(frozen=True)
class Batch:
    """Padded clips, ready for the network.

    Attributes:
        ids: clip ids.
        texts: what is said.
        video: normalised mouth ROIs (B, T, 1, H, W), zero after the end, or None.
        audio: waveforms (B, 640 T) of zero mean and unit variance, zero after the end, or None.
        lengths: frames per clip (B,).
        tokens: texts (B, L), padded with -1.
        words: index of the word spoken at each frame (B, T), 0 in silence, -1 after the end or
            where word times are unknown.
    """

    ids: list[str]
    texts: list[str]
    video: Tensor | None
    audio: Tensor | None
    lengths: Tensor
    tokens: Tensor
    words: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch with its tensors on another device."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        moved: dict[str, Any] = {
            name: value.to(device) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        return Batch(**moved)


def word_frames(example: Example, vocabulary: dict[str, int]) -> NDArray[np.int64]:
    """Index of the word at each frame (T,): 0 in silence, -1 throughout where times are unknown."""
    if not example.words:
        return np.full(example.num_frames, IGNORE_ID)
    labels = np.zeros(example.num_frames, dtype=np.int64)
    for word in example.words:
        start, end = round(word.start_s * VIDEO_FPS), round(word.end_s * VIDEO_FPS)
        labels[max(start, 0) : max(end, 0)] = vocabulary.get(word.word, IGNORE_ID)
    return labels


@dataclass(frozen=True)
class Collator:
    """Turns examples into a batch; with `augment`, at random from the given generator.

    Attributes:
        tokenizer: of the texts.
        crop_size: side of the window of the ROIs, px.
        vocabulary: number of each word whose times are known.
        augment: what may happen to a clip.
        voices: waveforms of speech that babble is mixed of; those of the batch if there are none.
        normalise_waveform: bring sound to zero mean and unit variance.
    """

    tokenizer: Tokenizer
    crop_size: int
    vocabulary: dict[str, int]
    augment: AugmentConfig | None = None
    voices: Sequence[NDArray[np.float32]] = ()
    normalise_waveform: bool = True

    def __call__(self, examples: Sequence[Example], rng: Generator) -> Batch:
        if self.augment is not None:
            examples = [augment_timing(example, self.augment, rng) for example in examples]
        lengths = torch.tensor([example.num_frames for example in examples])
        total = padded_frames(int(lengths.max()))
        tokens = [self.tokenizer.encode(example.text) for example in examples]
        videos = [
            None
            if example.video is None
            else seen(example.video, self.crop_size, self.augment, rng)
            for example in examples
        ]
        sound = heard([example.audio for example in examples], self.augment, self.voices, rng)
        return Batch(
            ids=[example.id for example in examples],
            texts=[example.text for example in examples],
            video=video_batch(videos, total),
            audio=audio_batch(sound, total, self.normalise_waveform),
            lengths=lengths,
            tokens=pad(tokens, _round_up(max(map(len, tokens)), _TOKEN_STEP)),
            words=pad([word_frames(example, self.vocabulary) for example in examples], total),
        )


def padded_frames(num_frames: int) -> int:
    """The length of a batch whose longest clip has so many frames."""
    return _round_up(num_frames, _FRAME_STEP)


def _round_up(size: int, step: int) -> int:
    return -(-size // step) * step


def pad(
    rows: Sequence[Sequence[int] | NDArray], total: int, fill: int | bool = IGNORE_ID
) -> Tensor:
    """Rows of different lengths, filled up to one: (B, total)."""
    padded = np.full((len(rows), total), fill)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    return torch.from_numpy(padded)


Collate = Callable[[Sequence[Example], Generator], Any]
"""Makes a batch of examples, at random from the generator."""


class ClipDataset:
    """The clips of a prepared manifest, in memory (9 kB per frame of video) if they fit into it.

    Args:
        clips: rows of the manifest.
        modality: "video", "audio" or "av".
        num_threads: so many clips are read at once.
        memory_gb: clips that take more are read again for every batch.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        modality: str,
        num_threads: int = 2,
        memory_gb: float = math.inf,
    ) -> None:
        self.examples = open_examples(clips, modality, memory_gb, num_threads)
        self.lengths = self.examples.lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def voices(self, at_most: int) -> list[NDArray[np.float32]]:
        """The sound of so many clips, spread over all; none if they are read without sound."""
        step = max(1, len(self) // at_most)
        picked = self.examples.pick(range(0, len(self), step)[:at_most])
        return [example.audio for example in picked if example.audio is not None]

    def epoch(
        self,
        collate: Collate,
        max_frames: int,
        seed: int,
        epoch: int,
        process: tuple[int, int] = (0, 1),
    ) -> "Epoch":
        """The shuffled batches of one training epoch.

        Args:
            collate: makes the batches.
            max_frames: frame budget of a batch.
            seed: of the run.
            epoch: number of the epoch.
            process: (i, n) for the i-th of n processes, which share the batches; all get equally
                many, so that up to n - 1 batches are left out.
        """
        batches = shuffled_batches(self.lengths, max_frames, seed, epoch)
        index, count = process
        share = range(index, len(batches) - len(batches) % count, count)
        return Epoch(self, collate, batches, (seed, epoch), share)

    def in_order(self, collate: Collate, max_frames: int) -> "Epoch":
        """All clips once, shortest first: for evaluation."""
        batches = frame_batches(self.lengths, max_frames)
        return Epoch(self, collate, batches, (0, 0), range(len(batches)))


@dataclass(frozen=True)
class Epoch:
    """The batches of one pass; batch i is the same however many came before it in this process.

    Attributes:
        dataset: where the clips are.
        collate: makes a batch of clips.
        batches: indices of the clips in each batch.
        seed: of the augmentation, together with a batch's number.
        share: numbers of the batches to make.
    """

    dataset: ClipDataset
    collate: Collate
    batches: list[list[int]]
    seed: tuple[int, int]
    share: range

    def __len__(self) -> int:
        return len(self.share)

    def __iter__(self) -> Iterator[Any]:
        return self.starting_at(0)

    def starting_at(self, first: int) -> Iterator[Any]:
        """Batches from the first-th of the share on; the next is made while one is used."""
        with ThreadPoolExecutor(1) as pool:
            upcoming: deque[Future[Any]] = deque()
            for number in self.share[first:]:
                upcoming.append(pool.submit(self._make, number))
                if len(upcoming) > 1:
                    yield upcoming.popleft().result()
            for last in upcoming:
                yield last.result()

    def _make(self, number: int) -> Any:
        rng = np.random.default_rng((*self.seed, number))
        return self.collate(self.dataset.examples.pick(self.batches[number]), rng)
