"""RAVEn and BRAVEn: speech representations learned from raw video and sound together.

RAVEn (arXiv 2212.06246) pre-trains a lip and a voice encoder on each other's features and then
fine-tunes either for recognition; BRAVEn (arXiv 2404.02098) changes the pre-training only. So both
have this network: a ResNet frontend, a Transformer with LayerScale and BatchNorm, and, once
fine-tuned, a CTC head and a text decoder. An encoder that was only pre-trained gives features.

Differs from the papers' code:
- padding is masked, so that a clip gives the same answer alone and in any batch, and BatchNorm
  takes its statistics over real frames.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from torch import Tensor, nn

from viseme.config import from_dict
from viseme.face.align import MOUTH_ROI_SIZE_PX
from viseme.kinds.encoder import Encoder, open_encoder
from viseme.kinds.recogniser.folder import open_recognizer
from viseme.models.folder import ENCODER, RECOGNISER, ModelFolder
from viseme.nn.frontends import AudioFrontend, VisualFrontend
from viseme.nn.transformer import TextDecoder
from viseme.nn.transformer_encoder import TransformerEncoder
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.recognizer import Recognizer
from viseme.shapes import valid_mask
from viseme.systems import About

_IMPORT = "import of published checkpoints; its training is not here yet"
ABOUT = About(
    paper="RAVEn, BRAVEn",
    arxiv="2212.06246, 2404.02098",
    does="reads lips or voice after pre-training on video and sound without labels",
    kind=RECOGNISER,
    presets=dict.fromkeys(
        ("base", "base-plus", "large", "base-30h", "base-plus-30h", "large-30h"), _IMPORT
    ),
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
        modality: "video" or "audio".
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

    modality: Literal["video", "audio"] = "video"
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


_BASE_PLUS = ModelConfig(
    dim=768,
    num_heads=12,
    hidden_dim=3072,
    decoder=DecoderConfig(dim=768, num_heads=12, hidden_dim=3072, num_layers=6),
)
_LARGE = ModelConfig(
    dim=1024,
    num_heads=16,
    hidden_dim=4096,
    num_layers=24,
    decoder=DecoderConfig(dim=1024, num_heads=16, hidden_dim=4096, num_layers=9),
)

LOW_RESOURCE = DecoderConfig(dim=256, num_heads=4, hidden_dim=2048, num_layers=6)
"""The decoder of every size when fine-tuned on 30 hours."""

PRESETS: dict[str, ModelConfig] = {
    "base": ModelConfig(),
    # BRAVEn only.
    "base-plus": _BASE_PLUS,
    "large": _LARGE,
    "base-30h": replace(ModelConfig(), decoder=LOW_RESOURCE),
    "base-plus-30h": replace(_BASE_PLUS, decoder=LOW_RESOURCE),
    "large-30h": replace(_LARGE, decoder=LOW_RESOURCE),
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

    def encode(self, video: Tensor | None, audio: Tensor | None, lengths: Tensor) -> Tensor:
        """Features (B, T, D) of normalised video (B, T, 1, H, W) or of waveforms (B, 640 T).

        What lies after lengths (B,) frames must be zero.
        """
        stream = video if self.modality == "video" else audio
        if stream is None:
            raise ValueError(f"this model needs {self.modality}")
        features = self.project(self.frontend(stream, lengths))
        return self.transformer(features, valid_mask(lengths, features.shape[1]))


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


def network(config: dict[str, Any], vocab_size: int) -> Raven | RavenEncoder:
    """The network of a model folder's settings; an encoder alone needs no vocabulary."""
    sizes = from_dict(ModelConfig, config)
    if sizes.decoder is None:
        return RavenEncoder(sizes)
    return Raven(sizes, sizes.decoder, vocab_size)


def load(folder: ModelFolder, device: str) -> Recognizer | Encoder:
    """The model in a folder that `viseme import` wrote from a published checkpoint.

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    if folder.kind == ENCODER:
        return open_encoder(folder, network, device)
    return open_recognizer(folder, network, device)
