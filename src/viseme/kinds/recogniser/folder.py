"""What a recogniser's model folder keeps besides the network, and how it is opened."""

from collections.abc import Callable
from typing import Any

from torch import nn

from viseme.config import from_dict
from viseme.models.folder import ModelFolder, fill, pick_device
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.recognition.word_times import WordTimer

WORD_TIMES = "word_times.safetensors"


def open_recognizer(
    folder: ModelFolder, network: Callable[[dict[str, Any], int], nn.Module], device: str
) -> Recognizer:
    """The recogniser in a model folder.

    Args:
        folder: of the model.
        network: makes the system's network of the folder's settings and the size of its vocabulary.
        device: "auto", "cpu" or "cuda".

    Raises:
        ModelError: the weights do not fit the settings; missing, extra and misshapen ones are told.
    """
    tokenizer = folder.tokenizer()
    made = network(folder.config, tokenizer.vocab_size)
    fill(made, folder.weights(), folder.path)
    reading = from_dict(ReadingConfig, folder.use)
    recognizer = Recognizer(folder.name, made, tokenizer, reading, pick_device(device))
    if (tensors := folder.tensors(WORD_TIMES)) is not None:
        recognizer.timer = WordTimer.from_tensors(tensors)
    return recognizer
