"""Language models: what a loaded one is, and how well it foresees texts."""

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from viseme.data.manifest import Clip
from viseme.errors import ManifestError
from viseme.kinds import Progress
from viseme.metrics.bootstrap import pooled_interval
from viseme.recognition.transformer_lm import PADDING_ID, TransformerLanguageModel
from viseme.text.tokenizer import Tokenizer

SEED = 0
"""Of the resampling for intervals."""


class LoadedLanguageModel:
    """A network with its tokenizer; a `viseme.recognition.language_model.LanguageModel`.

    Attributes:
        precision: that the network computes in.
    """

    precision = "float32"

    def __init__(
        self, name: str, network: TransformerLanguageModel, tokenizer: Tokenizer, device: str
    ) -> None:
        self.name, self.tokenizer = name, tokenizer
        self.device = torch.device(device)
        self.network = network.to(self.device).eval()
        self.vocab_size = network.vocab_size

    def start(self, num_rows: int) -> Any:
        """Cache of `num_rows` hypotheses without a token."""
        return self.network.start(num_rows)

    def step(self, tokens: Tensor, cache: Any) -> Tensor:
        """Log-probabilities (R, V) after appending tokens (R,); the cache grows in place."""
        return self.network.step(tokens, cache)

    @torch.inference_mode()
    def surprise(self, texts: Sequence[Sequence[int]]) -> list[float]:
        """How unexpected each text of token ids is with its end: -log of its probability, nats."""
        ends = torch.tensor([self.tokenizer.eos_id])
        rows = [torch.tensor(text, dtype=torch.long) for text in texts]
        given = pad_sequence([torch.cat([ends, row]) for row in rows], True, PADDING_ID)
        wanted = pad_sequence([torch.cat([row, ends]) for row in rows], True, PADDING_ID)
        log_probs = self.network(given.to(self.device)).cpu()
        scores = log_probs.gather(2, wanted[:, :, None])[:, :, 0]
        valid = torch.arange(wanted.shape[1]) <= torch.tensor([[len(row)] for row in rows])
        return (-(scores * valid).double().sum(1)).tolist()


def evaluate(
    model: LoadedLanguageModel,
    clips: Mapping[str, Sequence[Clip]],
    *,
    batch_size: int = 8,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Perplexity by token and by word, with 95 % intervals over clips, on the texts of each split.

    Texts that the model's units cannot write are counted as `unwritable` and left out.

    Args:
        model: the model.
        clips: by split; their texts are what is scored.
        batch_size: texts scored together.
        on_progress: called with a clip's id and the share of all clips scored.

    Raises:
        ManifestError: no text of a split can be written.
    """
    total, done = sum(map(len, clips.values())), 0
    report: dict[str, Any] = {"precision": model.precision}
    for split, part in clips.items():
        written: list[tuple[float, int, int]] = []  # surprise, tokens, words
        for first in range(0, len(part), batch_size):
            batch = part[first : first + batch_size]
            written += _scored(model, [str(clip.text) for clip in batch])
            done += len(batch)
            if on_progress is not None:
                on_progress(batch[-1].id, done / total)
        if not written:
            raise ManifestError(
                f"no text of split {split} can be written in the units of {model.name}"
            )
        surprise, tokens, words = (np.array(column) for column in zip(*written, strict=True))
        report[split] = {
            "clips": len(written),
            "unwritable": len(part) - len(written),
            "token_perplexity": _perplexity(surprise, tokens),
            "word_perplexity": _perplexity(surprise, words),
        }
    return report


def rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The chief figures of every split."""
    lines: list[tuple[str, ...]] = [
        ("SPLIT", "TEXTS", "PERPLEXITY BY TOKEN", "95 %", "BY WORD", "95 %", "UNWRITABLE")
    ]
    for name, part in report.items():
        if isinstance(part, Mapping) and "token_perplexity" in part:
            figures = [
                cell
                for unit in (part["token_perplexity"], part["word_perplexity"])
                for cell in (f"{unit['value']:.4g}", f"{unit['low']:.4g}-{unit['high']:.4g}")
            ]
            lines.append((name, str(part["clips"]), *figures, str(part["unwritable"])))
    return lines


def _scored(model: LoadedLanguageModel, texts: Sequence[str]) -> list[tuple[float, int, int]]:
    """Surprise, tokens and words of each text that can be written, its end counted as one more."""
    ids, words = [], []
    for text in texts:
        try:
            ids.append(model.tokenizer.encode(text))
        except ValueError:
            continue
        words.append(len(text.split()))
    if not ids:
        return []
    return [
        (nats, len(text) + 1, count + 1)
        for nats, text, count in zip(model.surprise(ids), ids, words, strict=True)
    ]


def _perplexity(surprise: np.ndarray, sizes: np.ndarray) -> dict[str, float]:
    low, high = pooled_interval(surprise, sizes, SEED)
    return {"value": exp(surprise.sum() / sizes.sum()), "low": exp(low), "high": exp(high)}
