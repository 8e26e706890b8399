"""From a pre-training's weights to the model folder of an encoder, and from there into readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from viseme.config import to_dict
from viseme.data.splits import Splits
from viseme.kinds.encoder import EncodingConfig
from viseme.models import ModelFolder, write_model
from viseme.models.folder import ENCODER, fill
from viseme.train.checkpoint import average_weights
from viseme.train.job import Run


@dataclass(frozen=True)
class FinishEncoder:
    """Writes the model folder: the students' encoders as they are at the end.

    Attributes:
        run: that it ends.
        clips: that were trained and evaluated on.
        config: of the network, plain types.
        encoding: how the encoder is used.
    """

    run: Run
    clips: Splits
    config: dict[str, Any]
    encoding: EncodingConfig

    def __call__(self, weights: Sequence[Path], folder: Path) -> None:
        run, splits = self.run, ", ".join(self.clips.names)
        card = f"""# {run.name}

Encoders of lips and voice, pre-trained by `viseme train {run.system} --preset {run.preset}` on
{len(self.clips.train)} clips of the splits {splits}, without their texts. `viseme.load` gives
features; a recogniser starts from it: `viseme train raven_reader --training.initial FOLDER`.

Write here before you share it: whose recordings it learned from and under which licence.
"""
        write_model(
            folder,
            name=run.name,
            system=run.system,
            kind=ENCODER,
            config=self.config,
            use=to_dict(self.encoding),
            weights=average_weights(weights[-1:]),
            card=card,
        )


def fill_stream(folder: ModelFolder, modality: str, stream: nn.Module, fresh: str = "") -> None:
    """Fill a recogniser's stream from a pre-trained encoder, by the names of its children.

    Parts that the encoder has not, such as a Conformer, stay random.

    Args:
        folder: of the encoder, which has this modality.
        modality: "video" or "audio".
        stream: with a `frontend`, and whatever else the encoder may have under the same name.
        fresh: prefix of weights that stay random, too.

    Raises:
        ModelError: the encoder is of another size.
    """
    weights = _of(folder, modality)
    parts = {name.partition(".")[0] for name in weights}
    own, children = stream.state_dict(), dict(stream.named_children())
    given: dict[str, Tensor] = {
        name: own[name] if fresh and name.startswith(fresh) else tensor
        for name, tensor in weights.items()
        if name.partition(".")[0] in children
    }
    given |= {name: tensor for name, tensor in own.items() if name.partition(".")[0] not in parts}
    fill(stream, given, folder.path)


def _of(folder: ModelFolder, modality: str) -> Mapping[str, Tensor]:
    """The weights of one encoder; a folder holds one, or both under their modality's names."""
    weights = folder.weights()
    if folder.use.get("modality") != "av":
        return weights
    prefix = f"{modality}."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }
