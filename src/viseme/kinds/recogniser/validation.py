"""How a recogniser does on val clips while it is trained: losses, and words by greedy CTC."""

from collections.abc import Mapping

from torch import Tensor

from viseme.data.dataset import Batch
from viseme.metrics.recognition import edit_counts
from viseme.recognition.ctc import greedy
from viseme.recognition.heads import RecognitionLoss
from viseme.text.tokenizer import Tokenizer, in_case


def validation_sums(
    batch: Batch, loss: RecognitionLoss, log_probs: Tensor, tokenizer: Tokenizer
) -> dict[str, float]:
    """Losses and word errors, summed over a batch.

    Args:
        batch: the clips.
        loss: their mean losses.
        log_probs: CTC's (B, T, V).
        tokenizer: of the texts.
    """
    clips = len(batch.ids)
    sums = {"clips": float(clips), "errors": 0.0, "words": 0.0}
    sums |= {"ctc": loss.ctc.item() * clips, "attention": loss.attention.item() * clips}
    sums["accuracy"] = loss.accuracy.item() * clips
    for text, tokens in zip(batch.texts, greedy(log_probs, batch.lengths), strict=True):
        said = in_case(text, tokenizer.case).split()
        sums["errors"] += edit_counts(said, tokenizer.decode(tokens).split()).edits
        sums["words"] += len(text.split())
    return sums


def validation_figures(sums: Mapping[str, float]) -> dict[str, float]:
    """Mean losses per clip and the word error rate, of the sums over all batches."""
    means = {name: sums[name] / sums["clips"] for name in ("ctc", "attention", "accuracy")}
    return means | {"wer": sums["errors"] / max(1.0, sums["words"])}
