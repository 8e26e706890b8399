"""A prepared corpus small enough to train on within a test: a word is a motion and a tone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.data.example import SAMPLES_PER_FRAME, VIDEO_FPS
from viseme.data.manifest import Clip, write_manifest
from viseme.data.roi_storage import write_rois
from viseme.media import write_audio
from viseme.text.transcript import Word

VOCABULARY = ("up", "down", "left", "right")
FRAMES_PER_WORD = 8
PAUSE_FRAMES = 3
SAMPLE_RATE_HZ = SAMPLES_PER_FRAME * VIDEO_FPS


def moving_blob(word: str) -> NDArray[np.uint8]:
    """Mouth ROIs (8, 96, 96) with a bright blob that moves the way the word says."""
    step_y, step_x = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}[word]
    time = np.linspace(-24, 24, FRAMES_PER_WORD)[:, None, None]
    y, x = np.mgrid[:96, :96]
    distance = (y - 48 - step_y * time) ** 2 + (x - 48 - step_x * time) ** 2
    return (40 + 200 * np.exp(-distance / 200)).astype(np.uint8)


def tone(word: str) -> NDArray[np.float32]:
    """A tone (8 * 640,) whose pitch is the word's."""
    seconds = np.arange(FRAMES_PER_WORD * SAMPLES_PER_FRAME) / SAMPLE_RATE_HZ
    pitch_hz = 200 * (1 + VOCABULARY.index(word))
    return (0.3 * np.sin(2 * np.pi * pitch_hz * seconds)).astype(np.float32)


def write_clip(folder: Path, clip_id: str, said: Sequence[str], split: str) -> Clip:
    """Write the files of one clip; grey stillness around every word."""
    still = np.full((PAUSE_FRAMES, 96, 96), 40, np.uint8)
    silence = np.zeros(PAUSE_FRAMES * SAMPLES_PER_FRAME, np.float32)
    video, audio, words = [still], [silence], []
    for word in said:
        start_s = sum(map(len, video)) / VIDEO_FPS
        words.append(Word(word, start_s, start_s + FRAMES_PER_WORD / VIDEO_FPS))
        video += [moving_blob(word), still]
        audio += [tone(word), silence]
    paths = folder / f"{clip_id}.mp4", folder / f"{clip_id}.wav"
    write_rois(paths[0], np.concatenate(video))
    write_audio(paths[1], np.concatenate(audio), SAMPLE_RATE_HZ)
    text = " ".join(said)
    return Clip(clip_id, *paths, text=text, split=split, words=words, speaker="s1")


def write_corpus(folder: Path, num_train: int = 6, num_val: int = 2) -> Path:
    """Write clips of one and two words in two splits; the path of their manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    splits = ["train"] * num_train + ["val"] * num_val
    clips = [
        write_clip(folder, f"clip{index}", rng.choice(VOCABULARY, 1 + index % 2).tolist(), split)
        for index, split in enumerate(splits)
    ]
    write_manifest(folder / "manifest.jsonl", clips)
    return folder / "manifest.jsonl"
