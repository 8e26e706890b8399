"""A recogniser in use: network, tokenizer and decoding settings, from tensors to words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, Unpack

import torch
from torch import Tensor

from viseme.recognition.beam_search import SearchChanges, SearchOptions, beam_search
from viseme.recognition.confidence import Abstention, Calibration
from viseme.recognition.grammar import Constraint
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.hypothesis import Hypothesis
from viseme.recognition.language_model import LanguageModel
from viseme.recognition.word_times import WordTimer
from viseme.recognition.words import timed_words
from viseme.text.tokenizer import Tokenizer
from viseme.text.transcript import Word

FRAMES_PER_S = 25.0


class RecognitionNetwork(Protocol):
    """What a system's network offers to inference."""

    heads: RecognitionHeads

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        """Features (B, T, D) of video (B, T, 1, H, W) and/or audio (B, 640 T)."""
        ...


@dataclass(frozen=True)
class ReadingConfig:
    """How a model is read with unless told otherwise; kept in its model folder.

    Attributes:
        modality: "video", "audio" or "av".
        crop_size: side of the window that the network sees of a mouth ROI, px.
        chunk_s: pieces are cut to this length, about that of the longest clip of the training; the
            last of a recording may be a quarter longer.
        normalise_waveform: bring sound to zero mean and unit variance first.
        mirror: also look at the lips mirrored and take the mean of both features; for models that
            learned from mirrored clips too. Costs a second pass of the encoder.
        search: settings of the search.
        calibration: from raw scores to the probability that a word is right.
        abstention: when to give no text.
    """

    modality: str = "video"
    crop_size: int = 88
    chunk_s: float = 24.0
    normalise_waveform: bool = True
    mirror: bool = False
    search: SearchOptions = field(default_factory=SearchOptions)
    calibration: Calibration = field(default_factory=Calibration)
    abstention: Abstention = field(default_factory=Abstention)


@dataclass(frozen=True)
class Reading:
    """What was read in one clip.

    Attributes:
        words: with times in the clip and confidence; also when the reading is to be withheld.
        hypothesis: the search's best text; None if nothing was allowed by the constraint.
        withheld: why the words should not be shown as text, or None.
        by_ctc: the same words, timed by CTC alone.
    """

    words: list[Word]
    hypothesis: Hypothesis | None
    withheld: str | None
    by_ctc: list[Word] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words joined by spaces."""
        return " ".join(word.word for word in self.words)


class Recognizer:
    """A loaded model. Its methods take network-ready tensors; see `viseme.transcribe` for files.

    Attributes:
        precision: that the network computes in, "float32" or "bfloat16".
        timer: tells when words begin and end; None for models that were not taught word times.
    """

    precision = "float32"
    timer: WordTimer | None = None

    def __init__(
        self, name: str, network: Any, tokenizer: Tokenizer, config: ReadingConfig, device: str
    ) -> None:
        self.name, self.tokenizer, self.config = name, tokenizer, config
        self.device = torch.device(device)
        self.network: Any = network.to(self.device).eval()

    @torch.inference_mode()
    def encode(
        self, stream: Tensor | None, lengths: Tensor, audio: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Encoder output (B, T, D) and its lengths (B,).

        Args:
            stream: what the model reads: normalised video (B, T, 1, H, W) or waveforms (B, 640 T);
                the video of an audio-visual model.
            lengths: (B,) frames of 1/25 s; what lies after them must be zero.
            audio: waveforms for an audio-visual model.
        """
        lengths = lengths.to(self.device)
        stream = None if stream is None else stream.to(self.device)
        audio = None if audio is None else audio.to(self.device)
        if self.config.modality == "audio":
            return self.network.encode(None, stream, lengths), lengths
        encoder_out = self.network.encode(stream, audio, lengths)
        if self.config.mirror and stream is not None:
            mirrored = self.network.encode(stream.flip(-1), audio, lengths)
            encoder_out = (encoder_out + mirrored) / 2
        return encoder_out, lengths

    @torch.inference_mode()
    def ctc_log_probs(self, encoder_out: Tensor) -> Tensor:
        """CTC log-posteriors (B, T, V)."""
        return self.network.heads.ctc_log_probs(encoder_out)

    def search(
        self,
        encoder_out: Tensor,
        lengths: Tensor,
        *,
        constraint: Constraint | None = None,
        language_model: LanguageModel | None = None,
        **changes: Unpack[SearchChanges],
    ) -> list[list[Hypothesis]]:
        """All texts that the search finished, best first, of each utterance of `encode`'s output.

        Args:
            encoder_out: (B, T, D).
            lengths: (B,) frames of each.
            constraint: the texts that are allowed.
            language_model: over the same tokens; it counts by `lm_weight`, which is 0 unless the
                model's own settings or `changes` say otherwise.
            changes: `SearchOptions` that are not to be the model's own.
        """
        return beam_search(
            self.network.heads,
            encoder_out,
            lengths,
            options=replace(self.config.search, **changes),
            constraint=constraint,
            language_model=language_model,
        )

    def read(
        self,
        stream: Tensor | None,
        lengths: Tensor,
        audio: Tensor | None = None,
        *,
        options: SearchOptions | None = None,
        constraint: Constraint | None = None,
        language_model: LanguageModel | None = None,
        visible: Sequence[float] | None = None,
    ) -> list[Reading]:
        """Words of each clip; arguments as for `encode` and `search`.

        Args:
            options: of the search; the model's own if None.
            visible: share of each clip's frames in which the mouth is seen; all by default.
        """
        encoder_out, lengths = self.encode(stream, lengths, audio)
        log_probs = self.ctc_log_probs(encoder_out).cpu().numpy()
        found = beam_search(
            self.network.heads,
            encoder_out,
            lengths,
            options=options or self.config.search,
            constraint=constraint,
            language_model=language_model,
        )
        shares = visible or [1.0] * len(found)
        readings = []
        for index, (best, share) in enumerate(zip(found, shares, strict=True)):
            end = int(lengths[index])
            clip = log_probs[index, :end], encoder_out[index, :end].float().cpu()
            readings.append(self._reading(best[0] if best else None, *clip, share))
        return readings

    def _reading(
        self, hypothesis: Hypothesis | None, log_probs: Any, features: Tensor, visible: float
    ) -> Reading:
        if hypothesis is None:
            return Reading([], None, "no allowed text fits this clip")
        timed = partial(
            timed_words,
            hypothesis,
            self.tokenizer.pieces(hypothesis.tokens),
            log_probs,
            frames_per_s=FRAMES_PER_S,
            calibration=self.config.calibration,
        )
        try:
            words = by_ctc = timed()
            if self.timer is not None:
                words = timed(timer=self.timer, features=features)
        except ValueError:  # without CTC in its score a search can write more than fits
            return Reading(
                [], hypothesis, "no readable speech here: the text does not fit the clip"
            )
        confidences = [word.confidence for word in words]
        reason = self.config.abstention.reason(confidences, visible)
        return Reading(words, hypothesis, reason, by_ctc)
