"""What a recogniser's model folder keeps, and how it is opened."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from viseme.config import from_dict, to_dict
from viseme.models.folder import RECOGNISER, ModelFolder, fill, pick_device, write_model
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.recognition.word_times import WordTimer
from viseme.text.tokenizer import Tokenizer

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


def write_recognizer(
    path: Path,
    *,
    name: str,
    system: str,
    config: dict[str, Any],
    weights: dict[str, Tensor],
    tokenizer: Tokenizer,
    reading: ReadingConfig,
    card: str,
    timer: WordTimer | None = None,
) -> None:
    """Write the model folder of a recogniser; arguments as for `write_model`.

    Args:
        reading: how it is read with.
        timer: tells when words begin and end, if it was taught that.
    """
    write_model(
        path,
        name=name,
        system=system,
        kind=RECOGNISER,
        config=config,
        use=to_dict(reading),
        weights=weights,
        tokenizer=tokenizer,
        tensors={WORD_TIMES: timer.tensors()} if timer else None,
        card=card,
    )
