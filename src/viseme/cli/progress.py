"""How far the work is, on stderr: a live line on a terminal, some plain lines elsewhere."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from viseme.cli.console import say

_MILESTONES = 10
_MILESTONE_S = 10.0


class Progress(ABC):
    """Told how much of the work is done."""

    @abstractmethod
    def report(self, done: float, total: float, note: str = "") -> None:
        """Show `done` of `total` units; `note` says what the work is at."""

    def paused(self) -> AbstractContextManager[None]:
        """While results are written to the terminal, the live line is out of their way."""
        return nullcontext()


@contextmanager
def progress(label: str, unit: str | None = None, quiet: bool = False) -> Iterator[Progress]:
    """The progress that suits stderr.

    Args:
        label: what is being done.
        unit: what is counted, in the singular; None if shares are.
        quiet: show nothing.
    """
    if quiet or sys.stderr is None:
        yield Silent()
    elif sys.stderr.isatty():
        live = Live(label, unit)
        try:
            yield live
        finally:
            live.close()
    else:
        yield Milestones(label, unit)


class Silent(Progress):
    """Shows nothing."""

    def report(self, done: float, total: float, note: str = "") -> None:
        """Nobody watches."""


class Milestones(Progress):
    """A line for every tenth of the work, but not more often than every ten seconds."""

    def __init__(self, label: str, unit: str | None) -> None:
        self._label, self._speed = label, _Speed(unit)
        self._last_s, self._passed = time.monotonic(), 0

    def report(self, done: float, total: float, note: str = "") -> None:
        """Say it if it is a milestone."""
        speed, now_s = self._speed(done), time.monotonic()
        passed = int(_MILESTONES * done / max(total, 1))
        if passed > self._passed and now_s >= self._last_s + _MILESTONE_S:
            self._last_s, self._passed = now_s, passed
            say(f"{self._label} {done / total:.0%}" + (f", {speed}" if speed else ""))


class Live(Progress):
    """A bar with share, rate and time left."""

    def __init__(self, label: str, unit: str | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        plain: dict[str, Any] = {"markup": False}  # file names may look like markup
        self._speed = _Speed(unit)
        self._bar = RichProgress(
            TextColumn("{task.description}", **plain),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}", **plain),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", **plain),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # else results would end up on stderr
        )
        self._task = self._bar.add_task(label, total=None, speed="", note="")
        self._bar.start()

    def report(self, done: float, total: float, note: str = "") -> None:
        """Move the bar."""
        speed = self._speed(done)
        self._bar.update(self._task, completed=done, total=total, speed=speed, note=note)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away, and bring it back."""
        self._bar.stop()
        yield
        self._bar.start()

    def close(self) -> None:
        """Take the bar away for good."""
        self._bar.stop()


class _Speed:
    """The mean rate since the first report, as text; what was done before it does not count."""

    def __init__(self, unit: str | None) -> None:
        self._unit = unit
        self._first: tuple[float, float] | None = None

    def __call__(self, done: float) -> str:
        now_s = time.monotonic()
        if self._first is None:
            self._first = (done, now_s)
        first_done, first_s = self._first
        if self._unit is None or done <= first_done or now_s <= first_s:
            return ""
        per_s = (done - first_done) / (now_s - first_s)
        return f"{per_s:.1f} {self._unit}/s" if per_s >= 1 else f"{1 / per_s:.1f} s/{self._unit}"
