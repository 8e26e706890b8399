"""What is shown while work goes on, and that it never mixes with the results."""

import io

import pytest

from viseme.cli import console
from viseme.cli import progress as module
from viseme.cli.progress import progress


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_milestones(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("preparing", "clip") as bar:
        for done in range(0, 101):
            bar.report(done, 100)
            clock.now_s += 2.0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "viseme: preparing 10%, 2.0 s/clip"
    assert len(lines) == 10


def test_short_work_is_silent(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading") as bar:
        bar.report(1, 1)
    assert capsys.readouterr().err == ""


def test_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with progress("reading", "file", quiet=True) as bar, bar.paused():
        bar.report(1, 2)
    assert terminal.getvalue() == ""


def test_a_live_line_keeps_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with progress("reading", "file") as bar:
        bar.report(0, 4, "[a].mp4")
        clock.now_s += 1.0
        bar.report(2, 4, "[b].mp4")
        console.say("a remark")
        with bar.paused():
            console.result("a result")
    shown = terminal.getvalue()
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in shown
    for part in ("reading", "50%", "2.0 file/s", "[b].mp4", "viseme: a remark"):
        assert part in shown
