"""How commands end when something goes wrong."""

import logging
from pathlib import Path

import pytest
import typer

from viseme.cli import console
from viseme.cli.guard import DEBUG_VARIABLE, INTERRUPTED, guarded
from viseme.errors import MediaError


def ends(error: BaseException, *, resumable: bool = False, failure: int = 1) -> int:
    """The exit code of a command that raises this."""

    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as stop:
        guarded(command, resumable=resumable, failure=failure)()
    return stop.value.exit_code


def test_known_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(MediaError("is empty", path="a.mp4", todo="Record it again."), failure=2) == 2
    assert capsys.readouterr().err == "viseme: a.mp4: is empty. Record it again.\n"


def test_errors_of_the_system_are_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        (tmp_path / "gone").read_text()
    assert ends(missing.value) == 1
    assert capsys.readouterr().err == f"viseme: {tmp_path / 'gone'}: No such file or directory.\n"
    assert ends(OSError(28, "No space left on device")) == 1
    err = capsys.readouterr().err
    assert err == (
        "viseme: cannot be written (No space left on device). Free some space on its disk, or give "
        "another place.\n"
    )


def test_unknown_errors_are_named_and_traced_on_demand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ends(ZeroDivisionError("by\nzero")) == 1
    err = capsys.readouterr().err
    assert err.startswith("viseme: unexpected ZeroDivisionError: by zero (")
    assert err.count("\n") == 1
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    ends(ZeroDivisionError("by zero"))
    assert "Traceback" in capsys.readouterr().err


def test_interrupts_say_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(KeyboardInterrupt()) == INTERRUPTED
    assert ends(KeyboardInterrupt(), resumable=True) == INTERRUPTED
    assert ends(KeyboardInterrupt("stopped after 3 clips"), resumable=True) == INTERRUPTED
    assert capsys.readouterr().err.splitlines() == [
        "viseme: interrupted",
        "viseme: interrupted; run the same command again to continue",
        "viseme: stopped after 3 clips",
    ]


def test_usage_errors_are_left_to_the_parser() -> None:
    def command() -> None:
        raise typer.BadParameter("no")

    with pytest.raises(typer.BadParameter):
        guarded(command)()


def test_what_the_library_logs_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_up()
    logging.getLogger("viseme.media").info("resuming")
    console.be_quiet()
    logging.getLogger("viseme.media").warning("not heard")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "viseme: resuming\n")


def test_closed_streams_are_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    console.set_up()
    console.say("x")
    console.result("x")


def test_tables_are_aligned() -> None:
    assert console.table([("A", "BCD", "E"), ("long", "b", "")]) == "A     BCD  E\nlong  b"
