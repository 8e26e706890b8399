"""Several optimisers, alternating steps, averages, accumulation: ordinary, and resumed exactly."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_pairs import Pair, ToyGan, ToyTeacher

from toy_system import BATCHES_PER_EPOCH, EPOCHS, Killed, ToyData
from viseme.train.loop import LoopConfig, fit, make_fabric
from viseme.train.run_folder import epoch_weights

TOYS = (ToyGan, ToyTeacher)


def run(toy: type[Pair], folder: Path, die_at: int | None = None, accumulate: int = 1) -> Any:
    """A process that trains into a folder, and may die before one of its steps."""
    config = LoopConfig(
        epochs=EPOCHS, precision="32-true", save_every_steps=2, accumulate=accumulate
    )
    made: Any = toy()
    step, count = made.train_step, iter(range(10_000))

    def mortal(batches: Any, number: int) -> dict[str, float]:
        if next(count) == die_at:
            raise Killed
        return step(batches, number)

    made.train_step = mortal
    fit(made, ToyData(), config, folder, make_fabric(config, "cpu"))
    return made


def assert_same(folder: Path, expected: Path) -> None:
    for path in [*epoch_weights(expected), expected / "log.jsonl"]:
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


def differ(some: Iterable[Tensor], others: Iterable[Tensor]) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(some, others, strict=True))


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("toy", TOYS)
def test_killed_and_resumed_ends_bit_for_bit_as_never_killed(
    toy: type[Pair], accumulate: int, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    run(toy, whole, accumulate=accumulate)
    steps = EPOCHS * -(-BATCHES_PER_EPOCH // accumulate)
    for die_at in range(steps):
        folder = tmp_path / str(die_at)
        with pytest.raises(Killed):
            run(toy, folder, die_at, accumulate)
        run(toy, folder, accumulate=accumulate)
        assert_same(folder, whole)


def test_a_gan_updates_one_network_at_a_time(tmp_path: Path) -> None:
    made, folder = ToyGan(), tmp_path
    config = LoopConfig(epochs=1, precision="32-true")
    step, changed = made.train_step, []

    def watched(batches: Any, number: int) -> dict[str, float]:
        before = {n: [p.clone() for p in m.parameters()] for n, m in made.modules.items()}
        scalars = step(batches, number)
        changed.append(
            {
                name
                for name, module in made.modules.items()
                if differ(before[name], module.parameters())
            }
        )
        return scalars

    made.train_step = watched  # type: ignore[method-assign]
    fit(made, ToyData(), config, folder, make_fabric(config, "cpu"))
    assert changed == [{"critic"}, {"critic"}, {"maker"}, {"critic"}]


def test_a_teacher_is_the_average_of_its_student_and_ends_still(tmp_path: Path) -> None:
    made = run(ToyTeacher, tmp_path)
    student, teacher = made.modules["student"], made.modules["teacher"]
    assert differ(student.parameters(), teacher.parameters())
    assert all(p.grad is None for p in teacher.parameters())
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert '"train/momentum": 0.9,' in lines[0] or '"train/momentum": 0.9}' in lines[0]
    last = [line for line in lines if "train/momentum" in line][-1]
    assert '"train/momentum": 1.0' in last


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 4), (2, 2), (3, 2), (4, 1), (9, 1)])
def test_an_epoch_has_as_many_updates_as_groups_of_batches(
    tmp_path: Path, accumulate: int, steps: int
) -> None:
    run(ToyTeacher, tmp_path, accumulate=accumulate)
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert sum("train/loss" in line for line in lines) == EPOCHS * steps
