"""Auto-AVSR: audio-visual speech recognition with automatic labels (arXiv 2303.14307).

A frontend turns mouth ROIs or the waveform into one vector per video frame, a Conformer adds
context, and a CTC head and a Transformer decoder share the loss. With both streams, each has its
own frontend and encoder and a small network joins them.

Differs from the paper:
- padding is masked inside the convolutions, so that a clip gives the same answer alone and in any
  batch (`mask_padding=False` restores the original);
- the audio-visual model may drop a stream at random in training (`modality_dropout`), so that one
  checkpoint serves voice, lips or both;
- the babble is mixed of the training speech itself instead of read from a recording, and preset
  `grid` also adds white, pink and music-like noise (`augment.noises`);
- the streams of an audio-visual model can start from models of one stream (`initial`), and that of
  sound can be smaller (`audio_widths`, `audio_layers`, `audio_hidden_dim`);
- instead of the paper's warm start from a word classifier trained on LRW, which nobody can get any
  more, `word_weight` adds a word classifier on every frame of clips whose word times are known. Its
  share falls to zero over training, and it is not part of the model folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.config import check_at_least, check_share, from_dict, to_dict
from viseme.data.augment import AugmentConfig, check_reach
from viseme.data.dataset import IGNORE_ID, Batch
from viseme.data.example import VIDEO_FPS
from viseme.data.splits import Splits
from viseme.face.align import MOUTH_ROI_SIZE_PX
from viseme.kinds.recogniser.batches import open_batches
from viseme.kinds.recogniser.finish import Finish, check_average, initial_models, start_from
from viseme.kinds.recogniser.folder import open_recognizer
from viseme.kinds.recogniser.texts import TokenizerKind, learn_texts, with_texts
from viseme.kinds.recogniser.training import RecogniserTraining
from viseme.models.folder import RECOGNISER, ModelFolder
from viseme.nn.conformer import ConformerEncoder
from viseme.nn.frontends import SAMPLES_PER_FRAME, AudioFrontend, VisualFrontend
from viseme.nn.transformer import TextDecoder
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.fusion import Fusion
from viseme.recognition.heads import RecognitionHeads, RecognitionLoss
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.shapes import valid_mask
from viseme.systems import About
from viseme.text.tokenizer import Tokenizer
from viseme.train.job import Job, Run
from viseme.train.loop import LoopConfig
from viseme.train.optim import OptimConfig

Modality = Literal["video", "audio", "av"]

ABOUT = About(
    paper="Auto-AVSR",
    arxiv="2303.14307",
    does="reads speech from lips, voice or both; learns from labels that machines made, too",
    kind=RECOGNISER,
    presets={
        "ci": "any few clips; ten seconds on a CPU, to see that all runs",
        "grid": "GRID, 800 clips of one speaker; an hour and a half on two CPU cores",
        "paper": "LRS3 and more, 438 to 3,448 hours of video; not run here",
        "base-52m": "as paper, the size of arXiv 2202.13084, in characters; not run here",
    },
)


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network; the defaults are the paper's (250 M parameters for video).

    Attributes:
        modality: "video", "audio" or "av".
        crop_size: side of the window that the network sees of the 96x96 mouth ROI, px.
        frontend_widths: channels of the four ResNet stages.
        frontend_blocks: residual blocks per stage.
        dim: width of the encoder and the decoder.
        num_heads: attention heads of both.
        hidden_dim: feed-forward width of both.
        encoder_layers: Conformer blocks.
        kernel_size: of the Conformer's depthwise convolution, frames.
        decoder_layers: Transformer layers of the text decoder.
        fusion_dim: hidden width of the network that joins the streams.
        audio_widths: channels of the audio frontend's stages; as `frontend_widths` if empty.
        audio_layers: Conformer blocks of the audio encoder; as `encoder_layers` if 0.
        audio_hidden_dim: feed-forward width of the audio encoder; as `hidden_dim` if 0.
        dropout: everywhere.
        mask_padding: see the module's docstring.
        legacy_positions: see `viseme.nn.attention.legacy_shift`; only for imported models.
    """

    modality: Modality = "video"
    crop_size: int = 88
    frontend_widths: tuple[int, ...] = (64, 128, 256, 512)
    frontend_blocks: int = 2
    dim: int = 768
    num_heads: int = 12
    hidden_dim: int = 3072
    encoder_layers: int = 12
    kernel_size: int = 31
    decoder_layers: int = 6
    fusion_dim: int = 8192
    dropout: float = 0.1
    mask_padding: bool = True
    legacy_positions: bool = False
    audio_widths: tuple[int, ...] = ()
    audio_layers: int = 0
    audio_hidden_dim: int = 0

    def __post_init__(self) -> None:
        if self.dim % self.num_heads:
            raise ValueError(f"dim {self.dim} is not divisible by num_heads {self.num_heads}")
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size {self.kernel_size} must be odd")
        if not 0 < self.crop_size <= MOUTH_ROI_SIZE_PX:
            raise ValueError(f"crop_size {self.crop_size} is not between 1 and {MOUTH_ROI_SIZE_PX}")
        if len(self.frontend_widths) != 4:
            raise ValueError(f"frontend_widths {self.frontend_widths} must be four")
        if len(self.audio_widths) not in (0, 4):
            raise ValueError(f"audio_widths {self.audio_widths} must be four, or none")

    def of_audio(self) -> "ModelConfig":
        """The sizes of the stream of sound."""
        return replace(
            self,
            frontend_widths=self.audio_widths or self.frontend_widths,
            encoder_layers=self.audio_layers or self.encoder_layers,
            hidden_dim=self.audio_hidden_dim or self.hidden_dim,
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained.

    Attributes:
        tokenizer: "character", or "sentencepiece" with units learned from the training texts.
        vocab_size: number of sentencepiece units wanted.
        max_frames: frame budget of a batch, padding included.
        memory_gb: clips that need more memory are read from disk for every batch; per process.
        ctc_weight: share of CTC in the loss (0.1 in the paper).
        label_smoothing: of the attention loss.
        word_weight: weight of the frame-wise word classifier at the start of training.
        word_share: share of training over which that weight falls to zero.
        modality_dropout: share of audio-visual clips trained with one stream silenced.
        initial: model folders to start from instead of random weights, with the first
            recogniser's tokenizer. Each part (stream, fusion, heads) is that of the first folder
            that has it. An encoder fills the frontend of its stream.
        frozen_frontends: leave the frontends as they are in the initial models, their BatchNorm
            statistics too, which silenced streams would spoil. Spares a third of a step.
        average_last: the model is the mean of the weights of so many last epochs.
    """

    tokenizer: TokenizerKind = "sentencepiece"
    vocab_size: int = 5000
    max_frames: int = 1800
    memory_gb: float = 16.0
    ctc_weight: float = 0.1
    label_smoothing: float = 0.1
    word_weight: float = 0.0
    word_share: float = 0.6
    modality_dropout: float = 0.0
    initial: tuple[str, ...] = ()
    frozen_frontends: bool = False
    average_last: int = 10

    def __post_init__(self) -> None:
        check_at_least(1, self, "vocab_size", "max_frames", "average_last")
        check_share(self, "ctc_weight", "label_smoothing", "modality_dropout")
        if not 0 < self.word_share <= 1:
            raise ValueError(f"word_share {self.word_share} is not above 0 and at most 1")
        if self.frozen_frontends and not self.initial:
            raise ValueError("frozen_frontends without initial would freeze random weights")


@dataclass(frozen=True)
class Config:
    """Everything a run is made from."""

    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)

    def __post_init__(self) -> None:
        if self.model.modality != "audio":
            check_reach(self.model.crop_size, self.augment)
        check_average(self.training.average_last, self.loop)


_GRID_MODEL = ModelConfig(
    crop_size=64,
    frontend_widths=(32, 64, 128, 256),
    frontend_blocks=1,
    dim=192,
    num_heads=4,
    hidden_dim=768,
    encoder_layers=4,
    kernel_size=15,
    decoder_layers=2,
    fusion_dim=512,
    dropout=0.15,
    audio_widths=(16, 32, 64, 128),
    audio_layers=2,
    audio_hidden_dim=512,
)
_GRID_TRAINING = TrainingConfig(
    tokenizer="character",
    max_frames=700,
    ctc_weight=0.3,
    word_weight=75.0,
    word_share=0.5,
    average_last=10,
)
_GRID_AUGMENT = AugmentConfig(
    crop_jitter_px=6,
    flip=True,
    mask_window_frames=8,
    speed=0.15,
    contrast=0.25,
    brightness=0.1,
    trim=True,
    noises=("babble", "white", "pink", "music"),
)

PRESETS: dict[str, Config] = {
    # Ten seconds on a CPU: enough to show that everything runs and the loss falls.
    "ci": Config(
        model=replace(
            _GRID_MODEL,
            frontend_widths=(4, 8, 12, 16),
            dim=32,
            num_heads=2,
            hidden_dim=64,
            encoder_layers=1,
            decoder_layers=1,
            fusion_dim=32,
            audio_widths=(),
            audio_layers=1,
            audio_hidden_dim=64,
        ),
        training=replace(_GRID_TRAINING, max_frames=300, average_last=1),
        augment=_GRID_AUGMENT,
        loop=LoopConfig(epochs=2, precision="32-true", keep_weights=1),
    ),
    # GRID's 51-word sentences from one speaker's 800 clips, on two CPU cores in an hour and a half.
    # Sound is easier: 30 epochs of 0.6 s a step on one core. Both, started from models of one
    # stream each, need 15 (docs/noise.md has the commands).
    "grid": Config(
        model=_GRID_MODEL,
        training=_GRID_TRAINING,
        augment=_GRID_AUGMENT,
        optim=OptimConfig(warmup_share=0.05),
        loop=LoopConfig(epochs=80, keep_weights=10),
    ),
    # The paper: 75 epochs on LRS3 and more, 1,800 frames per GPU. Not run here.
    "paper": Config(loop=LoopConfig(precision="32-true")),
    # The size of "Visual Speech Recognition for Multiple Languages" (arXiv 2202.13084), written in
    # characters. Not run here.
    "base-52m": Config(
        model=ModelConfig(dim=256, num_heads=4, hidden_dim=2048),
        training=TrainingConfig(tokenizer="character"),
    ),
}


class Stream(nn.Module):
    """One modality: frontend, projection, encoder."""

    def __init__(self, frontend: VisualFrontend | AudioFrontend, config: ModelConfig) -> None:
        super().__init__()
        self.frontend = frontend
        self.project = nn.Linear(frontend.out_dim, config.dim)
        self.encoder = ConformerEncoder(
            config.dim,
            config.encoder_layers,
            config.num_heads,
            config.hidden_dim,
            config.kernel_size,
            config.dropout,
            config.mask_padding,
            config.legacy_positions,
        )

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        features = self.project(self.frontend(x, lengths))
        return self.encoder(features, valid_mask(lengths, features.shape[1]))


class AutoAVSR(nn.Module):
    """The network: (video, audio) -> encoder output (B, T, D), and the heads that read it."""

    def __init__(self, config: ModelConfig, vocab_size: int) -> None:
        super().__init__()
        self.config = config
        widths, blocks = config.frontend_widths, config.frontend_blocks
        if config.modality in ("video", "av"):
            self.video = Stream(VisualFrontend(widths, blocks), config)
        if config.modality in ("audio", "av"):
            sound = config.of_audio()
            frontend = AudioFrontend(sound.frontend_widths, blocks, config.mask_padding)
            self.audio = Stream(frontend, sound)
        if config.modality == "av":
            self.fusion = Fusion(config.dim, config.fusion_dim, config.mask_padding)
        text_decoder = TextDecoder(
            vocab_size,
            config.dim,
            config.decoder_layers,
            config.num_heads,
            config.hidden_dim,
            config.dropout,
        )
        self.heads = RecognitionHeads(config.dim, vocab_size, text_decoder, config.dropout)

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        """Features (B, T, D) of normalised video (B, T, 1, H, W) and/or audio (B, 640 T).

        Frames after lengths (B,) must be zero. An audio-visual model reads a missing stream as
        zeros, which is what modality dropout trained it on.
        """
        if self.config.modality == "video":
            return self.video(_given(video, "video"), lengths)
        if self.config.modality == "audio":
            return self.audio(_given(audio, "audio"), lengths)
        if video is None:
            video = self._silent_video(_given(audio, "video or audio"))
        if audio is None:
            audio = video.new_zeros(video.shape[0], video.shape[1] * SAMPLES_PER_FRAME)
        valid = valid_mask(lengths, video.shape[1])
        return self.fusion(self.video(video, lengths), self.audio(audio, lengths), valid)

    def streams(self) -> dict[str, nn.Module]:
        """What a pre-trained encoder of a modality can fill."""
        children = dict(self.named_children())
        return {name: children[name] for name in ("video", "audio") if name in children}

    def _silent_video(self, audio: Tensor) -> Tensor:
        """Zeros (B, T, 1, H, W) as long as audio (B, 640 T)."""
        batch, samples = audio.shape
        side = self.config.crop_size
        return audio.new_zeros(batch, samples // SAMPLES_PER_FRAME, 1, side, side)


def _given(tensor: Tensor | None, stream: str) -> Tensor:
    if tensor is None:
        raise ValueError(f"this model needs {stream}")
    return tensor


class WithLosses(nn.Module):
    """The network and the word classifier that only training needs, as one forward pass."""

    def __init__(self, network: AutoAVSR, num_words: int, label_smoothing: float) -> None:
        super().__init__()
        self.network, self.label_smoothing = network, label_smoothing
        self.word_head = nn.Linear(network.config.dim, num_words + 1)

    def forward(
        self,
        video: Tensor | None,
        audio: Tensor | None,
        lengths: Tensor,
        tokens: Tensor,
        words: Tensor,
    ) -> tuple[RecognitionLoss, Tensor, Tensor]:
        """Losses, the word classifier's loss per frame, and CTC log-probabilities (B, T, V)."""
        encoder_out = self.network.encode(video, audio, lengths)
        loss = self.network.heads.loss(encoder_out, lengths, tokens, self.label_smoothing)
        known = words != IGNORE_ID
        logits = self.word_head(encoder_out[known]).float()
        word_loss = F.cross_entropy(logits, words[known]) if known.any() else logits.sum()
        return loss, word_loss, self.network.heads.ctc_log_probs(encoder_out)


class Training(RecogniserTraining):
    """CTC and attention (equation 1 of the paper), and the fading word loss."""

    def __init__(self, config: Config, tokenizer: Tokenizer, vocabulary: dict[str, int]) -> None:
        network = AutoAVSR(config.model, tokenizer.vocab_size)
        super().__init__(network, config.training, config.optim, tokenizer)
        self.config = config
        self.frozen = nn.ModuleList()
        if config.training.frozen_frontends:
            streams = [part for part in network.children() if isinstance(part, Stream)]
            self.frozen = nn.ModuleList(stream.frontend for stream in streams)
            self.frozen.requires_grad_(False)
        smoothing = config.training.label_smoothing
        self.modules = WithLosses(network, len(vocabulary), smoothing)

    def train_step(self, batches: Sequence[Batch], step: int) -> dict[str, float]:
        """One update; frozen frontends keep their statistics, too."""
        self.frozen.eval()
        return super().train_step(batches, step)

    def losses(
        self, batch: Batch, weights: Sequence[float], step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What is minimised over a batch, and its parts."""
        training, frames = self.config.training, weights[2]
        loss, word_loss, _ = self._forward(self._drop_modality(batch))
        shared, parts = self.shared(loss, weights)
        fade = max(0.0, 1 - step / (training.word_share * self.total_steps))
        total = shared + frames * training.word_weight * fade * word_loss
        return total, parts | {"words": frames * word_loss}

    def read(self, batch: Batch) -> tuple[RecognitionLoss, Tensor]:
        """Losses of a batch, and CTC log-probabilities."""
        loss, _, log_probs = self._forward(batch)
        return loss, log_probs

    def _forward(self, batch: Batch) -> tuple[RecognitionLoss, Tensor, Tensor]:
        return self.modules(batch.video, batch.audio, batch.lengths, batch.tokens, batch.words)

    def _drop_modality(self, batch: Batch) -> Batch:
        """Silence one stream of a random share of audio-visual clips."""
        share = self.config.training.modality_dropout
        if share == 0 or batch.video is None or batch.audio is None:
            return batch
        chance = torch.rand(len(batch.ids), device=batch.lengths.device)
        lips = (chance >= share / 2).float()
        voice = ((chance < share / 2) | (chance >= share)).float()
        return replace(
            batch,
            video=batch.video * lips[:, None, None, None, None],
            audio=batch.audio * voice[:, None],
        )


def job(config: Config, clips: Splits, run: Run) -> Job:
    """The training of a recogniser on transcribed clips.

    Raises:
        ManifestError: clips without texts, or without what the modality needs.
        ModelError: a model to start from does not fit.
    """
    clips, recipe = with_texts(clips), config.training
    initial = initial_models(recipe.initial)
    texts = learn_texts(
        clips, recipe.tokenizer, recipe.vocab_size, initial, with_words=recipe.word_weight > 0
    )
    batches = open_batches(
        clips,
        texts,
        modality=config.model.modality,
        crop_size=config.model.crop_size,
        augment=config.augment,
        max_frames=recipe.max_frames,
        memory_gb=recipe.memory_gb,
        seed=config.loop.seed,
        process=run.process,
    )
    training = Training(config, texts.tokenizer, texts.vocabulary)
    start_from(initial, training.network, training.network.streams())
    reading = ReadingConfig(
        modality=config.model.modality,
        crop_size=config.model.crop_size,
        chunk_s=max(batches.train_set.lengths) / VIDEO_FPS,
        mirror=config.augment.flip and config.model.modality != "audio",
        search=SearchOptions(ctc_weight=recipe.ctc_weight),
    )
    sizes = to_dict(config.model)
    finish = Finish(run, clips, load, sizes, texts.tokenizer, reading, recipe.average_last)
    return Job(training, batches, finish)


def network(config: Mapping[str, Any], vocab_size: int) -> AutoAVSR:
    """The network of a model folder's settings."""
    return AutoAVSR(from_dict(ModelConfig, config), vocab_size)


def load(folder: ModelFolder, device: str) -> Recognizer:
    """The recogniser in a model folder that `viseme train` or `viseme import` wrote.

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    return open_recognizer(folder, network, device)
