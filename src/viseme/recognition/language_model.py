"""What the search asks of a language model: next-token scores with a cache, as the text decoder."""

from typing import Any, Protocol

from torch import Tensor


class LanguageModelCache(Protocol):
    """What the model keeps of the past; one row per hypothesis."""

    def select(self, rows: Tensor) -> "LanguageModelCache":
        """The cache of hypotheses rows (R,), in that order; a row may repeat."""
        ...


class LanguageModel(Protocol):
    """A model of texts over the recogniser's own tokens; sos starts and eos ends them.

    Attributes:
        vocab_size: number of tokens V, blank and eos included.
    """

    vocab_size: int

    def start(self, num_rows: int) -> Any:
        """Cache, a `LanguageModelCache`, of `num_rows` hypotheses without a token."""
        ...

    def step(self, tokens: Tensor, cache: Any) -> Tensor:
        """Log-probabilities (R, V) after appending tokens (R,); the cache grows in place."""
        ...
