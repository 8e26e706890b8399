"""Files appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viseme.errors import MediaError
from viseme.files import temporary_beside


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; it becomes `path` if all goes well.

    The name keeps the suffix, by which writers choose the format. Nothing is left after a failure.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise MediaError(
            "cannot be written, its folder does not exist", path=path, todo="Create the folder."
        )
    temporary = temporary_beside(path, path.suffix)
    try:
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            what = f"cannot be written ({error.strerror})"
            raise MediaError(what, path=path, todo="Check the name and permissions.") from error
    finally:
        temporary.unlink(missing_ok=True)
