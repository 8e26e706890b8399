"""The Transformer language model of ESPnet, as Auto-AVSR and RAVEn fuse it into their search.

Narrow embedding, linear to the width, LayerNorm, ReLU, then causal pre-norm Transformer layers.
There are no positions: the causal mask alone tells the order (Irie et al. 2019). So a search can
keep the tokens of all its hypotheses in one pool, each token once, however many hypotheses grew
from it; a mask says whose past it belongs to.
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
    """What `TransformerLanguageModel.step` needs of the past of R hypotheses.

    Attributes:
        layers: keys and values (1, N, S, D/N) of the S tokens in the pool, by layer.
        past: (R, S) which of them each hypothesis has, padding left out.
    """

    layers: list[tuple[Tensor, Tensor]]
    past: Tensor

    def select(self, rows: Tensor) -> "TransformerLanguageModelCache":
        """The cache of hypotheses rows (R',), in that order; a row may repeat."""
        past = self.past[rows]
        used = past.any(0)
        layers = [(key[:, :, used], value[:, :, used]) for key, value in self.layers]
        return TransformerLanguageModelCache(layers, past[:, used])


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
        """New tokens x (B, L, D) after S past ones; allowed (B, 1, L, S + L) says who sees whom.

        Returns:
            Their features (B, L, D), and the keys and values (B, N, S + L, D/N) of all tokens.
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
        self.vocab_size, self.dim, self.num_heads = vocab_size, dim, num_heads
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
        length = tokens.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        allowed = causal & (tokens != PADDING_ID)[:, None, None]
        log_probs, _ = self._continue(tokens, self._nothing(len(tokens)), allowed)
        return log_probs

    def start(self, num_rows: int) -> TransformerLanguageModelCache:
        """Cache of `num_rows` empty hypotheses."""
        past = torch.empty(num_rows, 0, dtype=torch.bool, device=self.head.weight.device)
        return TransformerLanguageModelCache(self._nothing(1), past)

    def step(self, tokens: Tensor, cache: TransformerLanguageModelCache) -> Tensor:
        """Log-probabilities (R, V) after appending tokens (R,); the cache grows in place."""
        cache.past = torch.cat([cache.past, torch.diag(tokens != PADDING_ID)], dim=1)
        log_probs, cache.layers = self._continue(tokens[None], cache.layers, cache.past[None, None])
        return log_probs[0]

    def _nothing(self, batch: int) -> list[tuple[Tensor, Tensor]]:
        """Keys and values (B, N, 0, D/N) of no tokens, by layer."""
        empty = self.head.weight.new_empty(batch, self.num_heads, 0, self.dim // self.num_heads)
        return [(empty, empty)] * len(self.layers)

    def _continue(
        self, tokens: Tensor, past: list[tuple[Tensor, Tensor]], allowed: Tensor
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Log-probabilities (B, L, V) after each of tokens (B, L); keys and values by layer."""
        x = F.relu(self.norm_in(self.project(self.embedding(tokens))))
        layers = []
        for layer, before in zip(self.layers, past, strict=True):
            x, now = layer(x, before, allowed)
            layers.append(now)
        return self.head(self.norm(x)).float().log_softmax(-1), layers
