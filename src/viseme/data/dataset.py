"""From manifest rows of a prepared corpus to padded, augmented batches of tensors."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from viseme.data.augment import AugmentConfig, augment_timing, augment_video, crop
from viseme.data.batching import frame_batches, shuffled_batches
from viseme.data.example import SAMPLES_PER_FRAME, VIDEO_FPS, Example
from viseme.data.manifest import Clip
from viseme.data.roi_storage import read_rois
from viseme.errors import ManifestError
from viseme.media import read_audio
from viseme.nn.frontends import VIDEO_MEAN, VIDEO_STD
from viseme.text.tokenizer import Tokenizer

IGNORE_ID = -1
WAVEFORM_EPS = 1e-8


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
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        return Batch(**{k: v.to(device) if isinstance(v, Tensor) else v for k, v in values.items()})


def load_example(clip: Clip, modality: str) -> Example:
    """Read a prepared clip: ROI file and 16 kHz audio, cut to the same length.

    Args:
        clip: a row that `viseme prepare` wrote.
        modality: "video", "audio" or "av".

    Raises:
        ManifestError: the row lacks text, video or audio that the modality needs.
    """
    if clip.text is None:
        raise ManifestError(f"clip {clip.id!r} has no text to train on")
    video = audio = None
    if modality in ("video", "av"):
        if clip.video is None:
            raise ManifestError(
                f"clip {clip.id!r} has no video", todo="Run `viseme prepare` on it."
            )
        video = read_rois(clip.video)
    if modality in ("audio", "av"):
        if clip.audio is None:
            raise ManifestError(f"clip {clip.id!r} has no audio", todo="Train with video instead.")
        audio = read_audio(clip.audio)
        num_frames = len(video) if video is not None else round(len(audio) / SAMPLES_PER_FRAME)
        audio = fit_audio(audio, num_frames)
    return Example(clip.id, video, audio, clip.text, tuple(clip.words))


def fit_audio(audio: NDArray[np.float32], num_frames: int) -> NDArray[np.float32]:
    """Cut or zero-pad a waveform (S,) to exactly num_frames video frames of 640 samples."""
    wanted = num_frames * SAMPLES_PER_FRAME
    return np.pad(audio[:wanted], (0, max(0, wanted - len(audio))))


def normalise_audio(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero mean and unit variance over the whole waveform, as the published models expect."""
    return ((audio - audio.mean()) / np.sqrt(audio.var() + WAVEFORM_EPS)).astype(np.float32)


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
    """Turns examples into a batch; with `augment`, at random from the given generator."""

    tokenizer: Tokenizer
    crop_size: int
    vocabulary: dict[str, int]
    augment: AugmentConfig | None = None

    def __call__(self, examples: Sequence[Example], rng: Generator) -> Batch:
        if self.augment is not None:
            examples = [augment_timing(example, self.augment, rng) for example in examples]
        lengths = torch.tensor([example.num_frames for example in examples])
        total = int(lengths.max())
        return Batch(
            ids=[example.id for example in examples],
            texts=[example.text for example in examples],
            video=self._videos(examples, total, rng),
            audio=self._audios(examples, total),
            lengths=lengths,
            tokens=_pad([self.tokenizer.encode(example.text) for example in examples]),
            words=_pad([word_frames(example, self.vocabulary) for example in examples], total),
        )

    def _videos(self, examples: Sequence[Example], total: int, rng: Generator) -> Tensor | None:
        if any(example.video is None for example in examples):
            return None
        batch = torch.zeros(len(examples), total, 1, self.crop_size, self.crop_size)
        for row, example in zip(batch, examples, strict=True):
            assert example.video is not None
            video = example.video.astype(np.float32) / np.float32(255)
            if self.augment is None:
                video = crop(video, self.crop_size)
            else:
                video = augment_video(video, self.crop_size, self.augment, rng)
            row[: len(video), 0] = torch.from_numpy((video - VIDEO_MEAN) / VIDEO_STD)
        return batch

    def _audios(self, examples: Sequence[Example], total: int) -> Tensor | None:
        if any(example.audio is None for example in examples):
            return None
        batch = torch.zeros(len(examples), total * SAMPLES_PER_FRAME)
        for row, example in zip(batch, examples, strict=True):
            assert example.audio is not None
            row[: len(example.audio)] = torch.from_numpy(normalise_audio(example.audio))
        return batch


def _pad(rows: Sequence[Sequence[int] | NDArray[np.int64]], total: int = 0) -> Tensor:
    total = max(total, *(len(row) for row in rows))
    padded = torch.full((len(rows), total), IGNORE_ID)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = torch.as_tensor(np.asarray(row, dtype=np.int64))
    return padded


class ClipDataset:
    """The clips of a prepared manifest, read once and kept in memory (9 kB per frame of video)."""

    def __init__(self, clips: Sequence[Clip], modality: str, num_threads: int = 2) -> None:
        with ThreadPoolExecutor(num_threads) as pool:
            examples = pool.map(lambda clip: load_example(clip, modality), clips)
            self.examples = [example for example in examples if example.num_frames]
        self.lengths = [example.num_frames for example in self.examples]

    def __len__(self) -> int:
        return len(self.examples)

    def epoch(self, collate: Collator, max_frames: int, seed: int, epoch: int) -> "Epoch":
        """The shuffled batches of one training epoch."""
        return Epoch(
            self, collate, shuffled_batches(self.lengths, max_frames, seed, epoch), (seed, epoch)
        )

    def in_order(self, collate: Collator, max_frames: int) -> "Epoch":
        """All clips once, shortest first: for evaluation."""
        return Epoch(self, collate, frame_batches(self.lengths, max_frames), (0, 0))


@dataclass(frozen=True)
class Epoch:
    """The batches of one pass; batch i is the same however many came before it in this process."""

    dataset: ClipDataset
    collate: Collator
    batches: list[list[int]]
    seed: tuple[int, int]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        return self.starting_at(0)

    def starting_at(self, first: int) -> Iterator[Batch]:
        """Batches from number `first` on; the next is made while one is used."""
        with ThreadPoolExecutor(1) as pool:
            upcoming = None
            for index in range(first, len(self.batches)):
                current = upcoming or pool.submit(self._make, index)
                more = index + 1 < len(self.batches)
                upcoming = pool.submit(self._make, index + 1) if more else None
                yield current.result()

    def _make(self, index: int) -> Batch:
        rng = np.random.default_rng((*self.seed, index))
        return self.collate([self.dataset.examples[i] for i in self.batches[index]], rng)
