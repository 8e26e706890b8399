"""One reading of a clip, as the searches return it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hypothesis:
    """A text with its score; everything is a natural logarithm, larger is better.

    Attributes:
        tokens: token ids without sos and eos.
        score: the weighted sum that the search ranks by.
        decoder_score: log-probability of the tokens (and of eos) by the text decoder; 0 if unused.
        ctc_score: log-probability of the text by CTC; 0 if unused. For a text that was cut at the
            longest allowed length it is that of all texts which begin so.
        lm_score: log-probability by the language model; 0 if unused.
        token_log_probs: the text decoder's log-probability of each token; empty if unused.
    """

    tokens: list[int]
    score: float
    decoder_score: float = 0.0
    ctc_score: float = 0.0
    lm_score: float = 0.0
    token_log_probs: tuple[float, ...] = ()
