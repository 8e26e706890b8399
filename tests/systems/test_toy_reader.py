"""The seam: a system of one file, in the registry, is trained, resumed, evaluated and loaded."""

import ast
from pathlib import Path
from typing import Any

import pytest
import toy_reader

from tiny_corpus import write_corpus
from viseme.errors import ConfigError
from viseme.models import open_model
from viseme.models.folder import RECOGNISER
from viseme.systems import SYSTEMS, load_recognizer, num_parameters
from viseme.train.run_folder import epoch_weights
from viseme.verbs.evaluate import evaluate
from viseme.verbs.train import TrainReport, train


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYSTEMS, "toy", "toy_reader")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def run(manifest: Path, out: Path, **settings: str) -> TrainReport:
    named = {key.replace("__", "."): value for key, value in settings.items()}
    return train("toy", manifest, out, preset="ci", settings=named, device="cpu")


class Killed(Exception):
    """Stands for the end of the process."""


def test_it_trains_resumes_evaluates_and_loads(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole = tmp_path / "killed" / "run", tmp_path / "whole" / "run"
    step = toy_reader.Training.train_step

    def mortal(self: Any, batches: Any, number: int) -> dict[str, float]:
        if number == 4:
            raise Killed
        return step(self, batches, number)

    with monkeypatch.context() as patch:
        patch.setattr(toy_reader.Training, "train_step", mortal)
        with pytest.raises(Killed):
            run(manifest, out, loop__save_every_steps="1")
    report = run(manifest, out, loop__save_every_steps="1")
    expected = run(manifest, whole, loop__save_every_steps="1")
    assert report.figures == expected.figures
    for name in ("model/model.safetensors", "model/config.json", "log.jsonl"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert [p.read_bytes() for p in epoch_weights(out)] == [
        p.read_bytes() for p in epoch_weights(whole)
    ]
    folder = open_model(report.model)
    assert (folder.system, folder.kind) == ("toy", RECOGNISER)
    assert load_recognizer(report.model, "cpu").name == "run"
    figures = evaluate(report.model, manifest, splits=["val"], device="cpu")
    assert figures["val"]["clips"] == 2
    assert 0 <= figures["val"]["wer"]["low"] <= figures["val"]["wer"]["high"]


def test_its_settings_are_checked_and_its_size_is_known(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no setting model\.dims"):
        run(manifest, tmp_path, model__dims="3")
    assert num_parameters("toy", "ci") > 1000


def test_a_system_can_be_so_short() -> None:
    """Statements, without imports: what there is to write for another paper."""
    tree = ast.parse(Path(toy_reader.__file__).read_text(encoding="utf-8"))
    statements = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert len(statements) <= 60
