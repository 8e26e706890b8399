"""Lists of ids that a user puts into a corpus folder, such as those of its English clips."""

from pathlib import Path

from viseme.errors import ManifestError

UNKNOWN_LANGUAGE = "und"
"""Of clips that no list tells the language of; for the labeller to find out."""


def read_ids(path: Path) -> set[str] | None:
    """The non-empty lines of a list; None where there is no such file.

    Raises:
        ManifestError: it cannot be read as text, or is empty.
    """
    try:
        ids = {line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()} - {""}
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot be read as a list ({error})", path=path) from error
    if not ids:
        raise ManifestError("is empty", path=path, todo="Remove it to take all clips.")
    return ids
