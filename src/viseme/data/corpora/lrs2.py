"""The LRS2 corpus (Afouras et al., 2018): British television, as it unpacks.

    mvlrs_v1/main/<programme>/<number>.mp4 and .txt        sentences
    mvlrs_v1/pretrain/<programme>/<number>.mp4 and .txt    longer, with word times
    train.txt, val.txt, test.txt, pretrain.txt             lists of <programme>/<number>

The root is the folder `mvlrs_v1` or the one above it; the lists lie in either. A video that a list
names and that is not there is rejected by `viseme prepare`.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from viseme.data.corpora.id_list import list_lines
from viseme.data.corpora.lrs import pretrain_clips, whole_clip
from viseme.data.manifest import Clip
from viseme.data.segments import LATER_MAX_S, PAPER_MAX_S
from viseme.errors import ManifestError

FOLDER_OF_SPLIT = {"train": "main", "val": "main", "test": "main", "pretrain": "pretrain"}


def find_clips(root: Path, max_s: float = PAPER_MAX_S) -> Iterator[Clip]:
    """The clips of all lists that are there; splits are "train", "val", "test" and "pretrain".

    Args:
        root: folder of the corpus.
        max_s: pieces of `pretrain` videos last at most so long.

    Raises:
        ManifestError: there is no list, or a list or a text file is malformed.
    """
    root = root.resolve()
    inner = root / "mvlrs_v1"
    home = inner if inner.is_dir() else root
    lists = {split: _list_of(split, home) for split in FOLDER_OF_SPLIT}
    if not any(lists.values()):
        raise ManifestError(
            "has none of the lists train.txt, val.txt, test.txt and pretrain.txt",
            path=root,
            todo="Put the lists of LRS2 beside its folders main and pretrain.",
        )
    for split, folder in FOLDER_OF_SPLIT.items():
        for name in _names(lists[split]):
            video = (home / folder / name).with_suffix(".mp4")
            clip_id = f"lrs2/{folder}/{name}"
            if split != "pretrain":
                yield whole_clip(video, clip_id, split)
            else:
                yield from pretrain_clips(video, clip_id, split, max_s)


find_clips_16s = partial(find_clips, max_s=LATER_MAX_S)


def _list_of(split: str, home: Path) -> Path | None:
    candidates = (folder / f"{split}.txt" for folder in (home, home.parent))
    return next((path for path in candidates if path.is_file()), None)


def _names(path: Path | None) -> Iterator[str]:
    """The first column of a list: the others mark what kind of clip it is."""
    if path is None:
        return
    for number, line in list_lines(path):
        name = line.split()[0]
        parts = name.split("/")
        if len(parts) != 2 or not all(part.isalnum() for part in parts):
            raise ManifestError(f"line {number} names no video: {name!r}", path=path)
        yield name
