"""A recogniser's clips for the loop: padded batches by epoch, augmented, and those of val."""

import logging
from dataclasses import dataclass, replace

from viseme.data.augment import AugmentConfig
from viseme.data.dataset import ClipDataset, Collator, Epoch
from viseme.data.splits import Splits
from viseme.kinds.recogniser.texts import Texts

logger = logging.getLogger(__name__)

MAX_VOICES = 1000
"""So many training clips are mixed into babble."""


@dataclass(frozen=True)
class Batches:
    """The loop's batches: training clips by epoch, val clips in order."""

    train_set: ClipDataset
    val_set: ClipDataset
    train_collate: Collator
    val_collate: Collator
    max_frames: int
    seed: int
    process: tuple[int, int]

    def train(self, epoch: int) -> Epoch:
        """The shuffled batches of an epoch."""
        return self.train_set.epoch(
            self.train_collate, self.max_frames, self.seed, epoch, self.process
        )

    def val(self) -> Epoch:
        """All val clips once."""
        return self.val_set.in_order(self.val_collate, self.max_frames)


def open_batches(
    clips: Splits,
    texts: Texts,
    *,
    modality: str,
    crop_size: int,
    augment: AugmentConfig,
    max_frames: int,
    memory_gb: float,
    seed: int,
    process: tuple[int, int],
    normalise_waveform: bool = True,
) -> Batches:
    """Open all clips.

    Args:
        clips: with texts.
        texts: what these are written in.
        modality: "video", "audio" or "av".
        crop_size: side of the window of the mouth ROIs, px.
        augment: what may happen to training clips.
        max_frames: frame budget of a batch, padding included.
        memory_gb: clips that need more memory are read from disk for every batch.
        seed: of the run.
        process: (i, n) for the i-th of n processes.
        normalise_waveform: bring sound to zero mean and unit variance.

    Raises:
        ManifestError: a clip is not prepared, or lacks a stream.
    """
    train_set = ClipDataset(clips.train, modality, memory_gb=memory_gb)
    val_set = ClipDataset(clips.val, modality, memory_gb=memory_gb)
    if num_long := sum(length > max_frames for length in train_set.lengths):
        logger.warning(
            "%d training clips are longer than max_frames %d; each is a batch of its own",
            num_long,
            max_frames,
        )
    voices = [] if modality == "video" else train_set.voices(MAX_VOICES)
    plain = Collator(
        texts.tokenizer, crop_size, texts.vocabulary, normalise_waveform=normalise_waveform
    )
    augmenting = replace(plain, augment=augment, voices=voices)
    return Batches(train_set, val_set, augmenting, plain, max_frames, seed, process)
