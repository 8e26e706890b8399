"""Fixtures shared by all tests."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from needed_assets import need_assets
from viseme import assets

settings.register_profile("viseme", deadline=None, derandomize=True)
settings.load_profile("viseme")


def pytest_configure() -> None:
    """Let Ctrl-C reach the processes that tests start, also where the tests run in the background.

    Shells start background jobs with the signal ignored, and that is inherited.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


SHARED = Path(os.environ.get("VISEME_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def case() -> Callable[[str], Path]:
    """Finds a recording that once went wrong, beside the project or in VISEME_SHARED, or skips."""

    def find(name: str) -> Path:
        path = SHARED / "cases" / name
        if not path.is_file():
            pytest.skip(f"needs {name} (set VISEME_SHARED to the folder that holds cases)")
        return path

    return find


@pytest.fixture(scope="session")
def face_networks() -> Path:
    """The file of the face networks."""
    need_assets("face_landmarker")
    return assets.path("face_landmarker")


@pytest.fixture(scope="session")
def grid_root() -> Path:
    """Folder of the GRID clips, beside the project or named by VISEME_SHARED; skips when absent."""
    root = SHARED / "data" / "grid"
    if not (root / "manifest.jsonl").is_file():
        pytest.skip("needs the GRID clips (set VISEME_SHARED to the folder that holds data/grid)")
    return root
