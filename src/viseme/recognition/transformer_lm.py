"""The Transformer language model of ESPnet, as Auto-AVSR and RAVEn fuse it into their search.

Narrow embedding, linear to the width, LayerNorm, ReLU, then causal pre-norm Transformer layers.
There are no positions: the causal mask alone tells the order (Irie et al. 2019). Whole texts and
single tokens go the same way, since a text is its tokens appended to an empty cache.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.nn.attention import MultiHeadAttention
from viseme.nn.conformer import LAYER_NORM_EPS, FeedForward

PADDING_ID = 0  # blank in a recogniser; no token ever looks at it


@dataclass
class TransformerLanguageModelCache:
    """What `TransformerLanguageModel.step` needs of the past; one row per hypothesis.

    Attributes:
        layers: keys and values (R, N, L, D/N) of each layer.
        valid: (R, L), False where the token is padding.
    """

    layers: list[tuple[Tensor, Tensor]]
    valid: Tensor

    def select(self, rows: Tensor) -> "TransformerLanguageModelCache":
        """The cache of hypotheses rows (R',), in that order; a row may repeat."""
        layers = [(key[rows], value[rows]) for key, value in self.layers]
        return TransformerLanguageModelCache(layers, self.valid[rows])


class LanguageModelLayer(nn.Module):
    """Causal self-attention and feed-forward, both pre-norm."""

    def __init__(self, dim: int, num_heads: int, hidden_dim: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(dim, num_heads, dropout=0.0)
        self.feed_forward = FeedForward(dim, hidden_dim, dropout=0.0)
        self.norm_attention = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_feed_forward = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor], allowed: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """New tokens x (R, L, D) after `past`; allowed (R, 1, L, past + L).

        Returns:
            Their features (R, L, D), and the keys and values of all tokens.
        """
        y = self.norm_attention(x)
        key, value = (
            torch.cat([old, new], dim=2)
            for old, new in zip(past, self.attention.project(y), strict=True)
        )
        x = x + self.attention.attend(y, key, value, allowed)
        return x + self.feed_forward(self.norm_feed_forward(x)), (key, value)


class TransformerLanguageModel(nn.Module):
    """Texts of token ids to next-token scores; a `viseme.recognition.language_model.LanguageModel`.

    Args:
        vocab_size: as the recogniser's; the last id starts and ends a text.
        embedding_dim: width of the token embedding.
        dim, num_layers, num_heads, hidden_dim: of the Transformer.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int,
        dim: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
    ) -> None:
        super().__init__()
        self.vocab_size, self.num_heads = vocab_size, num_heads
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.project = nn.Linear(embedding_dim, dim)
        self.norm_in = nn.LayerNorm(dim)
        self.layers = nn.ModuleList(
            LanguageModelLayer(dim, num_heads, hidden_dim) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(dim, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Log-probabilities (R, L, V) of the token after each prefix of tokens (R, L), sos first.

        Texts shorter than L are filled up with 0.
        """
        return self._append(tokens, self.start(len(tokens)))

    def start(self, num_rows: int) -> TransformerLanguageModelCache:
        """Empty cache of `num_rows` hypotheses."""
        weight = self.project.weight
        empty = weight.new_empty(num_rows, self.num_heads, 0, len(weight) // self.num_heads)
        valid = torch.empty(num_rows, 0, dtype=torch.bool, device=weight.device)
        return TransformerLanguageModelCache([(empty, empty)] * len(self.layers), valid)

    def step(self, tokens: Tensor, cache: TransformerLanguageModelCache) -> Tensor:
        """Log-probabilities (R, V) after appending tokens (R,); the cache grows in place."""
        return self._append(tokens[:, None], cache)[:, 0]

    def _append(self, tokens: Tensor, cache: TransformerLanguageModelCache) -> Tensor:
        """Log-probabilities (R, L, V) after each of tokens (R, L); the cache grows in place."""
        cache.valid = torch.cat([cache.valid, tokens != PADDING_ID], dim=1)
        num_new, num_all = tokens.shape[1], cache.valid.shape[1]
        causal = torch.ones(num_new, num_all, dtype=torch.bool, device=tokens.device)
        allowed = causal.tril(num_all - num_new) & cache.valid[:, None, None]
        x = F.relu(self.norm_in(self.project(self.embedding(tokens))))
        for index, layer in enumerate(self.layers):
            x, cache.layers[index] = layer(x, cache.layers[index], allowed)
        return self.head(self.norm(x)).float().log_softmax(-1)
