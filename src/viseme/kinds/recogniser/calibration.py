"""What a recogniser learns last: how sure it is, and when words begin and end."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from viseme.data.loading import load_example
from viseme.data.manifest import Clip
from viseme.kinds.recogniser.clips import read_clips
from viseme.kinds.recogniser.conditions import CLEAN, Condition
from viseme.kinds.recogniser.modes import Mode, attend
from viseme.kinds.recogniser.streams import streams
from viseme.recognition.confidence import Calibration
from viseme.recognition.ctc import align
from viseme.recognition.recognizer import FRAMES_PER_S, ReadingConfig, Recognizer
from viseme.recognition.word_times import Taught, WordTimer
from viseme.recognition.words import group_words, word_spans

ABSTENTION_MARGIN = 0.9

_NOISY = Condition("white", 5.0)
_HEARD: list[tuple[Mode, Condition]] = [("audio", CLEAN), ("audio", _NOISY)]
_SEEN: list[tuple[Mode, Condition]] = [("video", CLEAN)]
_WAYS = {
    "video": _SEEN,
    "audio": _HEARD,
    "av": [*_SEEN, *_HEARD, ("av", CLEAN), ("av", _NOISY)],
}
MOST_TAUGHT = 400
"""So many clips, spread over all, are enough to learn word times from."""


def calibrate(recognizer: Recognizer, clips: Sequence[Clip]) -> ReadingConfig:
    """The model's settings with confidences fitted on held-out clips, and when to abstain.

    The clips are read in every way that the model can be used: each mode, and sound with and
    without noise. Words are withheld where their mean confidence is clearly lower than in any of
    these readings. A model that reads no word in them stays as it is.
    """
    plain = replace(recognizer.config, calibration=Calibration())
    bare = Recognizer(
        recognizer.name, recognizer.network, recognizer.tokenizer, plain, str(recognizer.device)
    )
    verdicts = [
        found
        for mode, condition in _WAYS[recognizer.config.modality]
        for item in read_clips(bare, clips, mode=mode, condition=condition)
        if (found := item.verdicts())
    ]
    if not verdicts:
        return recognizer.config
    words = [verdict for found in verdicts for verdict in found]
    fitted = Calibration.fit([score for score, _ in words], [right for _, right in words])
    lowest = min(sum(fitted.apply(s) for s, _ in found) / len(found) for found in verdicts)
    abstention = replace(plain.abstention, least_confidence=ABSTENTION_MARGIN * lowest)
    return replace(plain, calibration=fitted, abstention=abstention)


def learn_word_times(recognizer: Recognizer, clips: Sequence[Clip]) -> WordTimer | None:
    """What tells when words begin and end, learned from clips that say it, in every mode.

    None if no clip does, or none whose text fits into its frames.
    """
    timed = [clip for clip in clips if clip.words]
    timed = timed[:: max(1, len(timed) // MOST_TAUGHT)][:MOST_TAUGHT]
    modes = dict.fromkeys(mode for mode, _ in _WAYS[recognizer.config.modality])
    lessons = (_lesson(recognizer, clip, mode) for mode in modes for clip in timed)
    taught = [lesson for lesson in lessons if lesson is not None]
    return WordTimer.fit(taught) if taught else None


def _lesson(recognizer: Recognizer, clip: Clip, mode: Mode) -> Taught | None:
    """A clip as the timer learns from it; None if its text does not fit it."""
    example = load_example(clip, mode)
    attended = attend(mode, example.video, example.audio)
    lengths = torch.tensor([example.num_frames])
    if not example.num_frames:
        return None
    stream, audio = streams(recognizer, [attended.rois], [attended.audio], lengths)
    encoder_out, _ = recognizer.encode(stream, lengths, audio)
    log_probs = recognizer.ctc_log_probs(encoder_out)[0].float().cpu().numpy()
    try:
        tokens = recognizer.tokenizer.encode(example.text)
        spans = align(log_probs, tokens)
    except ValueError:
        return None
    words = group_words(recognizer.tokenizer.pieces(tokens))
    if len(words) != len(clip.words):
        return None
    times = np.array([(word.start_s, word.end_s) for word in clip.words]) * FRAMES_PER_S
    features = encoder_out[0].float().cpu().numpy()
    return Taught(features, word_spans(words, spans), times)
