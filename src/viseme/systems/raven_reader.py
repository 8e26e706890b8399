"""RAVEn's second half: an encoder that was pre-trained becomes a reader of lips or of voice.

A CTC head and a text decoder are put on an encoder of `raven` or `braven`, and all is fine-tuned on
transcribed clips, the parts near the input at lower rates (arXiv 2212.06246; BRAVEn, 2404.02098,
does the same). The encoder's last LayerNorm starts anew, as in the authors' code.

Self-training: `viseme label --labeller FOLDER` writes with a fine-tuned voice model what clips
without texts say, and the pre-trained encoder is fine-tuned once more on these and the true labels.

Differs from the authors' code: the rates of all groups follow the schedule, not only the first's.
"""

from dataclasses import dataclass, field, replace
from functools import partial

from viseme.config import check_at_least, check_share, to_dict
from viseme.data.augment import AugmentConfig, check_reach
from viseme.data.example import VIDEO_FPS
from viseme.data.splits import Splits
from viseme.kinds.recogniser.batches import open_batches
from viseme.kinds.recogniser.finish import Finish, check_average, initial_models, start_from
from viseme.kinds.recogniser.folder import open_recognizer
from viseme.kinds.recogniser.texts import TokenizerKind, learn_texts, with_texts
from viseme.kinds.recogniser.training import RecogniserTraining
from viseme.models.folder import RECOGNISER, ModelFolder
from viseme.nn.frontends import VIDEO_MEAN
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems import About
from viseme.systems.raven import (
    BASE,
    CI,
    LARGE,
    SMALL,
    DataConfig,
    DecoderConfig,
    ModelConfig,
    Raven,
    network,
)
from viseme.train.job import Job, Run
from viseme.train.loop import LoopConfig
from viseme.train.optim import OptimConfig

__all__ = ["ABOUT", "PRESETS", "Config", "job", "load", "network"]

ABOUT = About(
    paper="RAVEn, BRAVEn: fine-tuning",
    arxiv="2212.06246, 2404.02098",
    does="reads lips or voice, from an encoder that raven or braven pre-trained, or from scratch",
    kind=RECOGNISER,
    presets={
        "ci": "any few clips; seconds on a CPU, to see that all runs",
        "small": "minutes of transcribed video; half an hour on two CPU cores (estimated)",
        "base-433h": "lips, raven's base on all of LRS3; not run here",
        "base-vox2-433h": "lips, base-vox2; not run here",
        "large-433h": "lips, large; not run here",
        "base-30h": "lips, base on 30 h of LRS3; not run here",
        "base-vox2-30h": "lips, base-vox2; not run here",
        "large-30h": "lips, large; not run here",
        "large-self": "lips, large, also on labels that the voice model made; not run here",
        "base-voice-433h": "voice, base on all of LRS3; not run here",
        "large-voice-433h": "voice, large; not run here",
        "base-voice-30h": "voice, base on 30 h; not run here",
        "large-voice-30h": "voice, large; not run here",
    },
)


@dataclass(frozen=True)
class ReadingRecipe:
    """How an encoder becomes a reader.

    Attributes:
        tokenizer: "character", or "sentencepiece" with units learned from the training texts.
        vocab_size: number of sentencepiece units wanted.
        ctc_weight: share of CTC in the loss.
        label_smoothing: of the attention loss.
        initial: model folders to start from: the pre-trained encoder, whose last LayerNorm starts
            anew, or a reader with its tokenizer. Without any, all weights are random.
        layer_decay: each block learns at so much of the next one's rate, the frontend as the first.
        head_rate: rate of CTC head and text decoder, as a multiple of the encoder's.
        average_last: the model is the mean of the weights of so many last epochs.
    """

    tokenizer: TokenizerKind = "sentencepiece"
    vocab_size: int = 1000
    ctc_weight: float = 0.1
    label_smoothing: float = 0.1
    initial: tuple[str, ...] = ()
    layer_decay: float = 1.0
    head_rate: float = 3.0
    average_last: int = 10

    def __post_init__(self) -> None:
        check_at_least(1, self, "vocab_size", "average_last")
        check_share(self, "ctc_weight", "label_smoothing")
        if not 0 < self.layer_decay <= 1:
            raise ValueError(f"layer_decay {self.layer_decay} is not above 0 and at most 1")


