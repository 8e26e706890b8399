"""Checkpoints: exact, atomic, and never code."""

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from viseme.errors import ModelError
from viseme.train.checkpoint import (
    average_weights,
    load_state,
    random_state,
    save_state,
    save_weights,
    set_random_state,
)
from viseme.train.seed import seed_everything


def draw() -> list[float]:
    """A number of every generator; the odd normal makes numpy and Python hold one back."""
    return [
        random.random(),
        random.gauss(),
        float(np.random.rand()),
        float(np.random.standard_normal()),
        float(torch.rand(())),
    ]


class Touch:
    """A pickle that creates a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def test_every_generator_goes_on_where_it_was(tmp_path: Path) -> None:
    seed_everything(3)
    draw()
    save_state(tmp_path / "state", random_state())
    expected = [draw() for _ in range(3)]
    seed_everything(4)
    set_random_state(load_state(tmp_path / "state"))
    assert [draw() for _ in range(3)] == expected


def test_a_seed_decides_every_generator() -> None:
    drawn = []
    for seed in (1, 1, 2):
        seed_everything(seed)
        drawn.append(draw())
    assert drawn[0] == drawn[1]
    assert all(a != b for a, b in zip(drawn[0], drawn[2], strict=True))


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    state = {"a": torch.randn(3), "b": [1, 2.5, None, "text"], "c": {"d": torch.arange(2)}}
    save_state(tmp_path / "last.pt", state)
    back = load_state(tmp_path / "last.pt")
    assert torch.equal(back["a"], state["a"])
    assert torch.equal(back["c"]["d"], state["c"]["d"])
    assert back["b"] == state["b"]


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    save_state(path, {"step": 1})
    with pytest.raises(Exception, match="pickle"):
        save_state(path, {"step": 2, "bad": lambda: None})
    assert load_state(path) == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_hostile_checkpoint_is_refused_and_not_run(
    tmp_path: Path, protocol: int, zipped: bool
) -> None:
    path, touched = tmp_path / "last.pt", tmp_path / "touched"
    if zipped:
        torch.save({"step": Touch(touched)}, path, pickle_protocol=protocol)
    else:
        path.write_bytes(pickle.dumps({"step": Touch(touched)}, protocol))
    with pytest.raises(ModelError, match="cannot be resumed from"):
        load_state(path)
    assert not touched.exists()
    pickle.loads(pickle.dumps(Touch(touched)))  # the weapon is real
    assert touched.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02}", b"hello" * 100])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "last.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"last\.pt: cannot be resumed from"):
        load_state(path)


def test_weights_are_averaged_and_counters_are_the_last(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.safetensors" for index in range(3)]
    for index, path in enumerate(paths):
        weights = {
            "w": torch.full((2, 2), float(index)),
            "half": torch.full((2,), index / 4, dtype=torch.float16),
            "count": torch.tensor(10 * index),
        }
        save_weights(path, weights)
    mean = average_weights(paths)
    assert torch.equal(mean["w"], torch.ones(2, 2))
    assert torch.equal(mean["half"], torch.full((2,), 0.25, dtype=torch.float16))
    assert mean["count"].item() == 20
    assert mean["count"].dtype == torch.int64


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mean_of_equal_weights_is_exact(tmp_path: Path, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weights, paths = {"w": torch.randn(100).to(dtype)}, []
    for index in range(10):
        paths.append(tmp_path / f"{index}.safetensors")
        save_weights(paths[-1], weights)
    assert torch.equal(average_weights(paths)["w"], weights["w"])


def test_the_mean_of_one_file_is_that_file(tmp_path: Path) -> None:
    weights = {"w": torch.randn(4, 5), "t": torch.randn(3, 2).T}
    save_weights(tmp_path / "a.safetensors", weights)
    mean = average_weights([tmp_path / "a.safetensors"])
    assert all(torch.equal(mean[name], weights[name]) for name in weights)
    assert load_file(tmp_path / "a.safetensors").keys() == weights.keys()


def test_the_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to average"):
        average_weights([])
