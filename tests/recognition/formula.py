"""Weights and features from a formula: the same on every machine, without files.

Each value is a hash of its place, u = frac(43758.5453 sin(12.9898 i + 78.233 k)) - 1/2, where i
counts the values of a tensor and k is a number of its name.
"""

import torch
from torch import Tensor, nn

from viseme.nn.transformer import TextDecoder
from viseme.recognition.heads import RecognitionHeads
from viseme.recognition.transformer_lm import TransformerLanguageModel

VOCAB, DIM, FRAMES = 97, 16, (40, 25, 12, 7)


def spread(name: str, *shape: int) -> Tensor:
    """Values (shape) between -1/2 and 1/2."""
    k = sum((place + 1) * ord(char) for place, char in enumerate(name)) % 997
    index = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return ((12.9898 * index + 78.233 * k).sin() * 43758.5453).frac().sub(0.5).view(shape).float()


@torch.no_grad()
def fill(module: nn.Module) -> None:
    """Give every parameter values by formula; rows of matrices add up to about unit variance."""
    for name, parameter in module.named_parameters():
        values = spread(name, *parameter.shape)
        if parameter.ndim == 2:
            parameter.copy_(values * (12 / parameter.shape[1]) ** 0.5)
        elif "norm" in name and name.endswith("weight"):
            parameter.copy_(1 + values)
        else:
            parameter.copy_(values)


@torch.no_grad()
def heads() -> RecognitionHeads:
    """Small heads whose texts end after some tokens and whose decoder never writes a blank."""
    decoder = TextDecoder(VOCAB, DIM, num_layers=2, num_heads=2, hidden_dim=32, dropout=0.1)
    made = RecognitionHeads(DIM, VOCAB, decoder, dropout=0.1).eval()
    fill(made)
    made.ctc_head.weight.mul_(2.5)
    made.ctc_head.bias[0] += 3.0
    decoder.head.bias[0] -= 20.0
    decoder.head.bias[-1] += 3.0
    return made


def language_model() -> TransformerLanguageModel:
    """A small language model over the same tokens."""
    model = TransformerLanguageModel(
        VOCAB, embedding_dim=8, dim=16, num_layers=2, num_heads=2, hidden_dim=32
    ).eval()
    fill(model)
    return model


def encoder_outs() -> list[Tensor]:
    """Encoder output (T, D) of each utterance."""
    return [spread(f"utterance {t}", t, DIM) * 3 for t in FRAMES]
