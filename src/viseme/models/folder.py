"""A model folder: config.json, model.safetensors, README.md (its card), sha256.txt.

Kinds of models that write text keep their tokenizer there; further tensors are files of their own.

The card is for people to write in, so it alone is not held to its checksum.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from viseme.errors import ConfigError, ModelError
from viseme.files import atomic_write, sha256_of
from viseme.text.tokenizer import Tokenizer, load_tokenizer

CONFIG, WEIGHTS, CARD, CHECKSUMS = "config.json", "model.safetensors", "README.md", "sha256.txt"
RECOGNISER, LANGUAGE_MODEL, ENCODER = "recogniser", "language model", "encoder"
FORMAT = 2
"""Format 1 had no kind, and called `use` "reading"."""


@dataclass(frozen=True)
class ModelFolder:
    """An opened and checked model folder.

    Attributes:
        path: the folder.
        name: what the model calls itself.
        system: the system that loads it.
        kind: what it can do, a name in `viseme.models.kinds.KINDS`.
        config: the system's network settings, plain types.
        use: how it is used unless told otherwise (a recogniser's decoding, calibration, when to
            abstain), plain types; which settings there are is up to the kind.
    """

    path: Path
    name: str
    system: str
    kind: str
    config: dict[str, Any]
    use: dict[str, Any]

    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return load_tokenizer(self.path)

    def weights(self) -> dict[str, Tensor]:
        """The weights, in single precision.

        Raises:
            ModelError: the file is not safetensors; pickles are never read here.
        """
        weights = _read_tensors(self.path / WEIGHTS)
        return {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}

    def tensors(self, file: str) -> dict[str, Tensor] | None:
        """What a further file of tensors holds; None if the model has no such file.

        Raises:
            ModelError: the file is not safetensors.
        """
        path = self.path / file
        return _read_tensors(path) if path.is_file() else None


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"is not a readable safetensors file ({error})",
            path=path,
            todo="Fetch the model again; other checkpoints go through `viseme import`.",
        ) from error


def bundled() -> dict[str, Path]:
    """Folders of the models that come with the package, by name."""
    here = Path(__file__).parent
    return {path.parent.name: path.parent for path in sorted(here.glob(f"*/{CONFIG}"))}


def is_model_folder(path: Path) -> bool:
    """Whether a folder holds a model of ours, be it half-written."""
    try:
        record = json.loads((path / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and {"format", "system", "config"} <= record.keys()


def open_model(model: str | Path) -> ModelFolder:
    """Find a model by bundled name or folder, and check it against its checksums.

    Raises:
        ModelError: no such model; not a model folder; a file is missing or was changed.
    """
    path = bundled().get(str(model), Path(model))
    if not path.is_dir():
        raise ModelError(
            f"there is no model {str(model)!r}",
            todo=f"Give a model folder or one of: {', '.join(bundled()) or '(none bundled)'}.",
        )
    if not (path / CONFIG).is_file():
        raise ModelError(
            f"not a model folder (it has no {CONFIG})",
            path=path,
            todo="`viseme train` and `viseme import` write model folders.",
        )
    _check(path)
    try:
        record = json.loads((path / CONFIG).read_text(encoding="utf-8"))
        if record["format"] == 1:
            record |= {"kind": _kind_in_format_1(record), "use": record["reading"]}
        elif record["format"] != FORMAT:
            raise ModelError(
                f"has format {record['format']}, this version reads 1 and {FORMAT}",
                path=path / CONFIG,
                todo="Update viseme.",
            )
        return ModelFolder(
            path, *(record[key] for key in ("name", "system", "kind", "config", "use"))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"is malformed ({error!r})", path=path / CONFIG) from error


def _kind_in_format_1(record: dict[str, Any]) -> str:
    """What a folder's model can do, which its system alone told then."""
    if record["system"] == "language_model":
        return LANGUAGE_MODEL
    no_decoder = record["system"] == "raven" and record["config"]["decoder"] is None
    return ENCODER if no_decoder else RECOGNISER


