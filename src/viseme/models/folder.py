"""A model folder: config.json, model.safetensors, tokenizer, README.md (its card), sha256.txt.

A recogniser that was taught when words begin and end has word_times.safetensors, too.

The card is for people to write in, so it alone is not held to its checksum.
"""

import json
from dataclasses import dataclass
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
WORD_TIMES = "word_times.safetensors"
FORMAT = 1


@dataclass(frozen=True)
class ModelFolder:
    """An opened and checked model folder.

    Attributes:
        path: the folder.
        name: what the model calls itself.
        system: the system that reads it.
        config: the system's network settings, plain types.
        reading: settings of reading with it (decoding, calibration, abstaining), plain types.
    """

    path: Path
    name: str
    system: str
    config: dict[str, Any]
    reading: dict[str, Any]

    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return load_tokenizer(self.path)

    def weights(self) -> dict[str, Tensor]:
        """The weights, in single precision.

        Raises:
            ModelError: the file is not safetensors; pickles are never read here.
        """
        weights = _tensors(self.path / WEIGHTS)
        return {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}

    def word_times(self) -> dict[str, Tensor] | None:
        """The tensors of the model's `WordTimer`, if it has one.

        Raises:
            ModelError: the file is not safetensors.
        """
        path = self.path / WORD_TIMES
        return _tensors(path) if path.is_file() else None


def _tensors(path: Path) -> dict[str, Tensor]:
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
    return isinstance(record, dict) and {"format", "system", "reading"} <= record.keys()


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
        if record["format"] != FORMAT:
            raise ModelError(
                f"has format {record['format']}, this version reads {FORMAT}",
                path=path / CONFIG,
                todo="Update viseme.",
            )
        return ModelFolder(
            path, record["name"], record["system"], record["config"], record["reading"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"is malformed ({error!r})", path=path / CONFIG) from error


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
    config: dict[str, Any],
    reading: dict[str, Any],
    weights: dict[str, Tensor],
    tokenizer: Tokenizer,
    card: str,
    half: bool = True,
    word_times: dict[str, Tensor] | None = None,
) -> None:
    """Write a model folder; the checksums come last, so a half-written one is refused.

    With `half` matrices are stored in half precision, which halves the file; vectors (biases, norms
    and their statistics, some of them tiny) and counters as they are.
    """
    path.mkdir(parents=True, exist_ok=True)
    for stale in (CHECKSUMS, WORD_TIMES):
        (path / stale).unlink(missing_ok=True)
    _write_config(path, name, system, config, reading)
    with atomic_write(path / WEIGHTS, "wb") as out:
        compact = {key: _compact(tensor, half) for key, tensor in weights.items()}
        out.write(save(compact))
    if word_times is not None:
        _write_word_times(path, word_times)
    tokenizer.save(path)
    with atomic_write(path / CARD) as out:
        out.write(card)
    _write_checksums(path)


def rewrite_model(
    folder: ModelFolder,
    reading: dict[str, Any] | None = None,
    word_times: dict[str, Tensor] | None = None,
) -> None:
    """Put other settings of reading, or another `WordTimer`, into a folder; the rest stays.

    The checksums come last, so a half-written folder is refused.
    """
    path = folder.path
    (path / CHECKSUMS).unlink(missing_ok=True)
    if reading is not None:
        _write_config(path, folder.name, folder.system, folder.config, reading)
    if word_times is not None:
        _write_word_times(path, word_times)
    _write_checksums(path)


def _write_word_times(path: Path, tensors: dict[str, Tensor]) -> None:
    with atomic_write(path / WORD_TIMES, "wb") as out:
        out.write(save(tensors))


def _write_config(
    path: Path, name: str, system: str, config: dict[str, Any], reading: dict[str, Any]
) -> None:
    record = {
        "format": FORMAT,
        "name": name,
        "system": system,
        "config": config,
        "reading": reading,
    }
    with atomic_write(path / CONFIG) as out:
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


def _check(path: Path) -> None:
    """Compare every file but the card with sha256.txt."""
    listing = path / CHECKSUMS
    if not listing.is_file():
        raise ModelError(
            f"is incomplete (it has no {CHECKSUMS})", path=path, todo="Write or fetch it again."
        )
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    checksums = {name: wanted for wanted, _, name in (line.partition("  ") for line in lines)}
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
