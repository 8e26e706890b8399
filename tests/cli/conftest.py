"""Running the command in this process, with verbs that only pretend to work."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pretence import Call, Ran, Stub, Viseme, transcript_of

from viseme.cli import main
from viseme.cli.guard import DEBUG_VARIABLE
from viseme.text.transcript import Transcript


@pytest.fixture(autouse=True)
def _untouched_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command sets up logging for a process of its own; here that must not outlive the test."""
    logger = logging.getLogger("viseme")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    monkeypatch.setenv(DEBUG_VARIABLE, "")
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logger.propagate = propagate


@pytest.fixture
def viseme(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Viseme:
    """Runs `viseme` with these arguments."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["viseme", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        return Ran(int(stop.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Puts a function in the place of one in a module that is not even imported."""

    def replace(name: str, function: Callable[..., Any]) -> Call:
        module_name, _, function_name = name.rpartition(".")
        call = Call()

        def recorded(*args: Any, **options: Any) -> Any:
            call.args, call.options = args, options
            return function(*args, **options)

        module = ModuleType(module_name)
        setattr(module, function_name, recorded)
        monkeypatch.setitem(sys.modules, module_name, module)
        return call

    return replace


@pytest.fixture
def transcribing(stub: Stub) -> Call:
    """Pretends to transcribe, see `transcript_of`."""

    def transcribe_files(paths: Sequence[Path], **options: Any) -> Iterator[Transcript]:
        for path in paths:
            options["on_progress"](str(path), 0.5)
            yield transcript_of(path, options["mode"])

    return stub("viseme.verbs.transcribe.transcribe_files", transcribe_files)
