"""The VoxCeleb2 corpus (Chung et al., 2018): interviews without texts, as it unpacks.

    dev/mp4/<speaker>/<video>/<number>.mp4    pictures, without sound
    dev/aac/<speaker>/<video>/<number>.m4a    sound, if that part is there
    test/mp4/..., test/aac/...
    vox-en.id                                 optional: the clips that are in English

`vox-en.id` is the list that AV-HuBERT's authors publish (Shi et al., 2022), or one like it: a line
a clip, of whose path the last three parts count. With it only those clips are taken. Without it all
are, their language "und" (undetermined), for the labeller to tell.

Clips longer than 24 s are cut every 24 s, as in Auto-AVSR (arXiv 2303.14307).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path

from viseme.data.corpora.id_list import UNKNOWN_LANGUAGE, read_ids
from viseme.data.manifest import Clip
from viseme.data.segments import LATER_MAX_S, PAPER_MAX_S, Piece, cut_evenly
from viseme.errors import ManifestError, MediaError
from viseme.media import probe

ENGLISH_LIST = "vox-en.id"
SPLITS = {"dev": "train", "test": "test"}

_SOUND = (("aac", ".m4a"), ("wav", ".wav"), ("mp4", ".m4a"), ("mp4", ".wav"))


def find_clips(root: Path, max_s: float = PAPER_MAX_S) -> Iterator[Clip]:
    """The clips of `dev` as "train" and of `test`, in order of name.

    Every video is opened for its length, several at once. One that cannot be opened gives a clip
    all the same, which `viseme prepare` then rejects.

    Args:
        root: folder of the corpus.
        max_s: pieces last at most so long.

    Raises:
        ManifestError: there are no videos, or none of them is in the list.
    """
    root = root.resolve()
    videos = [
        video
        for folder in SPLITS
        for video in sorted((root / folder / "mp4").glob("*/*/[!.]*.mp4"))
    ]
    if not videos:
        raise ManifestError(
            "no videos", path=root, todo="They are dev/mp4/<speaker>/<video>/<number>.mp4."
        )
    language = UNKNOWN_LANGUAGE
    if (english := read_ids(root / ENGLISH_LIST)) is not None:
        names = {_name(Path(line)) for line in english}
        videos = [video for video in videos if _name(video) in names]
        language = "en"
        if not videos:
            raise ManifestError("names no video of this folder", path=root / ENGLISH_LIST)
    clips_of = partial(_clips, max_s=max_s, language=language)
    with ThreadPoolExecutor() as pool:
        # Speaker by speaker, so that whoever takes the first clips does not wait for a million.
        for _, of_speaker in groupby(videos, key=lambda video: video.parts[-3]):
            for clips in pool.map(clips_of, of_speaker):
                yield from clips


find_clips_16s = partial(find_clips, max_s=LATER_MAX_S)


def _name(video: Path) -> str:
    """<speaker>/<video>/<number>, which is unique in the corpus."""
    return "/".join(video.with_suffix("").parts[-3:])


def _clips(video: Path, max_s: float, language: str) -> list[Clip]:
    part = video.parents[3].name
    return [
        Clip(
            id=f"voxceleb2/{part}/{_name(video)}_{number:02d}",
            video=video,
            audio=_sound(video),
            start_s=piece.start_s,
            end_s=piece.end_s,
            language=language,
            speaker=video.parts[-3],
            split=SPLITS[part],
            corpus="voxceleb2",
        )
        for number, piece in enumerate(_pieces(video, max_s))
    ]


def _pieces(video: Path, max_s: float) -> list[Piece]:
    whole = Piece(0.0, None)
    try:
        duration_s = probe(video).duration_s
    except MediaError:
        return [whole]
    return [whole] if duration_s <= max_s else cut_evenly(0.0, duration_s, max_s)


def _sound(video: Path) -> Path | None:
    """The sound track: in a tree of its own, as published or converted, or beside the video."""
    part = video.parents[3]
    inside = video.relative_to(part / "mp4")
    paths = ((part / tree / inside).with_suffix(suffix) for tree, suffix in _SOUND)
    return next((path for path in paths if path.is_file()), None)
