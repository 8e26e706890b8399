"""Files appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viseme.errors import MediaError
from viseme.files import naming_output, temporary_beside, write_error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; it becomes `path` if all goes well.

    The name keeps the suffix, by which writers choose the format. Nothing is left after a failure.

    Raises:
        OutputError: it cannot be written, such as for a full disk.
        MediaError: its folder does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise MediaError(
            "cannot be written, its folder does not exist", path=path, todo="Create the folder."
        )
    temporary = temporary_beside(path, path.suffix)
    try:
        with naming_output(path):
            yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            raise write_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
