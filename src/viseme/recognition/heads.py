"""The two heads of a hybrid recogniser, CTC and text decoder, and their losses.

Auto-AVSR (arXiv 2303.14307): loss = a * CTC + (1 - a) * attention with label smoothing, both summed
over tokens and divided by the batch size.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.nn.transformer import TextDecoder
from viseme.shapes import valid_mask

IGNORE_ID = -1


@dataclass
class RecognitionLoss:
    """The two losses of a batch and the decoder's share of right next tokens."""

    ctc: Tensor
    attention: Tensor
    accuracy: Tensor


class RecognitionHeads(nn.Module):
    """What turns encoder output (B, T, D) into text: a CTC head and a text decoder."""

    def __init__(
        self, encoder_dim: int, vocab_size: int, text_decoder: TextDecoder, dropout: float
    ) -> None:
        super().__init__()
        self.blank_id, self.sos_id, self.eos_id = 0, vocab_size - 1, vocab_size - 1
        self.ctc_dropout = nn.Dropout(dropout)
        self.ctc_head = nn.Linear(encoder_dim, vocab_size)
        self.text_decoder = text_decoder

    def ctc_log_probs(self, encoder_out: Tensor) -> Tensor:
        """Per-frame log-probabilities (B, T, V); blank is id 0."""
        return self.ctc_head(self.ctc_dropout(encoder_out)).float().log_softmax(-1)

    def loss(
        self, encoder_out: Tensor, lengths: Tensor, tokens: Tensor, label_smoothing: float
    ) -> RecognitionLoss:
        """Losses of texts tokens (B, L), padded with -1, without sos and eos."""
        batch = len(tokens)
        token_lengths = (tokens != IGNORE_ID).sum(1)
        log_probs = self.ctc_log_probs(encoder_out).transpose(0, 1)
        ctc = F.ctc_loss(
            log_probs,
            tokens.clamp(min=0),
            lengths,
            token_lengths,
            blank=self.blank_id,
            reduction="sum",
            zero_infinity=True,
        )
        end = F.one_hot(token_lengths, tokens.shape[1] + 1).bool()
        given = F.pad(tokens.clamp(min=0), (1, 0), value=self.sos_id)  # (B, L+1)
        wanted = F.pad(tokens, (0, 1), value=IGNORE_ID).masked_fill(end, self.eos_id)
        logits = self.text_decoder(given, encoder_out, valid_mask(lengths, encoder_out.shape[1]))
        attention = _smoothed_kl(logits.float(), wanted, label_smoothing)
        scored = wanted != IGNORE_ID
        right = (logits.argmax(-1) == wanted) & scored
        return RecognitionLoss(ctc / batch, attention / batch, right.sum() / scored.sum())


def _smoothed_kl(logits: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
    """Summed KL from the smoothed one-hot of wanted (B, L) to the model's (B, L, V)."""
    logits, wanted = logits[wanted != IGNORE_ID], wanted[wanted != IGNORE_ID]
    log_probs = logits.log_softmax(-1)
    off = smoothing / (logits.shape[-1] - 1)
    target = torch.full_like(log_probs, off)
    target.scatter_(1, wanted[:, None], 1 - smoothing)
    return F.kl_div(log_probs, target, reduction="sum")
