"""`train`: from a manifest to a model, whatever happens in between."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tiny_corpus import write_corpus
from viseme.data.manifest import read_manifest, write_manifest
from viseme.errors import ConfigError, ManifestError, ModelError, VisemeError
from viseme.models import open_model
from viseme.train.run_folder import epoch_weights
from viseme.verbs.train import TrainReport, train

SETTINGS = {
    "model.crop_size": "24",
    "training.max_frames": "40",
    "training.average_last": "2",
    "loop.epochs": "4",
    "loop.keep_weights": "2",
    "loop.save_every_steps": "2",
}
RUN = """
import json, sys
import torch
from viseme.verbs.train import train
torch.set_num_threads(1)
manifest, out, settings = sys.argv[1:]
train("auto_avsr", manifest, out, preset="ci", settings=json.loads(settings), device="cpu")
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums are added in the same order in every process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def run(manifest: Path, out: Path, **settings: str) -> TrainReport:
    named = {key.replace("__", "."): value for key, value in settings.items()}
    return train("auto_avsr", manifest, out, preset="ci", settings=SETTINGS | named, device="cpu")


@pytest.fixture(scope="module")
def never_killed(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    run(manifest, out)
    return out


def start(manifest: Path, out: Path, *launcher: str, **variables: str) -> subprocess.Popen:
    """The same training in a process of its own."""
    out.parent.mkdir(parents=True, exist_ok=True)
    script = out.parent / "run_training.py"
    script.write_text(RUN)
    arguments = [str(script), str(manifest), str(out), json.dumps(SETTINGS)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | variables
    quiet = subprocess.DEVNULL
    command = [sys.executable, *launcher, *arguments]
    return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)


def records(out: Path) -> int:
    log = out / "log.jsonl"
    return len(log.read_text().splitlines()) if log.exists() else 0


def assert_same(out: Path, expected: Path) -> None:
    names = [path.name for path in epoch_weights(expected)]
    assert [path.name for path in epoch_weights(out)] == names
    for name in [*names, "log.jsonl", "model/model.safetensors", "model/config.json"]:
        assert (out / name).read_bytes() == (expected / name).read_bytes(), name


def test_a_process_killed_in_training_goes_on_as_if_never_killed(
    manifest: Path, never_killed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    moment = random.randint(1, records(never_killed) // 2)
    process = start(manifest, out)
    while records(out) < moment and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    run(manifest, out)
    assert_same(out, never_killed)


@pytest.mark.slow
def test_a_process_killed_at_any_moment(manifest: Path, never_killed: Path, tmp_path: Path) -> None:
    """Also while it starts, evaluates, averages or writes the model."""
    for attempt in range(4):
        out = tmp_path / str(attempt) / "run"
        patience_s = 2.0  # grows, so that it ends on a busy machine too
        ended = False
        while not ended:
            process = start(manifest, out)
            try:
                process.wait(random.uniform(0.5, 1) * patience_s)
            except subprocess.TimeoutExpired:
                process.kill()
            ended = process.wait() == 0
            patience_s *= 1.4
        assert_same(out, never_killed)


@pytest.mark.slow
def test_two_processes_train_one_model(manifest: Path, tmp_path: Path) -> None:
    """torchrun on two CPU processes: each has its own batches, one writes, the run resumes."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    out = tmp_path / "run"
    for _ in range(2):
        assert start(manifest, out, *launcher).wait(300) == 0
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    steps = [record["step"] for record in log if "train/loss" in record]
    alone = tmp_path / "alone"
    run(manifest, alone)
    epochs = 4
    steps_alone = (records(alone) - epochs) // epochs
    assert steps == list(range(epochs * (steps_alone // 2)))
    assert torch.load(out / "last.pt", weights_only=True)["epoch"] == 4


def test_the_folder_holds_all_of_the_run(never_killed: Path) -> None:
    names = {path.name for path in never_killed.iterdir() if "tfevents" not in path.name}
    weights = {"epoch-0002.safetensors", "epoch-0003.safetensors"}
    assert (
        names == {".lock", "train.json", "log.jsonl", "last.pt", "clips.sha256", "model"} | weights
    )
    card = (never_killed / "model/README.md").read_text()
    assert "6 clips of the splits train" in card
    assert "weights of the last\n2 epochs" in card


def test_a_finished_run_reports_again(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(manifest, tmp_path / "run")
    card = first.model / "README.md"
    card.write_text("Whose recordings it learned from.")
    with monkeypatch.context() as patch:
        patch.delattr("viseme.verbs.train.fit")
        assert run(manifest, tmp_path / "run") == first
    assert open_model(first.model).name == "run"
    assert card.read_text() == "Whose recordings it learned from."


def test_a_lost_model_is_written_again(manifest: Path, never_killed: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shutil.copytree(never_killed, out)
    shutil.rmtree(out / "model")
    run(manifest, out)
    assert_same(out, never_killed)


def test_a_run_that_is_started_again_does_not_take_its_old_model_for_the_new(
    manifest: Path, never_killed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(never_killed, out)
    weights = out / "model/model.safetensors"
    weights.write_bytes(b"of another run")
    (out / "last.pt").touch()
    run(manifest, out)
    assert_same(out, never_killed)


def test_a_folder_of_another_run_is_refused(manifest: Path, never_killed: Path) -> None:
    with pytest.raises(ConfigError, match="holds a run with other settings"):
        run(manifest, never_killed, loop__seed="7")


def test_a_run_keeps_the_precision_that_suited_the_machine_it_began_on(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recorded() -> str:
        return json.loads((tmp_path / "train.json").read_text())["loop"]["precision"]

    auto = {"loop__precision": "auto", "loop__epochs": "1", "training__average_last": "1"}
    monkeypatch.setattr("viseme.train.loop.multiplies_bfloat16", lambda device: False)
    run(manifest, tmp_path, **auto)
    assert recorded() == "32-true"
    monkeypatch.setattr("viseme.train.loop.multiplies_bfloat16", lambda device: True)
    run(manifest, tmp_path, **auto)
    assert recorded() == "32-true"
    with pytest.raises(ConfigError, match="other settings"):
        run(manifest, tmp_path, **auto | {"loop__precision": "bf16-mixed"})


@pytest.mark.parametrize("known", [True, False])
def test_a_run_is_not_continued_on_other_clips(
    manifest: Path, never_killed: Path, tmp_path: Path, known: bool
) -> None:
    """Told by the list of clips, or, without it, by weights of other shapes."""
    out = tmp_path / "run"
    out.mkdir()
    for name in ("train.json", "last.pt", *["clips.sha256"] * known):
        (out / name).write_bytes((never_killed / name).read_bytes())
    other = manifest.with_name("other.jsonl")
    other.write_text(manifest.read_text().replace('"up', '"one2'))
    with pytest.raises(VisemeError, match=r"run on other clips|is no checkpoint of this run"):
        run(other, out)


def test_a_run_is_not_continued_with_another_val_split(
    manifest: Path, never_killed: Path, tmp_path: Path
) -> None:
    """An ended one, too, whose figures would be told as those of the other split."""
    clips = read_manifest(manifest)
    moved = [replace(c, split="test") if c.id == clips[-1].id else c for c in clips]
    other = manifest.with_name("moved.jsonl")
    write_manifest(other, moved)
    with pytest.raises(ConfigError, match="run on other clips"):
        run(other, never_killed)


def test_a_finished_run_without_its_weights_says_so(
    manifest: Path, never_killed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "last.pt").write_bytes((never_killed / "last.pt").read_bytes())
    with pytest.raises(ModelError, match="weights of this finished run are gone"):
        run(manifest, out)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"preset": "huge"}, ConfigError, "no preset 'huge'.*ci, grid, paper"),
        ({"system": "none"}, ConfigError, "no system is called 'none'"),
        ({"device": "tpu"}, ConfigError, "no device 'tpu'"),
        ({"settings": {"loop.epoch": "1"}}, ConfigError, r"Did you mean loop\.epochs"),
        ({"val_split": "dev"}, ManifestError, "no transcribed clips of split dev.*train, val"),
        ({"train_splits": ["a", "b"]}, ManifestError, "no transcribed clips of split a, b"),
        ({"manifest": "nowhere.jsonl"}, ManifestError, "no such manifest"),
        (
            {"settings": {"training.tokenizer": "sentencepiece", "training.vocab_size": "5"}},
            ConfigError,
            "no 5 unigram units can be learned.*tokenizer character",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(
    manifest: Path, tmp_path: Path, change: dict, error: type, message: str
) -> None:
    arguments = {"system": "auto_avsr", "manifest": manifest, "preset": "ci", "device": "cpu"}
    with pytest.raises(error, match=f"(?s){message}"):
        train(out=tmp_path / "run", **arguments | change)


def test_a_run_starts_from_a_model(manifest: Path, never_killed: Path, tmp_path: Path) -> None:
    initial = never_killed / "model"
    still = {"training__initial": str(initial), "optim__peak_lr": "0", "loop__epochs": "1"}
    model = run(manifest, tmp_path / "run", **still, training__average_last="1").model
    before, after = open_model(initial), open_model(model)
    assert after.tokenizer().units == before.tokenizer().units
    parameters = {name: w for name, w in before.weights().items() if w.ndim > 1}
    for name, weight in after.weights().items():
        if name in parameters:
            assert torch.equal(weight, parameters[name]), name


def test_a_model_of_another_size_is_no_start(
    manifest: Path, never_killed: Path, tmp_path: Path
) -> None:
    initial = {"training__initial": str(never_killed / "model"), "model__dim": "16"}
    with pytest.raises(ModelError, match="of another shape"):
        run(manifest, tmp_path / "run", **initial)
