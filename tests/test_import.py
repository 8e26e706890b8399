"""Importing viseme is quick and loads nothing heavy; its public names are all there."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import viseme

HEAVY = ("torch", "av", "numpy", "ai_edge_litert", "onnxruntime", "scipy", "PIL", "sentencepiece")
WITHOUT_TORCH = (
    "viseme.config",
    "viseme.text.normalise",
    "viseme.text.subtitles",
    "viseme.text.tokenizer",
    "viseme.metrics.recognition",
)
MAX_IMPORT_S = 0.3
NUM_RUNS = 5


def run_python(code: str) -> str:
    """What a fresh interpreter prints that finds this very package."""
    source = str(Path(viseme.__file__).parents[1])
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def best_time_s(code: str) -> float:
    """The shortest of several runs, which a busy machine disturbs least."""
    times = []
    for _ in range(NUM_RUNS):
        start = time.perf_counter()
        run_python(code)
        times.append(time.perf_counter() - start)
    return min(times)


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, viseme; dir(viseme); print(*sys.modules.keys() & {set(HEAVY)})"
    assert run_python(code).split() == []


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_rooms_without_networks_load_without_torch(module: str) -> None:
    assert run_python(f"import sys, {module}; print('torch' in sys.modules)").strip() == "False"


def test_import_is_quick() -> None:
    assert best_time_s("import viseme") - best_time_s("pass") < MAX_IMPORT_S


@pytest.mark.parametrize("name", viseme.__all__)
def test_public_names_resolve(name: str) -> None:
    assert getattr(viseme, name) is not None
    assert name in dir(viseme)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="'viseme' has no attribute 'transcripe'"):
        viseme.transcripe  # noqa: B018
