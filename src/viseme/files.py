"""Files that are either complete or not there: how this project writes them, and their digest."""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from viseme.errors import BusyError, OutputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS}
_OF_THE_DISK = FULL | {errno.EROFS, errno.EIO}
"""Errors that only writing can have, whatever else was done meanwhile."""


def write_error(path: str | Path | None, error: OSError) -> OutputError:
    """What to raise when `path` cannot be written, with what to do about it."""
    todo = "Check its folder and its disk, or give another place."
    if error.errno in FULL:
        todo = "Free some space on its disk, or give another place."
    elif error.errno in _NOT_OURS:
        todo = "Check the permissions of its folder, or give another place."
    return OutputError(f"cannot be written ({error.strerror or error})", path=path, todo=todo)


@contextmanager
def naming_output(path: str | Path) -> Iterator[None]:
    """Turn the disk's errors while `path` is written into an `OutputError`; others pass."""
    try:
        yield
    except OSError as error:
        if error.errno in _OF_THE_DISK:
            raise write_error(path, error) from error
        raise


def temporary_beside(path: Path, suffix: str = ".tmp") -> Path:
    """A new hidden name in the folder of `path`, to be renamed to it.

    Nothing of the name is in it, which may be as long as the file system allows.
    """
    return path.with_name(f".{uuid4().hex}{suffix}")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_write(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file for writing that appears under its name only when the block succeeds.

    The text goes to a temporary name in the same folder, which is renamed over `path` at the end;
    when the block raises, the temporary file is removed and an older `path` stays as it was.
    Missing parent folders are created. Text is UTF-8 with "\\n" line ends on every system.

    Args:
        path: the file to write.
        mode: "w" for text or "wb" for bytes.

    Raises:
        OutputError: it cannot be written, such as for a full disk.
        ValueError: `mode` is another one.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode must be 'w' or 'wb', not {mode!r}")
    path = Path(path)
    # Not tempfile: its files are private to the user, and a rename would keep them so.
    temporary = temporary_beside(path)
    encoding, newline = ("utf-8", "\n") if mode == "w" else (None, None)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = temporary.open(mode, encoding=encoding, newline=newline)
    except OSError as error:
        raise write_error(path, error) from error
    try:
        with naming_output(path), file:
            yield file
        try:
            temporary.replace(path)
        except OSError as error:
            raise write_error(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def sole_writer(folder: str | Path, *, wait: bool = False) -> Iterator[None]:
    """Keep every other process from writing an existing folder until the block ends.

    The lock belongs to the process, so that it never outlives one that was killed. On a system
    without such locks (Windows) nothing is kept.

    Args:
        folder: an existing one.
        wait: for another process that is writing it, instead of raising an error.

    Raises:
        BusyError: another process is writing it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (Path(folder) / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            raise BusyError(
                "another process is writing this folder",
                path=folder,
                todo="Wait for it or stop it, or give another folder.",
            ) from error
        yield
