"""The Transformer text decoder: pre-norm layers over tokens that attend to encoder output.

Sizes and details of Auto-AVSR (arXiv 2303.14307): embedding times sqrt(D), sinusoids, ReLU
feed-forward, final LayerNorm. Two ways in: `forward` scores whole texts for training, `start` and
`step` extend many hypotheses by one token each, with every key and value computed once.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from viseme.nn.attention import MultiHeadAttention
from viseme.nn.conformer import LAYER_NORM_EPS, FeedForward
from viseme.nn.positional import absolute_positions


@dataclass
class LayerCache:
    """Keys and values (rows, N, time, D/N) of a layer: of the memory, and of the tokens so far."""

    memory_key: Tensor
    memory_value: Tensor
    key: Tensor
    value: Tensor


@dataclass
class DecoderCache:
    """What `TextDecoder.step` needs of the past; one row per hypothesis."""

    layers: list[LayerCache]
    memory_valid: Tensor  # (rows, T)
    num_tokens: int

    def select(self, rows: Tensor) -> "DecoderCache":
        """The cache of hypotheses rows (R,), in that order; a row may repeat."""
        layers = [
            LayerCache(*(part[rows] for part in (c.memory_key, c.memory_value, c.key, c.value)))
            for c in self.layers
        ]
        return DecoderCache(layers, self.memory_valid[rows], self.num_tokens)

    def select_tokens(self, rows: Tensor) -> "DecoderCache":
        """Like `select` for rows that stay within their utterance: the memory is left in place."""
        layers = [
            LayerCache(c.memory_key, c.memory_value, c.key[rows], c.value[rows])
            for c in self.layers
        ]
        return DecoderCache(layers, self.memory_valid, self.num_tokens)


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the memory, feed-forward; all pre-norm."""

    def __init__(self, dim: int, num_heads: int, hidden_dim: int, dropout: float) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(dim, num_heads, dropout)
        self.memory_attention = MultiHeadAttention(dim, num_heads, dropout)
        self.feed_forward = FeedForward(dim, hidden_dim, dropout)
        self.norm_self = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_memory = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm_feed_forward = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, causal: Tensor, memory: Tensor, memory_valid: Tensor) -> Tensor:
        """Whole texts x (B, L, D), causal (L, L), memory (B, T, D), memory_valid (B, 1, 1, T)."""
        y = self.norm_self(x)
        x = x + self.dropout(self.self_attention.attend(y, *self.self_attention.project(y), causal))
        key, value = self.memory_attention.project(memory)
        return self._finish(x, key, value, memory_valid)

    def step(self, x: Tensor, cache: LayerCache, memory_valid: Tensor) -> Tensor:
        """One more token x (rows, 1, D); its key and value are appended to the cache."""
        y = self.norm_self(x)
        key, value = self.self_attention.project(y)
        cache.key = torch.cat([cache.key, key], dim=2)
        cache.value = torch.cat([cache.value, value], dim=2)
        x = x + self.dropout(self.self_attention.attend(y, cache.key, cache.value))
        return self._finish(x, cache.memory_key, cache.memory_value, memory_valid)

    def _finish(self, x: Tensor, key: Tensor, value: Tensor, memory_valid: Tensor) -> Tensor:
        y = self.memory_attention.attend(self.norm_memory(x), key, value, memory_valid)
        x = x + self.dropout(y)
        return x + self.dropout(self.feed_forward(self.norm_feed_forward(x)))


class TextDecoder(nn.Module):
    """Tokens and encoder output to next-token logits.

    Args:
        vocab_size, dim, num_layers, num_heads, hidden_dim, dropout: of the decoder.
        memory_dim: width of the encoder output; where it is not `dim`, a linear layer adapts it.
    """

    def __init__(
        self,
        vocab_size: int,
        dim: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float,
        memory_dim: int | None = None,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.adapt: nn.Module = nn.Identity()
        if memory_dim not in (None, dim):
            self.adapt = nn.Linear(memory_dim, dim)
        self.embedding = nn.Embedding(vocab_size, dim)
        # Rows are multiplied by sqrt(D) when used; N(0, 1) would drown the sinusoids.
        nn.init.normal_(self.embedding.weight, std=dim**-0.5)
        self.layers = nn.ModuleList(
            DecoderLayer(dim, num_heads, hidden_dim, dropout) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.head = nn.Linear(dim, vocab_size)
        self.dropout = nn.Dropout(dropout)

    def _embed(self, tokens: Tensor, start: int) -> Tensor:
        x = self.embedding(tokens) * math.sqrt(self.dim)
        return self.dropout(x + absolute_positions(tokens.shape[1], self.dim, start=start, like=x))

    def forward(self, tokens: Tensor, encoder_out: Tensor, valid: Tensor) -> Tensor:
        """Logits (B, L, V) of the token after each prefix of tokens (B, L), sos first."""
        length = tokens.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        memory = self.adapt(encoder_out)
        x = self._embed(tokens, start=0)
        for layer in self.layers:
            x = layer(x, causal, memory, valid[:, None, None])
        return self.head(self.norm(x))

    def start(self, encoder_out: Tensor, valid: Tensor) -> DecoderCache:
        """Empty cache with one row per clip of encoder_out (B, T, D), valid (B, T)."""
        layers, memory = [], self.adapt(encoder_out)
        for layer in self.layers:
            assert isinstance(layer, DecoderLayer)
            key, value = layer.memory_attention.project(memory)
            empty = key[:, :, :0]
            layers.append(LayerCache(key, value, empty, empty))
        return DecoderCache(layers, valid, 0)

    def step(self, tokens: Tensor, cache: DecoderCache) -> Tensor:
        """Log-probabilities (rows, V) after appending tokens (rows,); the cache grows in place."""
        x = self._embed(tokens[:, None], start=cache.num_tokens)
        for layer, layer_cache in zip(self.layers, cache.layers, strict=True):
            assert isinstance(layer, DecoderLayer)
            x = layer.step(x, layer_cache, cache.memory_valid[:, None, None])
        cache.num_tokens += 1
        return self.head(self.norm(x[:, 0])).log_softmax(-1)
