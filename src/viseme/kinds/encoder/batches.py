"""Clips with both streams for pre-training, whatever is said in them: batches and their masks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from numpy.random import Generator

from viseme.data.augment import AugmentConfig, augment_timing, heard, seen
from viseme.data.dataset import ClipDataset, Epoch, pad, padded_frames, word_frames
from viseme.data.example import Example
from viseme.data.inputs import audio_batch, video_batch
from viseme.data.manifest import Clip
from viseme.data.splits import Splits
from viseme.errors import ManifestError
from viseme.pretraining.masks import MaskConfig, batch_masks
from viseme.pretraining.pair import PairBatch

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PairCollator:
    """Turns examples into a batch for a pair of students; with `augment`, at random.

    Attributes:
        crop_size: side of the window of the ROIs, px.
        video_mask: what the student of the lips does not see.
        audio_mask: what the student of the voice does not hear.
        vocabulary: numbers of the words whose times are known, for the probe.
        augment: what may happen to a clip, for students and teachers alike.
    """

    crop_size: int
    video_mask: MaskConfig
    audio_mask: MaskConfig
    vocabulary: dict[str, int]
    augment: AugmentConfig | None = None

    def __call__(self, examples: Sequence[Example], rng: Generator) -> PairBatch:
        augment = self.augment
        if augment is not None:
            examples = [augment_timing(example, augment, rng) for example in examples]
        lengths = [example.num_frames for example in examples]
        total = padded_frames(max(lengths))
        videos = [
            None if example.video is None else seen(example.video, self.crop_size, augment, rng)
            for example in examples
        ]
        sound = heard([example.audio for example in examples], augment, (), rng)
        video, audio = video_batch(videos, total), audio_batch(sound, total, normalise=False)
        assert video is not None
        assert audio is not None
        return PairBatch(
            ids=[example.id for example in examples],
            video=video,
            audio=audio,
            lengths=torch.tensor(lengths),
            video_mask=pad(batch_masks(lengths, self.video_mask, rng), total, fill=False),
            audio_mask=pad(batch_masks(lengths, self.audio_mask, rng), total, fill=False),
            words=pad([word_frames(example, self.vocabulary) for example in examples], total),
        )


@dataclass(frozen=True)
class PairBatches:
    """The loop's batches: training clips by epoch, val clips in order."""

    train_set: ClipDataset
    val_set: ClipDataset
    collate: PairCollator
    max_frames: int
    seed: int
    process: tuple[int, int]

    def train(self, epoch: int) -> Epoch:
        """The shuffled batches of an epoch."""
        return self.train_set.epoch(self.collate, self.max_frames, self.seed, epoch, self.process)

    def val(self) -> Epoch:
        """All val clips once."""
        return self.val_set.in_order(replace(self.collate, augment=None), self.max_frames)


def open_pairs(
    clips: Splits,
    *,
    crop_size: int,
    masks: tuple[MaskConfig, MaskConfig],
    augment: AugmentConfig,
    max_frames: int,
    memory_gb: float,
    seed: int,
    process: tuple[int, int],
) -> PairBatches:
    """Open all clips that have a picture and sound, each longer than a masked span.

    Args:
        clips: prepared, with or without texts.
        crop_size: side of the window of the mouth ROIs, px.
        masks: of video and audio.
        augment: what may happen to training clips.
        max_frames: frame budget of a batch, padding included.
        memory_gb: clips that need more memory are read from disk for every batch.
        seed: of the run.
        process: (i, n) for the i-th of n processes.

    Raises:
        ManifestError: no clip of a split has both, or a clip is not prepared.
    """
    least = max(mask.span_frames for mask in masks) + 1
    usable = replace(
        clips, train=_usable(clips.train, least, clips), val=_usable(clips.val, least, clips)
    )
    words = sorted({word.word for clip in usable.val for word in clip.words})
    vocabulary = {word: index for index, word in enumerate(words, 1)}
    collate = PairCollator(crop_size, *masks, vocabulary, augment)
    train_set = ClipDataset(usable.train, "av", memory_gb=memory_gb)
    val_set = ClipDataset(usable.val, "av", memory_gb=memory_gb)
    return PairBatches(train_set, val_set, collate, max_frames, seed, process)


def _usable(clips: Sequence[Clip], least: int, splits: Splits) -> list[Clip]:
    """The clips that can be learned from; how many are left out, and why, is told."""
    whole = [clip for clip in clips if clip.video and clip.audio]
    kept = [clip for clip in whole if clip.extra.get("num_frames", least) >= least]
    if lacking := len(clips) - len(whole):
        logger.warning("%d clips without picture or without sound are left out", lacking)
    if short := len(whole) - len(kept):
        logger.warning("%d clips shorter than %d frames are left out", short, least)
    if not kept:
        raise ManifestError(
            f"none of {len(clips)} clips has a picture, sound and {least} frames or more",
            path=splits.manifest,
            todo="`viseme prepare` of videos with sound makes such clips.",
        )
    return kept
