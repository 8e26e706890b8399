"""The gallery writes small labelled sheets with whichever heads there are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from needed_assets import need_assets
from viseme.studio.gallery import Row, sheet, write_gallery

NAMES = {f"studio_{name}.png" for name in ("people", "visemes", "emotions", "laughter", "views")}
MOST_BYTES = 400_000


def test_the_drawn_head_fills_all_sheets(tmp_path: Path) -> None:
    paths = write_gallery(tmp_path / "new", heads=("drawn",), size_px=32)
    assert {path.name for path in paths} == NAMES
    assert {path.name for path in (tmp_path / "new").iterdir()} == NAMES
    for path in paths:
        with Image.open(path) as image:
            assert len(np.unique(np.asarray(image.convert("L")))) > 30


def test_pictures_stand_side_by_side_above_their_labels() -> None:
    red, blue = (np.full((64, 64, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    page = np.asarray(sheet([Row(["one", "two"], [red, blue])]).convert("RGB"))
    assert (page[:64, :64] == (255, 0, 0)).all()
    assert (page[:64, -64:] == (0, 0, 255)).all()
    for label in (page[64:, :64], page[64:, -64:]):
        assert label.min() < 100, "written"
        assert label.max() == 255, "on white"


@pytest.mark.slow
def test_both_heads_fit_on_a_page(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="the studio's renderer is not installed")
    need_assets("head_mesh")
    for path in write_gallery(tmp_path, size_px=64):
        assert path.stat().st_size < MOST_BYTES
