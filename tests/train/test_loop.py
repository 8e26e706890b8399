"""The loop: a run that was killed, anywhere and any number of times, ends as if it never was."""

from pathlib import Path

import pytest
import torch

from toy_system import BATCHES_PER_EPOCH, EPOCHS, Killed, OneProcess, ToyData, ToySystem, run
from viseme.errors import ConfigError, ModelError
from viseme.train.loop import LoopConfig, evaluate, fit, make_fabric
from viseme.train.run_folder import epoch_weights

STEPS = EPOCHS * BATCHES_PER_EPOCH


@pytest.fixture(scope="module")
def never_killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run(folder)
    return folder


def assert_same(folder: Path, expected: Path) -> None:
    """Same weights of the same epochs, same log, same checkpoint."""
    names = [path.name for path in epoch_weights(expected)]
    assert [path.name for path in epoch_weights(folder)] == names
    for name in [*names, "log.jsonl"]:
        assert (folder / name).read_bytes() == (expected / name).read_bytes(), name


@pytest.mark.parametrize("step", range(STEPS))
def test_killed_at_a_step(tmp_path: Path, never_killed: Path, step: int) -> None:
    with pytest.raises(Killed):
        run(tmp_path, ("train", step))
    run(tmp_path)
    assert_same(tmp_path, never_killed)


@pytest.mark.parametrize("call", range(2 * EPOCHS))
def test_killed_in_an_evaluation(tmp_path: Path, never_killed: Path, call: int) -> None:
    with pytest.raises(Killed):
        run(tmp_path, ("eval", call))
    assert run(tmp_path) == run(never_killed)
    assert_same(tmp_path, never_killed)


def test_killed_between_evaluation_and_checkpoint(
    tmp_path: Path, never_killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evaluation is made again, and told once."""

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("viseme.train.run_folder.checkpoint.save_weights", die)
    with pytest.raises(Killed):
        run(tmp_path, save_every_steps=BATCHES_PER_EPOCH)
    monkeypatch.undo()
    run(tmp_path)
    assert_same(tmp_path, never_killed)


def test_killed_again_and_again(tmp_path: Path, never_killed: Path) -> None:
    """With a checkpoint after every step, each process needs to make one step only."""
    for _ in range(STEPS - 1):
        with pytest.raises(Killed):
            run(tmp_path, ("train", 1), save_every_steps=1)
    run(tmp_path, save_every_steps=1)
    assert_same(tmp_path, never_killed)


def test_a_finished_run_makes_no_more_steps(never_killed: Path) -> None:
    figures = run(never_killed, ("train", 0))
    assert figures == run(never_killed, ("eval", 0))
    assert set(figures) == {"mean"}


def test_another_seed_gives_another_run(tmp_path: Path, never_killed: Path) -> None:
    run(tmp_path, seed=43)
    last = [epoch_weights(folder)[-1].read_bytes() for folder in (tmp_path, never_killed)]
    assert last[0] != last[1]


@pytest.mark.parametrize(("keep", "kept"), [(1, [2]), (2, [1, 2]), (9, [0, 1, 2])])
def test_weights_of_the_last_epochs_are_kept(tmp_path: Path, keep: int, kept: list[int]) -> None:
    run(tmp_path, keep_weights=keep)
    names = [path.name for path in epoch_weights(tmp_path)]
    assert names == [f"epoch-{epoch:04d}.safetensors" for epoch in kept]


def test_evaluations_are_as_frequent_as_asked_and_end_the_run(tmp_path: Path) -> None:
    run(tmp_path, eval_every_epochs=2)
    log = (tmp_path / "log.jsonl").read_text().splitlines()
    told = [line for line in log if "val/mean" in line]
    assert ['"step": 7,' in line or '"step": 11,' in line for line in told] == [True, True]


def test_evaluation_sums_over_batches_and_goes_back_to_training() -> None:
    system = ToySystem()
    system.setup(None, 1)
    figures = evaluate(system, ToyData().val())
    system.modules.eval()
    batches = torch.cat(list(ToyData().val().starting_at(0)))
    expected = system.modules(batches).square().sum() / len(batches)
    assert figures["mean"] == pytest.approx(expected.item(), rel=1e-5)
    evaluate(system, ToyData().val())
    assert system.modules.training


def test_a_damaged_checkpoint_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run(tmp_path, ("train", 5))
    last = tmp_path / "last.pt"
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])
    with pytest.raises(ModelError, match=r"last\.pt: cannot be resumed from"):
        run(tmp_path)


@pytest.mark.parametrize("content", [{}, {"system": {}}, [1], "text"])
def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "last.pt")
    with pytest.raises(ModelError, match="no checkpoint of this run"):
        run(tmp_path)


def test_a_process_that_does_not_write_leaves_the_folder_alone(tmp_path: Path) -> None:
    fabric = OneProcess()
    fabric.is_global_zero = False
    figures = fit(ToySystem(), ToyData(), LoopConfig(epochs=1), tmp_path / "run", fabric)
    assert set(figures) == {"mean"}
    assert not (tmp_path / "run").exists()


def test_nothing_to_train_on_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toy_system.BATCHES_PER_EPOCH", 0)
    with pytest.raises(ConfigError, match="fewer batches than processes"):
        run(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "epochs",
        "devices",
        "accumulate",
        "eval_every_epochs",
        "save_every_steps",
        "keep_weights",
    ],
)
def test_settings_below_one_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} 0 must be at least 1"):
        LoopConfig(**{name: 0})


def test_fabric_is_one_process_unless_torchrun_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    fabric = make_fabric(LoopConfig(), "cpu")
    assert (fabric.world_size, fabric.global_rank) == (1, 0)
    assert fabric.device == torch.device("cpu")
