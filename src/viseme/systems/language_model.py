"""Transformer language models of tokens, to be fused into a recogniser's search.

The network of ESPnet that Auto-AVSR (arXiv 2303.14307) and RAVEn (arXiv 2212.06246) decode with:
16 causal layers of width 512, no positions. Published ones come in through `viseme import`.
"""

from dataclasses import dataclass
from typing import Any

from viseme.config import from_dict
from viseme.kinds.language_model import LoadedLanguageModel
from viseme.models.folder import LANGUAGE_MODEL, ModelFolder, fill, pick_device
from viseme.recognition.transformer_lm import TransformerLanguageModel
from viseme.systems import About

ABOUT = About(
    paper="ESPnet's language model, as Auto-AVSR and RAVEn use it",
    arxiv="2303.14307, 2212.06246",
    does="scores texts, beside a recogniser; import of published ones",
    kind=LANGUAGE_MODEL,
)


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network; the defaults are those of all published models.

    Attributes:
        embedding_dim: width of the token embedding.
        dim: width of the Transformer.
        num_layers: its layers.
        num_heads: its attention heads.
        hidden_dim: its feed-forward width.
    """

    embedding_dim: int = 128
    dim: int = 512
    num_layers: int = 16
    num_heads: int = 8
    hidden_dim: int = 2048

    def __post_init__(self) -> None:
        if self.dim % self.num_heads:
            raise ValueError(f"dim {self.dim} is not divisible by num_heads {self.num_heads}")


def network(config: dict[str, Any], vocab_size: int) -> TransformerLanguageModel:
    """The network of a model folder's settings."""
    sizes = from_dict(ModelConfig, config)
    return TransformerLanguageModel(
        vocab_size,
        sizes.embedding_dim,
        sizes.dim,
        sizes.num_layers,
        sizes.num_heads,
        sizes.hidden_dim,
    )


def load(folder: ModelFolder, device: str) -> LoadedLanguageModel:
    """The language model in a model folder, ready for a search.

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    tokenizer = folder.tokenizer()
    made = network(folder.config, tokenizer.vocab_size)
    fill(made, folder.weights(), folder.path)
    return LoadedLanguageModel(folder.name, made, tokenizer, pick_device(device))
