"""What stands for files on the command line: files, folders, patterns and manifests."""

import glob
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from viseme.errors import ManifestError, MediaError

logger = logging.getLogger(__name__)

_VIDEO = "3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
_AUDIO = "aac ac3 aif aiff flac m4a mka mp2 mp3 oga ogg opus wav wma"
MEDIA_SUFFIXES = frozenset(f".{suffix}" for suffix in f"{_VIDEO} {_AUDIO}".split())
"""What a folder is searched for; a file that is named itself may be called anything."""

MANIFEST_SUFFIXES = (".jsonl", ".jsonl.gz")


def expand(inputs: Sequence[str]) -> list[Path]:
    """The files that the arguments stand for, in order, each once.

    A file that does not exist is kept: the rest of a batch is not lost for it.

    Raises:
        MediaError: a folder or a pattern holds nothing.
        ManifestError: a manifest cannot be read or is empty.
    """
    files: dict[Path, Path] = {}
    for argument in inputs:
        for file in _expand_one(argument):
            files.setdefault(file.resolve(), file)
    return list(files.values())


def _expand_one(argument: str) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        yield from _of_folder(path)
    elif path.name.endswith(MANIFEST_SUFFIXES):
        yield from _of_manifest(path)
    elif glob.has_magic(argument) and not path.exists():
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 (may be absolute)
        if not matches:
            raise MediaError(f"no file matches {argument!r}", todo="Check the pattern.")
        for match in matches:
            yield from _expand_one(match)
    else:
        yield path


def _of_folder(folder: Path) -> list[Path]:
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in MEDIA_SUFFIXES
        and not file.name.startswith(".")
        and file.is_file()
    )
    if not files:
        raise MediaError(
            "no video or audio files in this folder",
            path=folder,
            todo="Name the files themselves if their names have unusual endings.",
        )
    return files


def _of_manifest(path: Path) -> Iterator[Path]:
    from viseme.data.manifest import read_manifest

    clips = read_manifest(path)
    if not clips:
        raise ManifestError("holds no clips", path=path)
    if any(clip.start_s or clip.end_s is not None for clip in clips):
        logger.warning("%s: files are read whole, the clips' times are not used", path)
    for clip in clips:
        if (file := clip.video or clip.audio) is not None:
            yield file
