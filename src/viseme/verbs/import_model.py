"""`viseme import`: from a checkpoint that other code wrote to a model folder."""

import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from viseme.errors import ConfigError, ModelError
from viseme.files import sha256_of
from viseme.interop.checkpoint import Checkpoint, read_checkpoint
from viseme.interop.fit import Fit, compare
from viseme.interop.source import Imported, Source
from viseme.interop.sources import AUTO, pick
from viseme.interop.tokens import tokenizer_of
from viseme.models import write_model
from viseme.models.folder import is_model_folder
from viseme.systems import system
from viseme.text.tokenizer import IdTokenizer, Tokenizer

logger = logging.getLogger(__name__)

SEED = 0
"""Of the weights that a partial checkpoint does not have."""


@dataclass(frozen=True)
class ImportReport:
    """What was imported.

    Attributes:
        model: the model folder.
        source: the family of the checkpoint.
        num_parameters: of the network, buffers not counted.
        writes_ids: whether it writes token ids, for want of a tokenizer.
        fit: what was missing, extra or misshapen; nothing unless a partial import was allowed.
    """

    model: Path
    source: str
    num_parameters: int
    writes_ids: bool
    fit: Fit


def import_model(
    file: str | Path,
    out: str | Path,
    *,
    source: str = AUTO,
    tokenizer: str | Path | None = None,
    name: str | None = None,
    partial: bool = False,
    table: str | None = None,
) -> ImportReport:
    """Turn a published checkpoint into a model folder; nothing in the file is run.

    Args:
        file: `.pth`, `.ckpt` or `.safetensors` file, a folder of shards with an index, or a zip or
            folder with model.pth and model.json.
        out: the model folder to write.
        source: one of `viseme.interop.sources.SOURCES`, or "auto" to find out.
        tokenizer: sentencepiece `.model` with its `_units.txt` beside it, or such a list alone.
            Without one, and without characters in the checkpoint's settings, the model writes token
            ids.
        name: what the model is called; the name of `out` if None.
        partial: leave out what does not fit, and start what is missing at random.
        table: place of the weights in a file that holds several tables, such as "ema"; None takes
            the largest that is no average.

    Raises:
        ModelError: the file is unreadable or of another kind, weights do not fit, or the tokenizer
            is another model's.
        ConfigError: there is no such source, or `out` holds something else.
    """
    file, out = Path(file), Path(out)
    _check_target(out)
    checkpoint = read_checkpoint(file, table)
    family = pick(source, checkpoint)
    imported = _converted(family, checkpoint)
    tokenizer_path = None if tokenizer is None else Path(tokenizer)
    units = None
    if imported.vocab_size or tokenizer_path:
        units = tokenizer_of(checkpoint, imported.vocab_size, tokenizer_path)
    with torch.device("meta"):
        outline = _network(imported)
    weights, fit = _fitted(imported, outline, checkpoint.path, partial)
    write_model(
        out,
        name=name or out.name,
        system=imported.system,
        kind=imported.kind,
        config=imported.config,
        use=imported.use,
        weights=weights,
        tokenizer=units,
        card=_card(name or out.name, family, checkpoint, units, fit),
        half=False,
    )
    num_parameters = sum(parameter.numel() for parameter in outline.parameters())
    return ImportReport(out, family.name, num_parameters, isinstance(units, IdTokenizer), fit)


def _check_target(out: Path) -> None:
    """Refuse to write into what is no model folder of ours."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not is_model_folder(out)):
        raise ConfigError(
            "exists and is not a model folder", path=out, todo="Give a new folder with -o."
        )


def _converted(family: Source, checkpoint: Checkpoint) -> Imported:
    try:
        return family.convert(checkpoint)
    except ModelError as error:
        raise ModelError(error.what, path=checkpoint.path, todo=error.todo) from error


def _network(imported: Imported) -> nn.Module:
    return system(imported.system).network(imported.config, imported.vocab_size)


def _fitted(
    imported: Imported, outline: nn.Module, path: Path, partial: bool
) -> tuple[dict[str, Tensor], Fit]:
    """The weights of the whole network, and what there was to tell.

    Args:
        imported: what there is.
        outline: the network without values.
        path: the checkpoint, for messages.
        partial: whether the network may have weights of its own.

    Raises:
        ModelError: they do not fit, and `partial` is off or nothing fits at all.
    """
    wanted = outline.state_dict()
    fit = compare(wanted, imported.weights)
    given = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in imported.weights.items()
        if name in wanted and name not in fit.misshapen
    }
    if fit.is_exact:
        return given, fit
    if not partial or not given:
        raise ModelError(
            f"does not fit a network of {imported.system}:\n{fit.report()}\n",
            path=path,
            todo="With --partial the rest is imported; a model read with then guesses.",
        )
    logger.warning("%s: imported in part:\n%s", path, fit.report())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return _network(imported).state_dict() | given, fit


def _card(
    name: str, family: Source, checkpoint: Checkpoint, units: Tokenizer | None, fit: Fit
) -> str:
    """The model's README."""
    lines = [f"# {name}\n", f"Imported from {checkpoint.path.name} ({family.about}).\n"]
    if checkpoint.path.is_file():
        lines.append(f"The file's SHA-256 is `{sha256_of(checkpoint.path)}`.\n")
    lines.append("The terms of whoever published the weights apply to them.\n")
    if isinstance(units, IdTokenizer):
        lines.append("No tokenizer was given: this model writes token ids instead of text.\n")
    if not fit.is_exact:
        lines.append(f"Only a part was imported; this did not fit:\n\n{fit.report()}\n")
    return "\n".join(lines)
