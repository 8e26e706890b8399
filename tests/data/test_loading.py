"""Clips on disk give the batches of clips in memory; sound follows the picture's length."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tiny_corpus import SAMPLE_RATE_HZ, write_corpus
from viseme.data.augment import AugmentConfig
from viseme.data.dataset import Batch, ClipDataset, Collator
from viseme.data.loading import ExamplesInMemory, ExamplesOnDisk, load_example, open_examples
from viseme.data.manifest import Clip, read_manifest
from viseme.errors import MediaError
from viseme.media import write_audio
from viseme.text.tokenizer import CharacterTokenizer

COLLATE = Collator(
    CharacterTokenizer("abcdefghijklmnopqrstuvwxyz "), 64, {}, AugmentConfig(flip=True, speed=0.1)
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Clips of 14 and 25 frames in turn, whose rows say so as those of `viseme prepare` do."""
    clips = read_manifest(write_corpus(tmp_path_factory.mktemp("corpus"), 5, 0))
    for index, clip in enumerate(clips):
        clip.extra["num_frames"] = 14 + 11 * (index % 2)
    return clips


def assert_equal(a: Batch, b: Batch) -> None:
    for field in fields(Batch):
        one, other = getattr(a, field.name), getattr(b, field.name)
        same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
        assert same, field.name


@pytest.mark.parametrize("modality", ["video", "audio", "av"])
def test_batches_from_disk_are_those_from_memory(clips: list[Clip], modality: str) -> None:
    memory = ClipDataset(clips, modality)
    disk = ClipDataset(clips, modality, memory_gb=0)
    assert isinstance(memory.examples, ExamplesInMemory)
    assert isinstance(disk.examples, ExamplesOnDisk)
    assert disk.lengths == memory.lengths
    epochs = (dataset.epoch(COLLATE, 40, 1, 2) for dataset in (memory, disk))
    for one, other in zip(*epochs, strict=True):
        assert_equal(one, other)


@pytest.mark.parametrize("modality", ["audio", "av"])
@pytest.mark.parametrize("samples", [640 * 14 - 5000, 640 * 14 + 5000])
def test_sound_alone_is_as_long_as_the_picture(
    clips: list[Clip], tmp_path: Path, samples: int, modality: str
) -> None:
    write_audio(tmp_path / "sound.wav", np.full(samples, 0.25, np.float32), SAMPLE_RATE_HZ)
    rows = [replace(clips[0], audio=tmp_path / "sound.wav"), clips[1]]
    memory, disk = (open_examples(rows, modality, gb, 1) for gb in (1, 0))
    assert isinstance(memory, ExamplesInMemory)
    assert isinstance(disk, ExamplesOnDisk)
    assert disk.lengths == memory.lengths == [14, 25]
    for one, other in zip(memory.pick([0, 1]), disk.pick([0, 1]), strict=True):
        assert one.num_frames == other.num_frames
        assert np.array_equal(one.audio, other.audio)


@pytest.mark.parametrize(
    ("modality", "frame_bytes"), [("video", 9216), ("audio", 2560), ("av", 11776)]
)
def test_what_fits_stays_in_memory(clips: list[Clip], modality: str, frame_bytes: int) -> None:
    needed_gb = (3 * 14 + 2 * 25) * frame_bytes / 1e9
    fits = open_examples(clips, modality, needed_gb, 1)
    too_large = open_examples(clips, modality, 0.999 * needed_gb, 1)
    assert isinstance(fits, ExamplesInMemory)
    assert isinstance(too_large, ExamplesOnDisk)


def test_rows_that_do_not_tell_their_length_are_read_at_once(clips: list[Clip]) -> None:
    rows = [*clips[:2], replace(clips[2], extra={})]
    assert isinstance(open_examples(rows, "audio", 0, 1), ExamplesInMemory)


def test_a_clip_without_frames_is_left_out(clips: list[Clip]) -> None:
    rows = [replace(clips[0], extra={"num_frames": 0}), *clips[1:3]]
    examples = open_examples(rows, "audio", 0, 1)
    assert examples.lengths == [25, 14]
    assert [example.id for example in examples.pick([1, 0])] == [clips[2].id, clips[1].id]


def test_a_file_that_is_gone_is_named_when_it_is_needed(clips: list[Clip], tmp_path: Path) -> None:
    gone = replace(clips[0], audio=tmp_path / "gone.wav")
    dataset = ClipDataset([gone], "audio", memory_gb=0)
    with pytest.raises(MediaError, match=r"gone\.wav"):
        list(dataset.in_order(COLLATE, 100))


@pytest.mark.parametrize(
    ("at_most", "picked"), [(1, [0]), (2, [0, 2]), (4, range(4)), (9, range(5))]
)
def test_voices_are_spread_over_the_clips(
    clips: list[Clip], at_most: int, picked: Sequence[int]
) -> None:
    dataset = ClipDataset(clips, "av")
    expected = [example.audio for example in dataset.examples.pick(picked)]
    for voice, audio in zip(dataset.voices(at_most), expected, strict=True):
        assert np.array_equal(voice, audio)
    assert ClipDataset(clips[:1], "video").voices(3) == []


@pytest.mark.parametrize("samples", [640 * 14 - 5000, 640 * 14 + 5000, 1])
def test_sound_is_cut_or_followed_by_silence(
    clips: list[Clip], tmp_path: Path, samples: int
) -> None:
    sound = np.full(samples, 0.25, np.float32)
    write_audio(tmp_path / "sound.wav", sound, SAMPLE_RATE_HZ)
    example = load_example(replace(clips[0], audio=tmp_path / "sound.wav"), "av")
    assert example.video is not None
    assert example.audio is not None
    assert len(example.audio) == 640 * len(example.video) == 640 * 14
    heard = min(samples, 640 * 14)
    assert np.allclose(example.audio[:heard], 0.25, atol=1e-3)
    assert (example.audio[heard:] == 0).all()
