"""What a command's end means to the shell: errors become one line and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from viseme.cli.console import ReaderGoneError, say
from viseme.errors import VisemeError
from viseme.files import FULL, write_error

DEBUG_VARIABLE = "VISEME_DEBUG"
INTERRUPTED, READER_GONE = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as a shell counts

P = ParamSpec("P")


def guarded(
    command: Callable[P, int | None], *, resumable: bool = False, failure: int = 1
) -> Callable[P, None]:
    """The command such that no exception of its own ends in a traceback.

    Args:
        command: returns its exit code, None for 0.
        resumable: the same command continues where an interrupt stopped it.
        failure: exit code when an exception ends the command.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs) or 0
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt as interrupt:
            hint = "; run the same command again to continue" if resumable else ""
            say(str(interrupt) or f"interrupted{hint}")
            code = INTERRUPTED
        except ReaderGoneError:
            _close_stdout()
            code = READER_GONE
        except Exception as error:
            if os.environ.get(DEBUG_VARIABLE):
                traceback.print_exc()
            say(_line(error))
            code = failure
        raise typer.Exit(code)

    return run


def _line(error: Exception) -> str:
    """One line for people: what is known to happen says what to do, the rest how to report it."""
    if isinstance(error, VisemeError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        if error.errno in FULL:
            return str(write_error(error.filename, error))
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    text = " ".join(str(error).split())
    return (
        f"unexpected {type(error).__name__}: {text} "
        f"({DEBUG_VARIABLE}=1 shows where; please report it)"
    )


def _close_stdout() -> None:
    """Drop what is buffered, or Python would fail at writing it once more when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
