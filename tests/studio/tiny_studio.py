"""What the tests of rendered corpora share: presets that are done in a second."""

from dataclasses import replace
from pathlib import Path

from viseme.studio.presets import PRESETS, Preset, Split

SPLITS = (Split("train", 1.0, 1, 3), Split("val", 0.05, 1, 2), Split("test", 0.1, 1, 2))

FACES = replace(
    PRESETS["feed"], name="faces", kinds=("act",), splits=SPLITS, is_rig=False, silent_s=(1.2, 1.2)
)
"""Silent: it needs no package that may be absent."""

COMMANDS: Preset = replace(PRESETS["grid"], splits=SPLITS, engines=("espeak",))

SECOND = 1 / 3600


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
