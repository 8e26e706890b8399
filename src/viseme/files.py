"""How files are read and written here: texts as any editor saves them, results complete or not."""

import errno
import gzip
import hashlib
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, TextIO
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


UNREADABLE = (OSError, EOFError, zlib.error, UnicodeError)
"""What reading a text can raise: the file cannot be read, is damaged, or is no text."""


@contextmanager
def open_text(path: str | Path, errors: str = "strict") -> Iterator[TextIO]:
    """Open a text that a user wrote, unpacked where its name ends in .gz.

    It is UTF-8 with or without a byte-order mark, or UTF-16 with one, as Windows saves it; every
    kind of line end becomes "\\n".

    Args:
        path: the file.
        errors: what to do about bytes that are no text, as `open` has it.

    Raises:
        UNREADABLE: any of these, also while the text is read.
    """
    path = Path(path)
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        is_utf16 = file.peek(2)[:2] in (BOM_UTF16_LE, BOM_UTF16_BE)
        with TextIOWrapper(file, "utf-16" if is_utf16 else "utf-8-sig", errors) as text:
            yield text


def read_text(path: str | Path) -> str:
    """All of a text that a user wrote, as `open_text` reads it.

    Raises:
        UNREADABLE: any of these.
    """
    with open_text(path) as file:
        return file.read()


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
