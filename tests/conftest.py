"""Fixtures shared by all tests."""

import os
import signal
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


@pytest.fixture(scope="session")
def face_networks() -> Path:
    """The file of the face networks."""
    need_assets("face_landmarker")
    return assets.path("face_landmarker")


@pytest.fixture(scope="session")
def grid_root() -> Path:
    """Folder of the GRID clips, beside the project or named by VISEME_SHARED; skips when absent."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    root = Path(os.environ.get("VISEME_SHARED", beside)) / "data" / "grid"
    if not (root / "manifest.jsonl").is_file():
        pytest.skip("needs the GRID clips (set VISEME_SHARED to the folder that holds data/grid)")
    return root
