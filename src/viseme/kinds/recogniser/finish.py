"""From the weights of a training to a recogniser's model folder, and back into a new training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor, nn

from viseme.config import to_dict
from viseme.data.splits import Splits
from viseme.errors import ModelError
from viseme.kinds.encoder.finish import fill_stream
from viseme.kinds.recogniser.calibration import calibrate, learn_word_times
from viseme.kinds.recogniser.folder import WORD_TIMES
from viseme.models import ModelFolder, open_model, write_model
from viseme.models.folder import ENCODER, RECOGNISER, fill
from viseme.models.kinds import require
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.text.tokenizer import Tokenizer
from viseme.train.checkpoint import average_weights
from viseme.train.job import Run
from viseme.train.loop import LoopConfig


@dataclass(frozen=True)
class Finish:
    """Writes the model folder: averaged weights, and what a recogniser learns last.

    Attributes:
        run: that it ends.
        clips: that were trained and evaluated on.
        load: opens the system's model folders.
        config: of the network, plain types.
        tokenizer: of the texts.
        reading: how the model is read with.
        average_last: the model is the mean of the weights of so many last epochs.
    """

    run: Run
    clips: Splits
    load: Callable[[ModelFolder, str], Recognizer]
    config: dict[str, Any]
    tokenizer: Tokenizer
    reading: ReadingConfig
    average_last: int

    def __call__(self, weights: Sequence[Path], folder: Path) -> None:
        last = weights[-self.average_last :]
        write = partial(
            write_model,
            name=self.run.name,
            system=self.run.system,
            kind=RECOGNISER,
            config=self.config,
            weights=average_weights(last),
            tokenizer=self.tokenizer,
            card=self._card(len(last)),
        )
        with TemporaryDirectory() as uncalibrated:
            write(Path(uncalibrated), use=to_dict(self.reading))
            recognizer = self.load(open_model(uncalibrated), self.run.device)
        reading = calibrate(recognizer, self.clips.val)
        timer = learn_word_times(recognizer, self.clips.train)
        times = {WORD_TIMES: timer.tensors()} if timer else None
        write(folder, use=to_dict(reading), tensors=times)

    def _card(self, averaged: int) -> str:
        run, splits = self.run, ", ".join(self.clips.names)
        command = f"viseme train {run.system} --preset {run.preset}"
        return f"""# {run.name}

A model of the system `{run.system}`, trained by `{command}` on
{len(self.clips.train)} clips of the splits {splits}; the mean of the weights of the last
{averaged} epochs. Its settings are in `config.json`, those of the run in the run's `train.json`.

Write here before you share it: whose recordings it learned from and under which licence, its
scores (`viseme evaluate`), and what it must not be used for.
"""


def check_average(average_last: int, loop: LoopConfig) -> None:
    """For a config's own `__post_init__`: refuse to average weights that are not kept.

    Raises:
        ValueError: fewer are.
    """
    if average_last > loop.keep_weights:
        raise ValueError(
            f"average_last {average_last} is more than keep_weights {loop.keep_weights} keeps"
        )


def initial_models(names: Sequence[str]) -> list[ModelFolder]:
    """The recognisers and pre-trained encoders to start from.

    Raises:
        ModelError: there is no such model, or it is of another kind.
    """
    folders = [open_model(name) for name in names]
    for folder in folders:
        if folder.kind != ENCODER:
            require(folder, RECOGNISER)
    return folders


def start_from(
    initial: Sequence[ModelFolder],
    network: nn.Module,
    streams: Mapping[str, nn.Module],
    fresh: str = "",
) -> None:
    """Fill the network's parts, each from the first folder that has it; the others stay random.

    Args:
        initial: recognisers, whose parts have the names of the network's, and encoders.
        network: to fill.
        streams: its parts that encoders fill, by modality.
        fresh: prefix of a stream's weights that encoders leave random.

    Raises:
        ModelError: a part has weights that do not fit.
    """
    _start_from_recognisers([one for one in initial if one.kind == RECOGNISER], network)
    for folder in (one for one in initial if one.kind == ENCODER):
        has = str(folder.use.get("modality", "video"))
        fitting = {name: part for name, part in streams.items() if has in (name, "av")}
        if not fitting:
            raise ModelError(
                f"is an encoder of {has}, which cannot start a reader of {' and '.join(streams)}",
                path=folder.path,
                todo="Set --model.modality, or give another encoder.",
            )
        for name, part in fitting.items():
            fill_stream(folder, name, part, fresh)


def _start_from_recognisers(initial: Sequence[ModelFolder], network: nn.Module) -> None:
    if not initial:
        return
    weights: dict[str, dict[str, Tensor]] = {}
    for folder in reversed(initial):
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in folder.weights().items():
            parts.setdefault(name.partition(".")[0], {})[name] = tensor
        weights |= parts
    given = {name: tensor for part in weights.values() for name, tensor in part.items()}
    own = network.state_dict()
    missing = {name for name in own if name.partition(".")[0] not in weights}
    given |= {name: own[name] for name in missing}
    fill(network, given, initial[0].path)