# Time masks after normalisation: the mean grey. Of the sound, 0.6 s every 2 s.
_READ_AUGMENT = AugmentConfig(
    flip=True,
    mask_grey=VIDEO_MEAN,
    audio_mask_window_samples=9600,
    audio_mask_stride_samples=32_000,
    noises=(),
)


@dataclass(frozen=True)
class Config:
    """A fine-tuning; the defaults are those of Base for lips on all of LRS3."""

    model: ModelConfig = field(default_factory=lambda: ModelConfig(drop_path=0.1))
    training: ReadingRecipe = field(default_factory=ReadingRecipe)
    data: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=lambda: _READ_AUGMENT)
    optim: OptimConfig = field(
        default_factory=lambda: OptimConfig(
            peak_lr=2e-3, weight_decay=0.04, warmup_share=20 / 75, final_lr=1e-5
        )
    )
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(precision="32-true"))

    def __post_init__(self) -> None:
        if self.model.modality == "av" or self.model.decoder is None:
            raise ValueError("a reader has one stream, video or audio, and a text decoder")
        if self.model.modality != "audio":
            check_reach(self.model.crop_size, self.augment)
        check_average(self.training.average_last, self.loop)


LARGE_DECODER = DecoderConfig(dim=1024, num_heads=16, hidden_dim=4096, num_layers=9)
LOW_RESOURCE = DecoderConfig(dim=256, num_heads=4, hidden_dim=2048, num_layers=6)
"""The decoder of every size when fine-tuned on 30 hours."""


def _reading(
    model: ModelConfig,
    *,
    lr: float,
    heads: float,
    decay: float = 0.04,
    drop_path: float,
    layers: float,
    epochs: int,
    max_frames: int = 2400,
) -> Config:
    """A row of the authors' fine-tuning scripts; 20 epochs of warm-up throughout."""
    return Config(
        model=replace(model, drop_path=drop_path),
        training=ReadingRecipe(layer_decay=layers, head_rate=heads / lr),
        data=DataConfig(max_frames),
        optim=OptimConfig(lr, (0.9, 0.98), decay, warmup_share=20 / epochs, final_lr=1e-5),
        loop=LoopConfig(epochs=epochs, precision="32-true"),
    )


