"""Compiled functions are the functions that they compile, and say what is missing."""

import sys

import numpy as np
import pytest

from viseme.errors import ConfigError
from viseme.studio.pictures.compiled import compiled
from viseme.studio.pictures.fragments import _gather, gather


def test_without_numba_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ConfigError, match=r"viseme\[studio\]"):
        compiled(len)([])


def test_machine_code_and_python_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    rng = np.random.default_rng(0)
    xy, nearness = rng.uniform(0, 8, (9, 2)), rng.uniform(0.5, 1, 9)
    triangles = np.arange(9, dtype=np.int32).reshape(3, 3)
    cover = rng.integers(-1, 3, (8, 8)).astype(np.int32)
    corners = rng.normal(size=(9, 4)).astype(np.float32)
    compiled_result = gather(cover, xy, nearness, triangles, corners)
    slow = _gather.__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setattr("viseme.studio.pictures.fragments._gather", slow)
    result = gather(cover, xy, nearness, triangles, corners)
    assert (compiled_result.pixel == result.pixel).all()
    assert (compiled_result.front == result.front).all()
    np.testing.assert_allclose(compiled_result.values, result.values, rtol=1e-3, atol=1e-3)


def test_fragments_share_out_the_samples_of_each_pixel() -> None:
    pytest.importorskip("numba")
    cover = np.array([[0, 0, 1, -1], [0, 1, -1, -1]], np.int32)
    xy = np.array([[0.0, 0], [9, 0], [0, 9], [1, 1], [8, 2], [0, 7]])
    triangles = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    place = np.concatenate([xy, np.ones((6, 1))], axis=1).astype(np.float32)
    fragments = gather(cover, xy, np.ones(6), triangles, place)
    assert fragments.pixel.tolist() == [0, 0, 1]
    assert fragments.share.tolist() == [0.75, 0.25, 0.25]
    # Values are those at the middle of the samples that see the triangle.
    middles = [[2.5 / 3, 2.5 / 3, 1], [1.5, 1.5, 1], [2.5, 0.5, 1]]
    np.testing.assert_allclose(fragments.values, middles, atol=1e-5)
