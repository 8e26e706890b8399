"""Corpora as users have them on disk: one file each, with a function that finds the clips."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from viseme.data.manifest import Clip, iter_manifest, iter_rows
from viseme.data.rejects import Reject
from viseme.errors import ConfigError, ManifestError

CORPORA = {
    "folder": "viseme.data.corpora.folder:find_clips",
    "grid": "viseme.data.corpora.grid:find_clips",
    "grid-overlapped": "viseme.data.corpora.grid:find_overlapped_clips",
    "lrs2": "viseme.data.corpora.lrs2:find_clips",
    "lrs2-16s": "viseme.data.corpora.lrs2:find_clips_16s",
    "lrs3": "viseme.data.corpora.lrs3:find_clips",
    "lrs3-16s": "viseme.data.corpora.lrs3:find_clips_16s",
    "voxceleb2": "viseme.data.corpora.voxceleb2:find_clips",
    "voxceleb2-16s": "viseme.data.corpora.voxceleb2:find_clips_16s",
    "avspeech": "viseme.data.corpora.avspeech:find_clips",
    "avspeech-16s": "viseme.data.corpora.avspeech:find_clips_16s",
}


def find_clips(
    source: str | Path, corpus: str = "folder", *, skip_bad: bool = False
) -> Iterator[Clip | Reject]:
    """The clips of a manifest, of a folder that has a manifest.jsonl, or of a raw corpus.

    Args:
        source: manifest file, or folder.
        corpus: a name in `CORPORA`, for a raw folder.
        skip_bad: give a reject for a manifest's line that is no clip; otherwise it is an error.

    Raises:
        ManifestError: the source is missing or malformed.
        ConfigError: no such corpus.
    """
    source = Path(source)
    if corpus not in CORPORA:
        raise ConfigError(f"no corpus {corpus!r}", todo=f"Use one of: {', '.join(CORPORA)}.")
    if not source.exists():
        raise ManifestError("no such folder or manifest", path=source, todo="Check the name.")
    manifest = source / "manifest.jsonl" if source.is_dir() else source
    if manifest.is_file():
        return iter_rows(manifest) if skip_bad else iter_manifest(manifest)
    module, function = CORPORA[corpus].split(":")
    return getattr(import_module(module), function)(source)
