"""The log: what a killed run wrote after its last checkpoint is dropped."""

import json
import sys
from pathlib import Path

import pytest

from viseme.train.log import RunLog, progress_bar


def steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()]


def test_records_are_one_line_each(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run")
    log.write(0, {"train/loss": 1.5})
    log.write(1, {"train/loss": 1.0, "val/wer": 0.5})
    log.close()
    last = (tmp_path / "run/log.jsonl").read_text().splitlines()[-1]
    assert json.loads(last) == {"step": 1, "train/loss": 1.0, "val/wer": 0.5}
    assert steps(tmp_path / "run") == [0, 1]


@pytest.mark.parametrize("torn", ["", '{"step": 3, "lo'])
def test_what_came_after_the_checkpoint_is_dropped(tmp_path: Path, torn: str) -> None:
    log = RunLog(tmp_path)
    for step in range(2):
        log.write(step, {"loss": 1.0})
    size = log.size
    log.write(2, {"loss": 1.0})
    log.close()
    with log.path.open("a") as out:
        out.write(torn)
    log = RunLog(tmp_path, keep_bytes=size, resume_step=2)
    log.write(2, {"loss": 2.0})
    log.close()
    assert steps(tmp_path) == [0, 1, 2]


def test_a_log_that_someone_deleted_starts_anew(tmp_path: Path) -> None:
    log = RunLog(tmp_path, keep_bytes=1000)
    assert log.size == 0
    log.close()


def test_a_new_run_drops_the_log_of_one_that_left_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 0}\n')
    RunLog(tmp_path).close()
    assert steps(tmp_path) == []


def test_scalars_reach_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    log = RunLog(tmp_path)
    log.write(0, {"train/loss": 1.5})
    log.close()
    (events,) = tmp_path.glob("events.out.tfevents.*")
    assert b"train/loss" in events.read_bytes()


def test_tensorboard_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    log = RunLog(tmp_path)
    log.write(0, {"loss": 1.0})
    log.close()
    assert steps(tmp_path) == [0]
    assert not list(tmp_path.glob("events*"))


def test_an_invisible_bar_shows_nothing(capsys: pytest.CaptureFixture) -> None:
    with progress_bar(visible=False) as progress:
        progress.update(progress.add_task("job", note=""), advance=1)
    assert capsys.readouterr().out == ""
