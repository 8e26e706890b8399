"""The two streams: results alone go to stdout, everything said about the work to stderr."""

import io
import logging
import sys
from collections.abc import Sequence

from viseme.files import naming_output


class ReaderGoneError(Exception):
    """Whoever read stdout has stopped, as `head` does."""


def set_up(level: int = logging.INFO) -> None:
    """Send what the library logs to stderr, and let odd file names pass through both streams."""
    handler = _Handler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("viseme")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def be_quiet() -> None:
    """From now on, only errors are said."""
    logging.getLogger("viseme").setLevel(logging.ERROR)


def say(message: str) -> None:
    """Write one line about the work to stderr."""
    if sys.stderr is not None:  # it is when the caller has closed it
        sys.stderr.write(f"viseme: {message}\n")
        sys.stderr.flush()


def result(text: str) -> None:
    """Write a line of the result to stdout, at once.

    Raises:
        ReaderGoneError: nobody reads any more.
        OutputError: stdout goes to a file that cannot be written.
    """
    if sys.stdout is None:
        return
    try:
        with naming_output("standard output"):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines with aligned columns, for the eye and for `awk` alike."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)


class _Handler(logging.Handler):
    """Says every record; it looks up stderr each time, which a progress bar may have replaced."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record))
