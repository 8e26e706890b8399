"""The LRS3 corpus (Afouras et al., 2018, arXiv 1809.00496): TED talks, as it unpacks.

    pretrain/<talk>/<number>.mp4 and .txt    long, with word times
    trainval/<talk>/<number>.mp4 and .txt    sentences
    test/<talk>/<number>.mp4 and .txt

The corpus names no validation set. Ours is the sentences of one in 50 talks of `trainval`, by a
hash of the talk's name, the same everywhere. What `pretrain` has of these talks becomes the split
"pretrain-val", so that who trains on "train" and "pretrain" hears none of them.
"""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from viseme.data.corpora.lrs import pretrain_clips, whole_clip
from viseme.data.manifest import Clip
from viseme.data.segments import LATER_MAX_S, PAPER_MAX_S
from viseme.errors import ManifestError

FOLDERS = ("trainval", "test", "pretrain")
VAL_EVERY_TALKS = 50


def find_clips(root: Path, max_s: float = PAPER_MAX_S) -> Iterator[Clip]:
    """The clips of the folders that are there, in order of name; a talk counts as a speaker.

    A text without its video gives a clip all the same, which `viseme prepare` then rejects.

    Args:
        root: folder of the corpus.
        max_s: pieces of `pretrain` videos last at most so long.

    Raises:
        ManifestError: none of the folders is there, or a text file is missing or malformed.
    """
    root = root.resolve()
    if not any((root / folder).is_dir() for folder in FOLDERS):
        raise ManifestError(
            f"has none of the folders {', '.join(FOLDERS)}", path=root, todo="Unpack LRS3 there."
        )
    for folder in FOLDERS:
        for video in _videos(root / folder):
            talk = video.parent.name
            clip_id = f"lrs3/{folder}/{talk}/{video.stem}"
            if folder == "pretrain":
                split = "pretrain-val" if _is_val(talk) else "pretrain"
                yield from pretrain_clips(video, clip_id, split, max_s, talk)
            else:
                in_trainval = "val" if _is_val(talk) else "train"
                split = "test" if folder == "test" else in_trainval
                yield whole_clip(video, clip_id, split, talk)


find_clips_16s = partial(find_clips, max_s=LATER_MAX_S)


def _videos(folder: Path) -> list[Path]:
    """Where the videos are, or were to be, by the files that are there."""
    files = (path for path in folder.glob("*/*") if path.suffix in (".mp4", ".txt"))
    return sorted({path.with_suffix(".mp4") for path in files if not path.name.startswith(".")})


def _is_val(talk: str) -> bool:
    return int(sha256(talk.encode()).hexdigest(), 16) % VAL_EVERY_TALKS == 0
