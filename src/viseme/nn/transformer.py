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
    """Keys and values (B, N, time, D/N) of a layer: of each clip's memory and of its tokens."""

    memory_key: Tensor
    memory_value: Tensor
    key: Tensor
    value: Tensor


@dataclass
class DecoderCache:
    """What `TextDecoder.step` needs of the past, for the same number K of hypotheses of each clip.

    The hypotheses of a clip share its memory, and the tokens of the texts that they begin with:
    each token has its keys and values once, however many hypotheses grew from it.

    Attributes:
        layers: keys and values by layer.
        memory_valid: (B, T) real frames of the memory.
        past: (B, K, S) which of the S tokens that a clip has kept belong to each hypothesis.
        num_tokens: length of the hypotheses; all have the same.
    """

    layers: list[LayerCache]
    memory_valid: Tensor
    past: Tensor
    num_tokens: int

    def select(self, rows: Tensor) -> "DecoderCache":
        """The cache of hypotheses rows (B', K'), in that order; a row may repeat.

        Rows count through all clips, K of each in turn. Those of one line of `rows` must be of one
        clip; a clip may be left out.
        """
        num_rows = self.past.shape[1]
        clips = rows[:, 0] // num_rows
        past = self.past[clips[:, None], rows % num_rows]
        used = past.any(1)  # (B', S)
        width = int(used.sum(1).max())
        kept = used.byte().argsort(dim=1, descending=True, stable=True)[:, :width]
        past = past.gather(2, kept[:, None].expand(-1, past.shape[1], -1))
        memory_stays = clips.tolist() == list(range(len(self.memory_valid)))
        layers = []
        for layer in self.layers:
            memory = (layer.memory_key, layer.memory_value)
            memory = memory if memory_stays else (memory[0][clips], memory[1][clips])
            tokens = (_picked(part, clips, kept) for part in (layer.key, layer.value))
            layers.append(LayerCache(*memory, *tokens))
        memory_valid = self.memory_valid if memory_stays else self.memory_valid[clips]
        return DecoderCache(layers, memory_valid, past, self.num_tokens)


def _picked(part: Tensor, clips: Tensor, kept: Tensor) -> Tensor:
    """Tokens kept (B', S') of clips (B',) from keys or values (B, N, S, D/N)."""
    return part.transpose(1, 2)[clips[:, None], kept].transpose(1, 2)


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

    def step(self, x: Tensor, cache: LayerCache, past: Tensor, memory_valid: Tensor) -> Tensor:
        """One more token x (B, K, D) of each hypothesis; keys and values are appended to `cache`.

        past (B, 1, K, S+K) says which tokens each looks at, memory_valid (B, 1, 1, T) which frames.
        """
        y = self.norm_self(x)
        key, value = self.self_attention.project(y)
        cache.key = torch.cat([cache.key, key], dim=2)
        cache.value = torch.cat([cache.value, value], dim=2)
        x = x + self.dropout(self.self_attention.attend(y, cache.key, cache.value, past))
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

    def start(self, encoder_out: Tensor, valid: Tensor, num_rows: int = 1) -> DecoderCache:
        """Cache of `num_rows` empty hypotheses a clip, for encoder_out (B, T, D), valid (B, T)."""
        layers, memory = [], self.adapt(encoder_out)
        for layer in self.layers:
            assert isinstance(layer, DecoderLayer)
            key, value = layer.memory_attention.project(memory)
            empty = key[:, :, :0]
            layers.append(LayerCache(key, value, empty, empty))
        return DecoderCache(layers, valid, valid.new_empty(len(valid), num_rows, 0), 0)

    def step(self, tokens: Tensor, cache: DecoderCache) -> Tensor:
        """Log-probabilities (R, V) after appending tokens (R,); the cache grows in place.

        The R rows are the K hypotheses of each clip in turn.
        """
        batch, num_rows, _ = cache.past.shape
        itself = torch.eye(num_rows, dtype=torch.bool, device=tokens.device).expand(batch, -1, -1)
        cache.past = torch.cat([cache.past, itself], dim=2)
        past, memory_valid = cache.past[:, None], cache.memory_valid[:, None, None]
        x = self._embed(tokens[:, None], start=cache.num_tokens).view(batch, num_rows, -1)
        for layer, layer_cache in zip(self.layers, cache.layers, strict=True):
            assert isinstance(layer, DecoderLayer)
            x = layer.step(x, layer_cache, past, memory_valid)
        cache.num_tokens += 1
        return self.head(self.norm(x)).flatten(0, 1).log_softmax(-1)
