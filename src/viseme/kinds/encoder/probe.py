"""What frozen features know of speech: a linear classifier of the word at each frame."""

import torch
from torch import Tensor

RIDGE = 1e-2
"""Weight of the classifier's own size, as a share of the features' variance."""


def word_probe(features: Tensor, words: Tensor, clips: Tensor) -> dict[str, float]:
    """How often a linear classifier names the word of frames of clips that it has not seen.

    It is fitted by ridge regression on every other clip and scored on the rest, silence left out.

    Args:
        features: (N, D) of frames.
        words: number of the word spoken at each frame (N,), 0 in silence.
        clips: number of the clip of each frame (N,).

    Returns:
        Shares of frames: "probe", and "chance" for always naming the commonest word; nothing if
        there is too little to tell.
    """
    spoken = words > 0
    features, words, clips = features[spoken].double(), words[spoken], clips[spoken]
    taught = clips % 2 == 0
    if not taught.any() or taught.all():
        return {}
    num_words = int(words.max()) + 1
    x = (features - features[taught].mean(0)) / features[taught].std(0).clamp(min=1e-6)
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    given, wanted = x[taught], torch.nn.functional.one_hot(words[taught], num_words).double()
    gram = given.T @ given + RIDGE * len(given) * torch.eye(x.shape[1], dtype=x.dtype)
    solved = torch.linalg.solve(gram, given.T @ wanted)
    named = (x[~taught] @ solved).argmax(1)
    rest = words[~taught]
    commonest = torch.bincount(words[taught], minlength=num_words).argmax()
    return {
        "probe": float((named == rest).double().mean()),
        "chance": float((rest == commonest).double().mean()),
    }