def _small_reading(model: ModelConfig, epochs: int, average: int) -> Config:
    return Config(
        model=model,
        training=ReadingRecipe(
            tokenizer="character", ctc_weight=0.3, layer_decay=0.75, average_last=average
        ),
        data=DataConfig(max_frames=350),
        augment=replace(
            _READ_AUGMENT,
            crop_jitter_px=6,
            mask_window_frames=8,
            speed=0.15,
            contrast=0.25,
            brightness=0.1,
        ),
        optim=OptimConfig(peak_lr=1e-3, warmup_share=0.1, final_lr=1e-5),
        loop=LoopConfig(epochs=epochs, eval_every_epochs=max(1, epochs // 4), keep_weights=average),
    )


_LOW, _VOICE = replace(BASE, decoder=LOW_RESOURCE), replace(BASE, modality="audio")
_LOW_VOICE = replace(_LOW, modality="audio")
_BIG, _BIG_LOW = replace(LARGE, decoder=LARGE_DECODER), replace(LARGE, decoder=LOW_RESOURCE)
_BIG_VOICE, _BIG_LOW_VOICE = (replace(one, modality="audio") for one in (_BIG, _BIG_LOW))

# The authors' launch scripts, whose frame budgets are those of one of 32 GPUs (16 for 30 hours).
PRESETS: dict[str, Config] = {
    "ci": _small_reading(CI, epochs=2, average=1),
    "small": _small_reading(SMALL, epochs=60, average=6),
    "base-433h": Config(),
    "base-vox2-433h": _reading(BASE, lr=2e-3, heads=6e-3, drop_path=0.2, layers=0.75, epochs=75),
    "large-433h": _reading(
        _BIG, lr=2e-3, heads=4e-3, drop_path=0.3, layers=0.75, epochs=75, max_frames=2000
    ),
    "base-30h": _reading(
        _LOW, lr=1e-3, heads=5e-3, decay=0.1, drop_path=0.2, layers=0.5, epochs=50
    ),
    "base-vox2-30h": _reading(
        _LOW, lr=1e-3, heads=5e-3, decay=0.1, drop_path=0.1, layers=0.5, epochs=50
    ),
    "large-30h": _reading(
        _BIG_LOW, lr=1e-3, heads=5e-3, decay=0.1, drop_path=0.2, layers=0.6, epochs=50
    ),
    "large-self": _reading(
        _BIG,
        lr=2e-3,
        heads=2e-3,
        decay=0.01,
        drop_path=0.2,
        layers=0.75,
        epochs=75,
        max_frames=1800,
    ),
    "base-voice-433h": _reading(
        _VOICE, lr=1e-3, heads=2e-3, decay=0.1, drop_path=0.0, layers=1.0, epochs=75
    ),
    "large-voice-433h": _reading(
        _BIG_VOICE, lr=1e-3, heads=2e-3, drop_path=0.3, layers=0.75, epochs=150, max_frames=2000
    ),
    "base-voice-30h": _reading(
        _LOW_VOICE, lr=1e-3, heads=5e-3, decay=0.1, drop_path=0.2, layers=0.5, epochs=200
    ),
    "large-voice-30h": _reading(
        _BIG_LOW_VOICE, lr=1e-3, heads=5e-3, decay=0.1, drop_path=0.2, layers=0.75, epochs=200
    ),
}


def job(config: Config, clips: Splits, run: Run) -> Job:
    """The fine-tuning of a reader on transcribed clips.

    Raises:
        ManifestError: clips without texts, or without what the modality needs.
        ModelError: a model to start from does not fit.
    """
    recipe, model = config.training, config.model
    clips = with_texts(clips)
    initial = initial_models(recipe.initial)
    texts = learn_texts(clips, recipe.tokenizer, recipe.vocab_size, initial)
    batches = open_batches(
        clips,
        texts,
        modality=model.modality,
        crop_size=model.crop_size,
        augment=config.augment,
        max_frames=config.data.max_frames,
        memory_gb=config.data.memory_gb,
        seed=config.loop.seed,
        process=run.process,
        normalise_waveform=False,
    )
    assert model.decoder is not None
    made = Raven(model, model.decoder, texts.tokenizer.vocab_size)
    start_from(initial, made, {model.modality: made.encoder}, fresh="transformer.norm.")
    scale = partial(
        rate_scale,
        layers=model.num_layers,
        decay=recipe.layer_decay,
        heads=recipe.head_rate,
    )
    training = RecogniserTraining(made, recipe, config.optim, texts.tokenizer, scale)
    reading = ReadingConfig(
        modality=model.modality,
        crop_size=model.crop_size,
        normalise_waveform=False,
        chunk_s=max(batches.train_set.lengths) / VIDEO_FPS,
        mirror=config.augment.flip and model.modality != "audio",
        search=SearchOptions(ctc_weight=recipe.ctc_weight),
    )
    finish = Finish(run, clips, load, to_dict(model), texts.tokenizer, reading, recipe.average_last)
    return Job(training, batches, finish)


def rate_scale(name: str, *, layers: int, decay: float, heads: float) -> float:
    """The rate of a weight of `Raven`, as a multiple of the encoder's last block's.

    Args:
        name: of the weight.
        layers: blocks of the encoder.
        decay: from block to block, towards the input.
        heads: rate of CTC head and text decoder.
    """
    if name.startswith("heads."):
        return heads
    part = name.removeprefix("encoder.")
    if part.startswith("transformer.norm."):
        return 1.0
    if part.startswith("transformer.blocks."):
        return decay ** (layers - 1 - int(part.split(".")[2]))
    return decay ** (layers - 1)


def load(folder: ModelFolder, device: str) -> Recognizer:
    """The recogniser in a model folder that `viseme train` wrote.

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    return open_recognizer(folder, network, device)
