"""What of a clip is read, by loudness, noise and visibility."""

import numpy as np
import pytest
import torch

from viseme.audio.noise import add_noise, noise
from viseme.errors import ConfigError
from viseme.kinds.recogniser.modes import Mode, attend, mode_of
from viseme.recognition.recognizer import ReadingConfig, Recognizer

ROIS = np.zeros((75, 96, 96), np.uint8)
SILENCE = np.zeros(48_000, np.float32)
SPEECH = np.concatenate([SILENCE[:16_000], noise("pink", 16_000, np.random.default_rng(0), ())] * 2)
SPEECH = 0.1 * SPEECH[:48_000]
HISS = noise("white", 48_000, np.random.default_rng(1), ())


def noisy(snr_db: float) -> np.ndarray:
    return add_noise(SPEECH, HISS, snr_db)


@pytest.mark.parametrize(
    ("audio", "visible", "mode"),
    [
        (SPEECH, 1.0, "av"),
        (noisy(10), 1.0, "av"),
        (noisy(-12), 1.0, "video"),
        (SILENCE, 1.0, "video"),
        (SPEECH, 0.2, "audio"),
        (noisy(-12), 0.2, "audio"),
        (SILENCE, 0.2, "video"),
        (None, 1.0, "video"),
    ],
)
def test_auto_reads_what_can_be_read(audio: np.ndarray, visible: float, mode: str) -> None:
    left = attend("auto", ROIS, audio, visible)
    assert left.mode == mode
    assert left.visible == (1.0 if mode == "audio" else visible)


def test_a_clip_without_lips_is_heard() -> None:
    assert attend("auto", None, SPEECH).mode == "audio"
    assert attend("av", None, SPEECH, 0.0).visible == 1.0


@pytest.mark.parametrize("mode", ["video", "audio", "av"])
def test_a_mode_that_is_asked_for_is_obeyed(mode: Mode) -> None:
    for audio in (SILENCE, noisy(-12)):
        assert attend(mode, ROIS, audio, 0.0).mode == mode


def test_silence_alone_is_unheard() -> None:
    assert attend("audio", ROIS, SILENCE).is_unheard
    assert attend("audio", None, None).is_unheard
    assert not attend("audio", ROIS, SPEECH).is_unheard
    assert not attend("av", ROIS, SILENCE).is_unheard
    assert not attend("video", ROIS, SILENCE).is_unheard


@pytest.mark.parametrize(
    ("able", "mode", "used"),
    [
        ("video", "auto", "video"),
        ("audio", "auto", "audio"),
        ("av", "auto", "auto"),
        ("av", "video", "video"),
        ("video", "video", "video"),
    ],
)
def test_a_model_is_used_as_it_can_be(able: str, mode: Mode, used: str) -> None:
    recognizer = Recognizer("a", torch.nn.Identity(), None, ReadingConfig(able), "cpu")
    assert mode_of(recognizer, mode) == used


def test_a_model_of_one_stream_cannot_read_others() -> None:
    recognizer = Recognizer("deaf", torch.nn.Identity(), None, ReadingConfig("video"), "cpu")
    with pytest.raises(ConfigError, match="the model deaf reads video, not av"):
        mode_of(recognizer, "av")
