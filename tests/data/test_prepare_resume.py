"""Stopping and going on: the folder ends up byte for byte as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from raw_corpus import (
    BrightFaceTracker,
    DeadlyTracker,
    bright_faces,
    tree,
    write_corpus,
    write_talk,
)

from viseme.data.clip_content import PrepareConfig
from viseme.data.prepare import Progress, prepare

PATIENCE_S = 120


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def undisturbed(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    prepare(raw, out, workers=1, make_tracker=bright_faces)
    return tree(out)


class Counting:
    """Counts how many clips the tracker sees."""

    clips = 0


class CountingTracker(BrightFaceTracker):
    def track(self, frames):
        Counting.clips += 1
        return super().track(frames)


def counted(*args: object, **settings: object) -> int:
    """Prepare with a tracker that counts its clips."""
    Counting.clips = 0
    prepare(*args, workers=1, make_tracker=CountingTracker, **settings)
    return Counting.clips


def start(raw: Path, out: Path, workers: int, seconds_per_frame: float = 0.0) -> subprocess.Popen:
    """Preparation in another process."""
    # Not as a script, where the tracker would have another name and so other records.
    code = "import sys, raw_corpus; raw_corpus.run(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(raw), str(out), str(workers)]
    environment = os.environ | {
        "TEST_SECONDS_PER_FRAME": str(seconds_per_frame),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def num_records(out: Path) -> int:
    return len(list((out / ".progress").glob("*/*.json")))


def wait_until(condition, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def kill(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()


def wait_for_quiet(out: Path) -> None:
    """Until the workers of a killed parent are gone, as far as the folder shows."""
    before = None
    while before != (before := tree(out)):
        time.sleep(0.5)


def test_only_another_setting_starts_anew(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for name in "ab":
        write_talk(raw / f"{name}.mp4", 12)
    assert counted(raw, out) == 2
    before = tree(out)
    assert counted(raw, out) == 0
    assert tree(out) == before
    assert counted(raw, out, resume=False) == 2
    assert counted(raw, out, config=PrepareConfig(min_visible_share=0.1)) == 2


def test_crops_below_the_source_are_no_clips(tmp_path: Path) -> None:
    write_talk(tmp_path / "raw" / "a.mp4", 12, sound_s=0.48)
    write_talk(tmp_path / "raw" / "mouth" / "b.mp4", 12)
    assert counted(tmp_path / "raw", tmp_path / "raw" / "prepared") == 2
    before = tree(tmp_path)
    assert counted(tmp_path / "raw", tmp_path / "raw" / "prepared") == 0
    assert tree(tmp_path) == before
    prepare(tmp_path / "raw", tmp_path / "out", workers=1, make_tracker=bright_faces)
    assert {path for path in tree(tmp_path / "out") if path.startswith("mouth")} == {
        "mouth/a.mp4",
        "mouth/mouth/b.mp4",
    }


def test_only_what_changed_is_done_again(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for name in "abc":
        write_talk(raw / f"{name}.mp4", 12)
    assert counted(raw, out) == 3
    write_talk(raw / "b.mp4", 20)
    write_talk(raw / "d.mp4", 20)
    assert counted(raw, out) == 2
    (out / "mouth" / "a.mp4").unlink()
    assert counted(raw, out) == 1
    (out / "mouth" / "a.mp4").write_bytes(b"")
    assert counted(raw, out) == 1
    (raw / "c.txt").write_text("now it has a text")
    assert counted(raw, out) == 1
    assert "now it has a text" in (out / "manifest.jsonl").read_text()


def test_a_clip_that_is_rejected_now_leaves_no_crops(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_talk(raw / "a.mp4", 12, sound_s=0.48)
    write_talk(raw / "b.mp4", 12)
    counted(raw, out)
    write_talk(raw / "a.mp4", 12, dark=range(12))
    counted(raw, out)
    files = {path for path in tree(out) if path.startswith(("mouth", "audio"))}
    assert files == {"mouth/b.mp4"}


def test_an_interrupt_says_how_to_go_on(
    raw: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="5 of 13 clips; run the same command again"):
        prepare(raw, tmp_path, workers=1, make_tracker=bright_faces, on_progress=interrupt)
    assert not (tmp_path / "manifest.jsonl").exists()
    prepare(raw, tmp_path, workers=1, make_tracker=bright_faces)
    assert tree(tmp_path) == undisturbed


def test_killed_once(raw: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    process = start(raw, tmp_path, workers=2, seconds_per_frame=0.01)
    wait_until(lambda: num_records(tmp_path) >= 3, process)
    assert process.poll() is None, "it was over before it could be killed"
    kill(process)
    wait_for_quiet(tmp_path)
    done = num_records(tmp_path)
    assert 3 <= done < 12
    (tmp_path / "mouth" / ".half-01234567.mp4").write_bytes(b"half")
    assert counted_rest(raw, tmp_path) == 12 - done
    assert tree(tmp_path) == undisturbed


def counted_rest(raw: Path, out: Path) -> int:
    """Go on with the work; how many clips it still had to do."""
    told: list[Progress] = []
    prepare(raw, out, workers=1, make_tracker=bright_faces, on_progress=told.append)
    return len(told) - 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_stops_all_workers(raw: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    process = start(raw, tmp_path, workers=2, seconds_per_frame=0.01)
    wait_until(lambda: num_records(tmp_path) >= 2, process)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=PATIENCE_S)
    assert process.returncode != 0
    assert b"run the same command again to go on" in message
    prepare(raw, tmp_path, workers=1, make_tracker=bright_faces)
    assert tree(tmp_path) == undisturbed


def test_clips_that_no_process_survives_are_rejected_and_tried_again(tmp_path: Path) -> None:
    for name in "ab":
        write_talk(tmp_path / "raw" / f"{name}.mp4", 12)
    source, out = tmp_path / "raw", tmp_path / "out"
    report = prepare(source, out, workers=2, make_tracker=DeadlyTracker)
    assert report.reasons == {"crash": 2}
    assert num_records(out) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again(
    raw: Path, tmp_path: Path, undisturbed: dict[str, bytes], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(200):
        process = start(raw, tmp_path, workers=1 + seed % 2)
        records = num_records(tmp_path)
        # Somewhere within what starting and a few clips take; never before one more is done.
        wait_until(lambda count=records: num_records(tmp_path) > count, process)
        time.sleep(rng.uniform(0, 0.3))
        finished = process.poll() is not None
        kill(process)
        wait_for_quiet(tmp_path)
        if finished:
            break
    assert finished
    assert tree(tmp_path) == undisturbed
