"""From manifest rows to batches; an epoch can be entered anywhere."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from tiny_corpus import write_corpus
from viseme.data.augment import AugmentConfig
from viseme.data.dataset import Batch, ClipDataset, Collator, word_frames
from viseme.data.example import Example
from viseme.data.loading import load_example
from viseme.data.manifest import Clip, read_manifest
from viseme.errors import ManifestError
from viseme.text.tokenizer import CharacterTokenizer
from viseme.text.transcript import Word

TOKENIZER = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz ")
RESTLESS = AugmentConfig(
    crop_jitter_px=6, flip=True, speed=0.2, contrast=0.2, brightness=0.1, trim=True
)
VOCABULARY = {"up": 1, "down": 2, "left": 3, "right": 4}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    return read_manifest(write_corpus(tmp_path_factory.mktemp("corpus"), 7, 0))


@pytest.fixture(scope="module")
def dataset(clips: list[Clip]) -> ClipDataset:
    return ClipDataset(clips, "av")


def collator(augment: AugmentConfig | None = None) -> Collator:
    return Collator(TOKENIZER, 64, VOCABULARY, augment)


def assert_equal(a: Batch, b: Batch) -> None:
    for field in fields(Batch):
        one, other = getattr(a, field.name), getattr(b, field.name)
        same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
        assert same, field.name


@pytest.mark.parametrize("augment", [None, RESTLESS])
def test_an_epoch_from_the_middle_is_the_tail_of_the_whole(
    dataset: ClipDataset, augment: AugmentConfig | None
) -> None:
    epoch = dataset.epoch(collator(augment), 40, seed=1, epoch=2)
    whole = list(epoch)
    assert len(whole) == len(epoch) > 3
    for first in range(len(epoch) + 1):
        tail = list(epoch.starting_at(first))
        assert len(tail) == len(whole) - first
        for batch, expected in zip(tail, whole[first:], strict=True):
            assert_equal(batch, expected)


def test_an_abandoned_epoch_stops(dataset: ClipDataset) -> None:
    batches = dataset.epoch(collator(), 60, 0, 0).starting_at(0)
    next(batches)
    batches.close()
    assert list(batches) == []


def test_epochs_differ_in_order_and_augmentation(dataset: ClipDataset) -> None:
    ids, means = [], []
    for epoch in (0, 1):
        batches = list(dataset.epoch(collator(RESTLESS), 60, 1, epoch))
        ids.append([batch.ids for batch in batches])
        means.append(sorted(float(batch.video.mean()) for batch in batches))
    assert ids[0] != ids[1]
    assert means[0] != means[1]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_processes_share_an_epoch(dataset: ClipDataset, count: int) -> None:
    whole = [tuple(batch.ids) for batch in dataset.epoch(collator(), 40, 1, 0)]
    shares = [
        [tuple(b.ids) for b in dataset.epoch(collator(), 40, 1, 0, process=(index, count))]
        for index in range(count)
    ]
    assert {len(share) for share in shares} == {len(whole) // count}
    taken = [ids for share in shares for ids in share]
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(whole)


def test_a_batch_is_padded_with_what_its_fields_say(clips: list[Clip]) -> None:
    dataset = ClipDataset(clips[:2], "av")
    (batch,) = dataset.in_order(collator(), 10_000)
    assert batch.lengths.tolist() == [14, 25]  # and the batch is a multiple of 8 long
    assert batch.video.shape == (2, 32, 1, 64, 64)
    assert batch.audio.shape == (2, 32 * 640)
    assert (batch.video[0, 14:] == 0).all()
    assert (batch.audio[0, 14 * 640 :] == 0).all()
    for row, text in enumerate(batch.texts):
        ids = TOKENIZER.encode(text)
        assert batch.tokens[row].tolist() == ids + [-1] * (batch.tokens.shape[1] - len(ids))
    assert (
        batch.words[0].tolist() == [0] * 3 + [VOCABULARY[batch.texts[0]]] * 8 + [0] * 3 + [-1] * 18
    )


@pytest.mark.parametrize(("modality", "missing"), [("video", "audio"), ("audio", "video")])
def test_one_stream_leaves_the_other_out(clips: list[Clip], modality: str, missing: str) -> None:
    (batch,) = ClipDataset(clips[:2], modality).in_order(collator(), 10_000)
    assert getattr(batch, missing) is None
    assert getattr(batch, modality) is not None
    assert batch.lengths.tolist() == [14, 25]


def test_a_batch_moves_as_a_whole(dataset: ClipDataset) -> None:
    batch = next(iter(dataset.in_order(collator(), 60)))
    moved = batch.to(torch.device("meta"))
    assert moved.video.is_meta
    assert moved.words.is_meta
    assert moved.ids == batch.ids


def test_babble_is_mixed_of_the_given_voices(clips: list[Clip]) -> None:
    """Silent voices leave the sound as it is; those of the batch do not."""
    dataset = ClipDataset(clips[:3], "audio")
    babbling = AugmentConfig(audio_mask_window_samples=0, noise_snr_db=(0.0,))
    silence = (np.zeros(100, np.float32),)
    (clean,) = dataset.in_order(collator(), 10_000)
    (unheard,) = dataset.in_order(replace(collator(babbling), voices=silence), 10_000)
    (noisy,) = dataset.in_order(collator(babbling), 10_000)
    assert torch.equal(clean.audio, unheard.audio)
    assert not torch.equal(clean.audio, noisy.audio)
    assert (noisy.audio[0, 14 * 640 :] == 0).all()


def test_evaluation_hears_no_noise(clips: list[Clip]) -> None:
    first, again = (
        next(iter(ClipDataset(clips[:3], "audio").in_order(collator(), 10_000))) for _ in range(2)
    )
    assert_equal(first, again)
    for row, length in zip(first.audio, first.lengths, strict=True):
        assert row[: 640 * length].mean().abs() < 1e-4


def test_sound_is_fitted_to_the_picture(clips: list[Clip]) -> None:
    example = load_example(clips[0], "av")
    assert example.video is not None
    assert example.audio is not None
    assert len(example.audio) == 640 * len(example.video)


@pytest.mark.parametrize(
    ("lacks", "modality", "message"),
    [
        ("video", "video", "video"),
        ("video", "av", "video"),
        ("audio", "audio", "audio"),
        ("audio", "av", "audio"),
    ],
)
def test_a_row_that_lacks_something_is_named(
    clips: list[Clip], lacks: str, modality: str, message: str
) -> None:
    with pytest.raises(ManifestError, match=f"'clip0' has no {message}"):
        load_example(replace(clips[0], **{lacks: None}), modality)


@pytest.mark.parametrize("window", [{"start_s": 1.0}, {"end_s": 2.0}])
def test_a_row_that_is_not_prepared_is_refused(clips: list[Clip], window: dict) -> None:
    with pytest.raises(ManifestError, match=r"'clip0' is a piece of a file\. Run `viseme prepare`"):
        load_example(replace(clips[0], **window), "video")


def example_with(words: tuple[Word, ...]) -> Example:
    return Example("a", np.zeros((10, 8, 8), np.uint8), None, "", words)


def test_each_frame_knows_its_word() -> None:
    words = (Word("up", 0.04, 0.12), Word("sideways", 0.12, 0.2), Word("down", 0.28, 0.9))
    assert word_frames(example_with(words), VOCABULARY).tolist() == [0, 1, 1, -1, -1, 0, 0, 2, 2, 2]


def test_words_before_the_start_are_out_of_sight() -> None:
    words = (Word("up", -0.2, -0.04), Word("down", -0.04, 0.08))
    assert word_frames(example_with(words), VOCABULARY).tolist() == [2, 2, *[0] * 8]


def test_unknown_word_times_are_no_silence() -> None:
    assert word_frames(example_with(()), VOCABULARY).tolist() == [-1] * 10
