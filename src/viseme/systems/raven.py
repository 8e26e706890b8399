"""RAVEn: speech representations learned from raw video and sound together (arXiv 2212.06246).

An encoder of lips and one of voice are pre-trained on each other's features, without texts
(`viseme.pretraining.pair`), and either is then fine-tuned for recognition. BRAVEn, which changes
the pre-training only (`viseme.systems.braven`), has this network, too: a ResNet frontend, a
Transformer with LayerScale and BatchNorm, and, once fine-tuned, a CTC head and a text decoder.

Differs from the authors' code:
- padding is masked, so that a clip gives the same answer alone and in any batch, and BatchNorm
  takes its statistics over real frames;
- each teacher makes one pass for the losses of both students, not one for each;
- no heads are trained on frozen features beside the pre-training: a linear probe of the words is
  fitted whenever it is evaluated;
- the rates of all groups of a fine-tuning follow the schedule, not only the first one's.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from torch import Tensor, nn

from viseme.config import check_at_least, from_dict, to_dict
from viseme.data.augment import AugmentConfig, check_reach
from viseme.data.splits import Splits
from viseme.face.align import MOUTH_ROI_SIZE_PX
from viseme.kinds.encoder import Encoder, EncodingConfig, open_encoder
from viseme.kinds.encoder.batches import open_pairs
from viseme.kinds.encoder.finish import FinishEncoder
from viseme.kinds.encoder.probe import word_probe
from viseme.kinds.recogniser.folder import open_recognizer
from viseme.models.folder import ENCODER, ModelFolder
from viseme.nn.frontends import AudioFrontend, VisualFrontend
from viseme.nn.transformer import TextDecoder
from viseme.nn.transformer_encoder import TransformerEncoder
from viseme.pretraining.pair import PairConfig, PairTraining
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.recognizer import Recognizer
from viseme.shapes import valid_mask
from viseme.systems import About
from viseme.train.job import Job, Run
from viseme.train.loop import LoopConfig
from viseme.train.optim import OptimConfig

ABOUT = About(
    paper="RAVEn",
    arxiv="2212.06246",
    does="learns lips and voice from each other without labels; raven_reader makes readers of them",
    kind=ENCODER,
    presets={
        "ci": "any few clips; seconds on a CPU, to see that all runs",
        "small": "an hour of video; about two hours on two CPU cores (estimated)",
        "base": "LRS3, 433 h; not run here",
        "base-vox2": "LRS3 and English VoxCeleb2, 1,759 h; not run here",
        "large": "the same, large; not run here",
    },
)


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of the text decoder; the defaults are those of Base fine-tuned on all of LRS3.

    Attributes:
        dim: width; where the encoder has another, a linear layer adapts its output.
        num_heads: attention heads.
        hidden_dim: feed-forward width.
        num_layers: Transformer layers.
    """

    dim: int = 512
    num_heads: int = 8
    hidden_dim: int = 2048
    num_layers: int = 6

    def __post_init__(self) -> None:
        if self.dim % self.num_heads:
            raise ValueError(f"dim {self.dim} is not divisible by num_heads {self.num_heads}")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network; the defaults are RAVEn Base for lips.

    Attributes:
        modality: "video", "audio", or "av" for an encoder of each.
        crop_size: side of the window that the network sees of the 96x96 mouth ROI, px.
        frontend_widths: channels of the four ResNet stages.
        frontend_blocks: residual blocks per stage.
        dim: width of the encoder.
        num_heads: its attention heads.
        hidden_dim: its feed-forward width.
        num_layers: its Transformer blocks.
        dropout: everywhere.
        drop_path: chance that a branch of a block is left out for a clip, in training.
        decoder: sizes of the text decoder; None for an encoder that was only pre-trained.
    """

    modality: Literal["video", "audio", "av"] = "video"
    crop_size: int = 88
    frontend_widths: tuple[int, ...] = (64, 128, 256, 512)
    frontend_blocks: int = 2
    dim: int = 512
    num_heads: int = 8
    hidden_dim: int = 2048
    num_layers: int = 12
    dropout: float = 0.1
    drop_path: float = 0.0
    decoder: DecoderConfig | None = field(default_factory=DecoderConfig)

    def __post_init__(self) -> None:
        if self.dim % self.num_heads:
            raise ValueError(f"dim {self.dim} is not divisible by num_heads {self.num_heads}")
        if not 0 < self.crop_size <= MOUTH_ROI_SIZE_PX:
            raise ValueError(f"crop_size {self.crop_size} is not between 1 and {MOUTH_ROI_SIZE_PX}")
        if len(self.frontend_widths) != 4:
            raise ValueError(f"frontend_widths {self.frontend_widths} must be four")
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path {self.drop_path} is not between 0 and 1")


@dataclass(frozen=True)
class DataConfig:
    """Which clips make a batch.

    Attributes:
        max_frames: frame budget of a batch, padding included.
        memory_gb: clips that need more memory are read from disk for every batch; per process.
    """

    max_frames: int = 2400
    memory_gb: float = 16.0

    def __post_init__(self) -> None:
        check_at_least(1, self, "max_frames")


_PRETRAIN_AUGMENT = AugmentConfig(
    flip=True, mask_window_frames=0, audio_mask_window_samples=0, noises=()
)
_PRETRAIN_OPTIM = OptimConfig(
    peak_lr=3e-3,
    betas=(0.9, 0.999),
    weight_decay=0.04,
    clip_norm=3.0,
    warmup_share=40 / 150,
    final_lr=1e-5,
)


@dataclass(frozen=True)
class Config:
    """A pre-training; the defaults are those of Base on LRS3 (the authors' scripts).

    Attributes:
        saves_memory: compute a block's activations again in the backward pass instead of keeping
            them; for Large.
    """

    model: ModelConfig = field(default_factory=lambda: ModelConfig(modality="av", decoder=None))
    pair: PairConfig = field(default_factory=PairConfig)
    data: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=lambda: _PRETRAIN_AUGMENT)
    optim: OptimConfig = field(default_factory=lambda: _PRETRAIN_OPTIM)
    loop: LoopConfig = field(
        default_factory=lambda: LoopConfig(epochs=150, precision="32-true", keep_weights=1)
    )
    saves_memory: bool = False

    def __post_init__(self) -> None:
        if self.model.modality != "av" or self.model.decoder is not None:
            raise ValueError("a pre-training has both streams and no text decoder")
        check_reach(self.model.crop_size, self.augment)


BASE = ModelConfig()
BASE_PLUS = replace(BASE, dim=768, num_heads=12, hidden_dim=3072)
LARGE = replace(BASE, dim=1024, num_heads=16, hidden_dim=4096, num_layers=24)
SMALL = ModelConfig(
    crop_size=64,
    frontend_widths=(16, 32, 64, 128),
    frontend_blocks=1,
    dim=128,
    num_heads=4,
    hidden_dim=512,
    num_layers=4,
    decoder=DecoderConfig(dim=128, num_heads=4, hidden_dim=512, num_layers=1),
)
CI = replace(
    SMALL,
    frontend_widths=(4, 8, 12, 16),
    dim=32,
    num_heads=2,
    hidden_dim=64,
    num_layers=2,
    decoder=DecoderConfig(dim=32, num_heads=2, hidden_dim=64, num_layers=1),
)


def pretraining(
    model: ModelConfig,
    *,
    epochs: int = 150,
    warmup: int = 40,
    lr: float = 3e-3,
    max_frames: int = 2400,
    saves_memory: bool = False,
) -> Config:
    """A pre-training of encoders of a size, by what the authors' scripts differ in."""
    config = Config(
        model=replace(model, modality="av", decoder=None),
        data=DataConfig(max_frames),
        optim=replace(_PRETRAIN_OPTIM, peak_lr=lr, warmup_share=warmup / epochs),
        saves_memory=saves_memory,
    )
    return replace(config, loop=replace(config.loop, epochs=epochs))


def small(config: Config, model: ModelConfig, epochs: int, max_frames: int) -> Config:
    """A pre-training scaled down to minutes of video: smaller predictors, faster teachers."""
    predictor = replace(config.pair.predictor, dim=model.dim // 2, num_heads=2, hidden_dim=256)
    return replace(
        config,
        model=replace(model, modality="av", decoder=None),
        pair=replace(config.pair, predictor=predictor, momentum=0.99),
        data=DataConfig(max_frames),
        augment=replace(config.augment, crop_jitter_px=6),
        optim=replace(config.optim, peak_lr=1e-3, warmup_share=0.1),
        loop=LoopConfig(epochs=epochs, eval_every_epochs=max(1, epochs // 5), keep_weights=1),
    )


# Rates, decays and epochs: the authors' launch scripts, whose frame budgets are those of one of 32
# GPUs (128 for the pre-training of Large).
PRESETS: dict[str, Config] = {
    "ci": small(Config(), CI, epochs=2, max_frames=300),
    "small": small(Config(), SMALL, epochs=40, max_frames=700),
    "base": pretraining(BASE),
    "base-vox2": pretraining(BASE, warmup=20),
    "large": pretraining(
        replace(LARGE, drop_path=0.1), warmup=30, lr=2e-3, max_frames=900, saves_memory=True
    ),
}


class RavenEncoder(nn.Module):
    """Frontend, projection, Transformer: what pre-training makes and fine-tuning starts from.

    On its own it gives features and no text.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.modality = config.modality
        frontend = VisualFrontend if config.modality == "video" else AudioFrontend
        self.frontend = frontend(config.frontend_widths, config.frontend_blocks)
        self.project = nn.Linear(self.frontend.out_dim, config.dim)
        self.transformer = TransformerEncoder(
            config.dim,
            config.num_layers,
            config.num_heads,
            config.hidden_dim,
            config.dropout,
            config.drop_path,
        )

    def forward(
        self, stream: Tensor, lengths: Tensor, outputs: list[Tensor] | None = None
    ) -> Tensor:
        """Features (B, T, D) of normalised video (B, T, 1, H, W) or of waveforms (B, 640 T).

        What lies after lengths (B,) frames must be zero. What each block gives is appended to
        `outputs`, if that is asked for.
        """
        features = self.project(self.frontend(stream, lengths))
        return self.transformer(features, valid_mask(lengths, features.shape[1]), outputs)

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        """Features of the stream that this encoder reads, of two that may be given."""
        stream = video if self.modality == "video" else audio
        if stream is None:
            raise ValueError(f"this model needs {self.modality}")
        return self(stream, lengths)


class RavenPair(nn.Module):
    """What pre-training makes: an encoder of lips and one of voice, each for its own stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.video = RavenEncoder(replace(config, modality="video"))
        self.audio = RavenEncoder(replace(config, modality="audio"))

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        """Features of video, or of audio where there is none."""
        return (
            self.audio.encode(None, audio, lengths) if video is None else self.video(video, lengths)
        )


class Raven(nn.Module):
    """The fine-tuned network: video or audio -> encoder output, and the heads that read it."""

    def __init__(self, config: ModelConfig, sizes: DecoderConfig, vocab_size: int) -> None:
        super().__init__()
        self.encoder = RavenEncoder(config)
        text_decoder = TextDecoder(
            vocab_size,
            sizes.dim,
            sizes.num_layers,
            sizes.num_heads,
            sizes.hidden_dim,
            config.dropout,
            memory_dim=config.dim,
        )
        self.heads = RecognitionHeads(config.dim, vocab_size, text_decoder, config.dropout)

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        """Features as of `RavenEncoder.encode`."""
        return self.encoder.encode(video, audio, lengths)


def job(config: Config, clips: Splits, run: Run) -> Job:
    """A pre-training on clips with or without texts.

    Raises:
        ManifestError: no clip has what the training needs.
    """
    pair, model = config.pair, config.model
    batches = open_pairs(
        clips,
        crop_size=model.crop_size,
        masks=(pair.video_mask, pair.audio_mask),
        augment=config.augment,
        max_frames=config.data.max_frames,
        memory_gb=config.data.memory_gb,
        seed=config.loop.seed,
        process=run.process,
    )
    made = RavenPair(model)
    for encoder in (made.video, made.audio):
        encoder.transformer.saves_memory = config.saves_memory
    encoders: dict[str, nn.Module] = {"video": made.video, "audio": made.audio}
    training = PairTraining(encoders, model.dim, pair, config.optim, word_probe)
    encoding = EncodingConfig("av", model.crop_size, normalise_waveform=False)
    return Job(training, batches, FinishEncoder(run, clips, to_dict(model), encoding))


def network(config: dict[str, Any], vocab_size: int) -> Raven | RavenEncoder | RavenPair:
    """The network of a model folder's settings; encoders alone need no vocabulary."""
    sizes = from_dict(ModelConfig, config)
    if sizes.decoder is not None:
        return Raven(sizes, sizes.decoder, vocab_size)
    return RavenPair(sizes) if sizes.modality == "av" else RavenEncoder(sizes)


def load(folder: ModelFolder, device: str) -> Recognizer | Encoder:
    """The encoder or recogniser in a folder that `viseme train` or `viseme import` wrote.

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    if folder.kind == ENCODER:
        return open_encoder(folder, network, device)
    return open_recognizer(folder, network, device)
