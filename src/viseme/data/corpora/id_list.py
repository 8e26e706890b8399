"""Lists of ids that a user puts into a corpus folder, such as those of its English clips."""

from collections.abc import Iterator
from pathlib import Path

from viseme.errors import ManifestError
from viseme.files import UNREADABLE, read_text

UNKNOWN_LANGUAGE = "und"
"""Of clips that no list tells the language of; for the labeller to find out."""


def read_ids(path: Path) -> set[str] | None:
    """The non-empty lines of a list; None where there is no such file.

    Raises:
        ManifestError: it cannot be read as text, or is empty.
    """
    if not path.exists():
        return None
    ids = {line for _, line in list_lines(path)}
    if not ids:
        raise ManifestError("is empty", path=path, todo="Remove it to take all clips.")
    return ids


def list_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a list that are not empty, with their numbers from 1.

    Raises:
        ManifestError: it cannot be read as text.
    """
    try:
        lines = read_text(path).splitlines()
    except UNREADABLE as error:
        raise ManifestError(f"cannot be read as a list ({error})", path=path) from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line.strip()
