"""Experiments: arms and seeds run once each, means with spread, claims that can fail."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from toy_system import BATCHES_PER_EPOCH, OneProcess, ToyData, ToySystem
from viseme.errors import ConfigError, ManifestError
from viseme.experiments import EXPERIMENTS, experiment
from viseme.experiments.experiment import Arm, Claim, Experiment, Spread, Summary, Trial
from viseme.experiments.plot import Plot, over_arms
from viseme.experiments.report import table
from viseme.experiments.run import planned, reproduce, seconds_of_first
from viseme.files import sole_writer
from viseme.train.loop import LoopConfig, fit


class Arms:
    """Two arms that count how often they ran; "worse" breaks off once at seed 2 if told to."""

    def __init__(self, stumbles: bool = False) -> None:
        self.ran: list[tuple[str, int]] = []
        self.stumbles = stumbles

    def run(self, trial: Trial) -> dict[str, float]:
        assert trial.folder.is_dir()
        self.ran.append((trial.arm, trial.seed))
        if self.stumbles and (trial.arm, trial.seed) == ("worse", 2):
            self.stumbles = False
            raise KeyboardInterrupt
        return {"wer": trial.seed / 10 + (0.5 if trial.arm == "worse" else 0.0)}


def toy(arms: Arms) -> Experiment:
    return Experiment(
        name="toy",
        title="Better is better",
        arms=(
            Arm("better", "does it well", arms.run),
            Arm("worse", "does it badly", arms.run, control=True),
        ),
        claims=(
            Claim("better beats worse", lambda s: s.mean("better", "wer") < s.mean("worse", "wer")),
            Claim("worse is perfect", lambda s: s.mean("worse", "wer") == 0),
        ),
        seeds={"ci": (1, 2, 3)},
        plot=Plot("wer"),
        data="Made up.",
        paper={"better": {"wer": 0.05}},
    )


def test_means_and_spread_come_from_all_seeds(tmp_path: Path) -> None:
    summary = reproduce(toy(Arms()), "ci", tmp_path)
    assert summary.mean("better", "wer") == pytest.approx(0.2)
    assert summary.spreads["better"]["wer"].deviation == pytest.approx(0.1)
    text = (tmp_path / "table.md").read_text()
    assert "| better: does it well | 0.2 ± 0.1 | 0.05 |" in text
    assert "worse: does it badly (control)" in text
    assert "- holds: better beats worse" in text
    assert "- fails: worse is perfect" in text
    content = json.loads((tmp_path / "results.json").read_text())
    assert len(content["trials"]) == 6
    assert content["claims"] == {"better beats worse": "holds", "worse is perfect": "fails"}


def test_an_interrupted_experiment_goes_on_where_it_was(tmp_path: Path) -> None:
    arms = Arms(stumbles=True)
    with pytest.raises(KeyboardInterrupt):
        reproduce(toy(arms), "ci", tmp_path)
    assert arms.ran == [("better", 1), ("worse", 1), ("better", 2), ("worse", 2)]
    arms.ran.clear()
    reproduce(toy(arms), "ci", tmp_path)
    assert arms.ran == [("worse", 2), ("better", 3), ("worse", 3)]


def test_arms_that_were_not_run_are_said_to_be(tmp_path: Path) -> None:
    whole = toy(Arms())
    summary = reproduce(whole, "ci", tmp_path, arms=["better"], seeds=[4], origin={"commit": "abc"})
    assert summary.spreads["better"]["wer"] == Spread(0.4, 0.0, 1)
    text = table(whole, "ci", summary)
    assert "| worse: does it badly (control) | not run here |  |" in text
    assert "- not run here: better beats worse" in text
    (record,) = (tmp_path / "trials").iterdir()
    assert json.loads(record.read_text())["origin"] == {"commit": "abc"}


def test_a_plan_tells_what_is_left_and_writes_nothing(tmp_path: Path) -> None:
    whole, out = toy(Arms()), tmp_path / "out"
    plan = planned(whole, "ci", out, corpora={})
    assert [(arm.name, seed) for arm, seed in plan.missing[:3]] == [
        ("better", 1),
        ("worse", 1),
        ("better", 2),
    ]
    assert not out.exists()
    reproduce(whole, "ci", out, arms=["better"], seeds=[1])
    plan = planned(whole, "ci", out, corpora={})
    assert (len(plan.trials), len(plan.missing)) == (6, 5)


def test_a_plan_times_the_first_updates_of_a_training_which_then_goes_on(tmp_path: Path) -> None:
    made: list[int] = []

    class Slow(ToySystem):
        def train_step(self, batches: Sequence[Tensor], step: int) -> dict[str, float]:
            made.append(step)
            time.sleep(0.02)
            return super().train_step(batches, step)

    def train(trial: Trial) -> dict[str, float]:
        config = LoopConfig(epochs=50, save_every_steps=1)
        return fit(Slow(), ToyData(), config, trial.folder / "run", OneProcess())

    whole = replace(toy(Arms()), arms=(Arm("trained", "is trained", train),))
    plan = planned(whole, "ci", tmp_path, corpora={})
    seconds = seconds_of_first(plan, "cpu", updates=4)
    assert made == [0, 1, 2, 3, 4]
    assert 0.8 * 50 * BATCHES_PER_EPOCH * 0.02 < seconds < 20 * 50 * BATCHES_PER_EPOCH * 0.02
    assert len(planned(whole, "ci", tmp_path, corpora={}).missing) == 3
    reproduce(whole, "ci", tmp_path, seeds=[1])
    assert sorted(set(made)) == list(range(50 * BATCHES_PER_EPOCH))
    assert made.count(2) == 1


def test_a_plan_of_arms_that_train_nothing_tells_how_long_the_first_took(tmp_path: Path) -> None:
    arms = Arms()
    plan = planned(toy(arms), "ci", tmp_path, corpora={})
    assert 0 <= seconds_of_first(plan) < 5
    assert arms.ran == [("better", 1)]


def test_figures_that_a_seed_lacks_are_left_out_of_its_mean() -> None:
    summary = Summary.of({"a": {1: {"x": 1.0, "y": 5.0}, 2: {"x": 3.0}}})
    assert summary.spreads["a"] == {"x": Spread(2.0, 2**0.5, 2), "y": Spread(5.0, 0.0, 1)}


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    whole = toy(Arms())
    with pytest.raises(ConfigError, match=r"no arm 'best'.*better, worse"):
        reproduce(whole, "ci", tmp_path, arms=["best"])
    with pytest.raises(ConfigError, match="no scale 'paper'"):
        reproduce(whole, "paper", tmp_path)
    with pytest.raises(ConfigError, match="no experiment 'none'"):
        experiment("none")


def test_a_folder_holds_one_scale_and_one_corpus(tmp_path: Path) -> None:
    """Means over trials that cannot be compared would be of nothing."""
    made = toy(Arms())
    arms = tuple(replace(arm, needs=("grid",)) for arm in made.arms)
    made = replace(made, arms=arms, seeds={"ci": (1,), "small": (1, 2)})
    grid, other = tmp_path / "grid.jsonl", tmp_path / "other.jsonl"
    grid.write_text("one")
    other.write_text("another")
    out = tmp_path / "out"
    reproduce(made, "ci", out, corpora={"grid": grid})
    with pytest.raises(ConfigError, match="holds trials at scale ci"):
        reproduce(made, "small", out, corpora={"grid": grid})
    with pytest.raises(ConfigError, match="holds trials on another corpus grid"):
        reproduce(made, "ci", out, seeds=[2], corpora={"grid": other})
    with pytest.raises(ManifestError, match=r"gone\.jsonl: cannot be read"):
        reproduce(made, "ci", out, corpora={"grid": tmp_path / "gone.jsonl"})
    assert reproduce(made, "ci", out, seeds=[2], corpora={"grid": grid}).spreads["better"]


def needy(arms: Arms, *names: str) -> Experiment:
    """The toy, whose arms of these names need the corpus grid."""
    made = toy(arms)
    needs = [replace(arm, needs=("grid",)) if arm.name in names else arm for arm in made.arms]
    return replace(made, arms=tuple(needs), seeds={"ci": (1,)})


def test_nothing_to_run_is_an_error_that_says_what_is_needed(tmp_path: Path) -> None:
    arms, out = Arms(), tmp_path / "out"
    with pytest.raises(ConfigError, match=r"nothing to run: without corpus grid .*better, worse"):
        reproduce(needy(arms, "better", "worse"), "ci", out)
    assert (arms.ran, out.exists()) == ([], False)


def test_an_arm_that_was_asked_for_is_not_left_out(tmp_path: Path) -> None:
    arms = Arms()
    with pytest.raises(ConfigError, match=r"corpus grid the arms worse .*--corpus NAME=MANIFEST"):
        reproduce(needy(arms, "worse"), "ci", tmp_path, arms=["better", "worse"])
    assert arms.ran == []


def test_what_is_left_out_is_said_before_and_after(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arms, grid = Arms(), tmp_path / "grid.jsonl"
    grid.write_text("")
    made = needy(arms, "worse")
    reproduce(made, "ci", tmp_path / "out")
    said = "without corpus grid the arms worse are left out"
    assert (arms.ran, caplog.messages) == ([("better", 1)], [said, said])
    caplog.clear()
    reproduce(made, "ci", tmp_path / "out", corpora={"grid": grid})
    reproduce(made, "ci", tmp_path / "out")  # all was run, so that only the report is made again
    assert caplog.messages == []


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_says_which_arms_need_a_corpus(tmp_path: Path, name: str) -> None:
    found = experiment(name)
    needy_arms = [arm for arm in found.arms if arm.needs]
    for arm in needy_arms:
        with pytest.raises(ConfigError, match=f"corpus {arm.needs[0]} the arms {arm.name} are"):
            reproduce(found, "ci", tmp_path, arms=[arm.name])
    assert bool(needy_arms) == (name != "studio-truth")


def test_a_trial_that_another_process_is_at_is_left_to_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arms = Arms()
    begun = tmp_path / "work" / "better-2"
    begun.mkdir(parents=True)
    with sole_writer(begun):
        reproduce(toy(arms), "ci", tmp_path)
    assert "arm better, seed 2: another process is at it" in caplog.text
    assert ("better", 2) not in arms.ran
    assert len(arms.ran) == 5
    reproduce(toy(arms), "ci", tmp_path)
    assert arms.ran[5:] == [("better", 2)]


def test_trials_wait_for_what_another_is_making(tmp_path: Path) -> None:
    trial = Trial("better", 1, "ci", tmp_path / "work" / "better-1", tmp_path / "work", {}, "cpu")
    seen: list[str] = []

    def use() -> None:
        with trial.common("corpus") as folder:
            seen.append((folder / "made").read_text())

    with ThreadPoolExecutor(1) as pool:
        with trial.common("corpus") as folder:
            other = pool.submit(use)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.2)
            (folder / "made").write_text("by the first")
        other.result(timeout=10)
    assert seen == ["by the first"]


def test_a_plot_is_drawn_with_and_without_an_axis(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    arms = ("better", "worse", "not run")
    plots = [Plot("wer"), Plot("a figure that no arm has")]
    for axis in ({"better": 1.0, "worse": 2.0}, {"better": 1.0}, {"better": 1.0, "not run": 3.0}):
        plots.append(over_arms("wer", "hours", axis, arms))
    plots.append(Plot("wer", "hours", dict.fromkeys(("white", "pink"), plots[2].panels[""])))
    drawn = set()
    for plot in plots:
        reproduce(replace(toy(Arms()), plot=plot), "ci", tmp_path)
        drawn.add((tmp_path / "plot.png").read_bytes())
    assert len(drawn) == len(plots)
    assert all(picture.startswith(b"\x89PNG") for picture in drawn)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_is_whole(name: str) -> None:
    found = experiment(name)
    names = [arm.name for arm in found.arms]
    assert found.name == name
    assert len(set(names)) == len(names)
    assert found.claims
    drawn = [point for curves in found.plot.panels.values() for c in curves for point in c.points]
    assert {arm for _, arm, _ in drawn} <= set(names)
    assert set(found.paper) <= set(names)
    assert any(arm.control for arm in found.arms)
    assert {"ci", "small"} <= set(found.seeds)
    assert len(found.seeds["small"]) >= 3
    empty = Summary({})
    assert {claim.verdict(empty) for claim in found.claims} == {"not run here"}