def fill(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Load weights into a network, strictly.

    Raises:
        ModelError: some are missing, unknown or of another shape; the message lists them.
    """
    own = network.state_dict()
    wrong = {
        "missing": sorted(set(own) - set(weights)),
        "unknown": sorted(set(weights) - set(own)),
        "of another shape": sorted(
            key for key in set(own) & set(weights) if own[key].shape != weights[key].shape
        ),
    }
    if any(wrong.values()):
        lists = [f"{len(k)} {what} ({', '.join(k[:5])})" for what, k in wrong.items() if k]
        raise ModelError(f"weights do not fit config.json: {'; '.join(lists)}", path=path)
    network.load_state_dict(weights)


def pick_device(device: str) -> str:
    """The torch device of "auto", "cpu" or "cuda".

    Raises:
        ConfigError: another name, or CUDA where there is none.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise ConfigError(f"there is no device {device!r}", todo="Choose auto, cpu or cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("no CUDA device can be used here", todo="Leave out --device.")
    return device


def write_model(
    path: Path,
    *,
    name: str,
    system: str,
    kind: str,
    config: dict[str, Any],
    weights: dict[str, Tensor],
    card: str,
    use: dict[str, Any] | None = None,
    tokenizer: Tokenizer | None = None,
    tensors: Mapping[str, dict[str, Tensor]] | None = None,
    half: bool = True,
) -> None:
    """Write a model folder; the checksums come last, so a half-written one is refused.

    Args:
        path: the folder; what an earlier model left there goes.
        name, system, kind, config, use: as of `ModelFolder`.
        weights: of the network.
        card: the README.
        tokenizer: of a model that writes text.
        tensors: further files by name.
        half: store matrices in half precision, which halves the file; vectors (biases, norms and
            their statistics, some of them tiny) and counters stay as they are.
    """
    path.mkdir(parents=True, exist_ok=True)
    for stale in filter(None, (*_checksums(path), CHECKSUMS)):
        (path / Path(stale).name).unlink(missing_ok=True)
    _write_config(ModelFolder(path, name, system, kind, config, use or {}))
    with atomic_write(path / WEIGHTS, "wb") as out:
        compact = {key: _compact(tensor, half) for key, tensor in weights.items()}
        out.write(save(compact))
    _write_tensors(path, tensors or {})
    if tokenizer is not None:
        tokenizer.save(path)
    with atomic_write(path / CARD) as out:
        out.write(card)
    _write_checksums(path)


def rewrite_model(
    folder: ModelFolder,
    use: dict[str, Any] | None = None,
    tensors: Mapping[str, dict[str, Tensor]] | None = None,
) -> None:
    """Put other settings of use, or other further tensors, into a folder; the rest stays.

    The checksums come last, so a half-written folder is refused.
    """
    (folder.path / CHECKSUMS).unlink(missing_ok=True)
    _write_config(folder if use is None else replace(folder, use=use))
    _write_tensors(folder.path, tensors or {})
    _write_checksums(folder.path)


def _write_tensors(path: Path, files: Mapping[str, dict[str, Tensor]]) -> None:
    for name, tensors in files.items():
        with atomic_write(path / name, "wb") as out:
            out.write(save(tensors))


def _write_config(folder: ModelFolder) -> None:
    record = {"format": FORMAT} | {
        key: getattr(folder, key) for key in ("name", "system", "kind", "config", "use")
    }
    with atomic_write(folder.path / CONFIG) as out:
        out.write(json.dumps(record, indent=2) + "\n")


def _write_checksums(path: Path) -> None:
    files = sorted(
        p
        for p in path.iterdir()
        if p.is_file() and not p.name.startswith(".") and p.name not in (CARD, CHECKSUMS)
    )
    with atomic_write(path / CHECKSUMS) as out:
        out.write("".join(f"{sha256_of(file)}  {file.name}\n" for file in files))


def _compact(tensor: Tensor, half: bool) -> Tensor:
    is_matrix = tensor.is_floating_point() and tensor.ndim > 1
    return (tensor.half() if half and is_matrix else tensor).contiguous()


def _checksums(path: Path) -> dict[str, str]:
    """What sha256.txt says of each file; nothing if there is none."""
    listing = path / CHECKSUMS
    if not listing.is_file():
        return {}
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: wanted for wanted, _, name in (line.partition("  ") for line in lines)}


def _check(path: Path) -> None:
    """Compare every file but the card with sha256.txt."""
    if not (path / CHECKSUMS).is_file():
        raise ModelError(
            f"is incomplete (it has no {CHECKSUMS})", path=path, todo="Write or fetch it again."
        )
    checksums = _checksums(path)
    checksums.pop(CARD, None)
    for name, wanted in ({CONFIG: "", WEIGHTS: ""} | checksums).items():
        file = path / Path(name).name
        if not file.is_file():
            raise ModelError(f"lacks {name}", path=path, todo="Write or fetch it again.")
        if sha256_of(file) != wanted:
            raise ModelError(
                "was changed after it was written (its checksum differs)",
                path=file,
                todo="Fetch the model again.",
            )
