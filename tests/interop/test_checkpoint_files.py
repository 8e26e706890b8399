"""Files of weights: what is read, what is refused, and that nothing in them is run."""

import json
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import torch
from published_files import save_zip
from torch import Tensor

from viseme.errors import ModelError
from viseme.interop.checkpoint import read_checkpoint

WEIGHTS = {"encoder.weight": torch.arange(6.0).reshape(2, 3), "encoder.count": torch.tensor(3)}


class Touch:
    """A pickle that creates a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def assert_is_weights(found: dict[str, Tensor]) -> None:
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[key], WEIGHTS[key]) for key in WEIGHTS)


def bare(path: Path) -> Path:
    torch.save(WEIGHTS, path)
    return path


def old_format(path: Path) -> Path:
    torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False)
    return path


def lightning(path: Path) -> Path:
    """As `pytorch_lightning` saves a run, with its arguments."""
    content = {
        "epoch": 7,
        "state_dict": {f"model.{key}": value for key, value in WEIGHTS.items()},
        "optimizer_states": [{"state": {0: {"step": torch.tensor(1.0)}}}],
        "hyper_parameters": {"modality": "video", "lr": 1e-3},
    }
    torch.save(content, path)
    return path


def lightning_with_objects(path: Path) -> Path:
    """As above with classes among the arguments, as configuration libraries leave them."""
    arguments = Namespace(modality="video", nested=Namespace(path=Path("a")))
    content = {
        "state_dict": {f"model.{key}": value for key, value in WEIGHTS.items()},
        "hyper_parameters": arguments,
    }
    torch.save(content, path)
    return path


@pytest.mark.parametrize("write", [bare, old_format, lightning, lightning_with_objects])
def test_all_kinds_of_files_give_the_weights(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    checkpoint = read_checkpoint(write(tmp_path / "weights.pth"))
    assert_is_weights(checkpoint.weights)
    assert checkpoint.settings is None


def test_zips_and_folders_come_with_settings(tmp_path: Path) -> None:
    packed = save_zip(tmp_path / "CMLR_V.zip", WEIGHTS, [1, 2, {"adim": 256}])
    with ZipFile(packed) as archive:
        archive.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked" / "CMLR_V"
    for path in (packed, tmp_path / "unpacked", folder, folder / "model.pth"):
        checkpoint = read_checkpoint(path)
        assert_is_weights(checkpoint.weights)
        assert checkpoint.settings == [1, 2, {"adim": 256}]


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "touched"
    content = {"state_dict": {"model.a": torch.ones(2)}, "callbacks": Touch(mark)}
    torch.save(content, tmp_path / "weights.ckpt")
    with pytest.raises(ModelError, match="which are not run") as error:
        read_checkpoint(tmp_path / "weights.ckpt")
    assert "Save its weights alone" in error.value.todo
    assert not mark.exists()


def cut(path: Path) -> Path:
    content = bare(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def cut_old_format(path: Path) -> Path:
    content = old_format(path).read_bytes()
    path.write_bytes(content[:-8])
    return path


def cut_zip(path: Path) -> Path:
    content = save_zip(path, WEIGHTS, {}).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def of_bytes(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def of_object(content: Any) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        torch.save(content, path)
        return path

    return write


@pytest.mark.parametrize(
    "write",
    [
        cut,
        cut_old_format,
        cut_zip,
        of_bytes(b""),
        of_bytes(b"<html>quota exceeded</html>"),
        of_object({}),
        of_object([torch.ones(2)]),
        of_object({"optimizer": {"a": torch.ones(2)}}),
        of_object({"state_dict": 3}),
        of_object({1: torch.ones(2)}),
    ],
    ids=[
        "cut",
        "old_cut",
        "zip_cut",
        "empty",
        "page",
        "no_weights",
        "list",
        "optimiser",
        "number",
        "key",
    ],
)
def test_a_file_that_is_no_table_of_weights_is_refused(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "weights.pth")
    with pytest.raises(ModelError) as error:
        read_checkpoint(path)
    assert error.value.path == path


def deflated(path: Path) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.write(bare(path.with_suffix(".inner")), "a/model.pth")
        archive.writestr("a/model.json", json.dumps({"adim": 256}))
    return path


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("write", [deflated, bare, old_format, lightning_with_objects])
def test_damage_is_refused_or_does_not_matter(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "weights.pth")
    good, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(150):
        content = bytearray(good)
        for at in rng.integers(len(content), size=rng.integers(4)):
            content[at] = rng.integers(256)
        path.write_bytes(content[: rng.integers(len(content)) if rng.random() < 0.2 else None])
        with suppress(ModelError):  # any other error fails
            assert read_checkpoint(path).weights


def test_missing_files_and_several_in_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such checkpoint"):
        read_checkpoint(tmp_path / "none.pth")
    bare(tmp_path / "a.pth")
    bare(tmp_path / "b.pth")
    with pytest.raises(ModelError, match="holds 2 checkpoints"):
        read_checkpoint(tmp_path)


def test_settings_must_be_json(tmp_path: Path) -> None:
    bare(tmp_path / "model.pth")
    (tmp_path / "model.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="not JSON"):
        read_checkpoint(tmp_path / "model.pth")
    (tmp_path / "model.json").write_text(json.dumps({"a": 1}), encoding="utf-8")
    assert read_checkpoint(tmp_path / "model.pth").settings == {"a": 1}
