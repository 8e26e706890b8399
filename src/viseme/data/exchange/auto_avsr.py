"""The label lists of Auto-AVSR: CSV without header, a clip a line.

    lrs3,lrs3_video_seg24s/test/xyz/00001.mp4,47,1234 87 2001

are the dataset's folder, the video's path in it, its number of frames, and token ids, which need
the tokenizer that made them. The sound lies beside the video as .wav.
"""

from collections.abc import Iterable
from pathlib import Path

from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, atomic_write, read_text
from viseme.text.tokenizer import Tokenizer


def read_auto_avsr(path: str | Path, root: str | Path, tokenizer: Tokenizer) -> list[Clip]:
    """The clips of a label list.

    Args:
        path: the list.
        root: folder that holds the datasets' folders.
        tokenizer: the one of the list's token ids.

    Raises:
        ManifestError: the list is missing, or a line is malformed; with its number.
    """
    path, root = Path(path), Path(root).resolve()
    try:
        lines = read_text(path).splitlines()
    except UNREADABLE as error:
        raise ManifestError(f"cannot be read ({error})", path=path) from error
    clips = []
    for number, line in enumerate(lines, 1):
        try:
            dataset, name, num_frames, ids = line.split(",")
            text = tokenizer.decode([int(token) for token in ids.split()])
            video = root / dataset / name
            clips.append(
                Clip(
                    id=f"{dataset}/{Path(name).with_suffix('').as_posix()}",
                    video=video,
                    audio=wav if (wav := video.with_suffix(".wav")).is_file() else None,
                    text=text,
                    corpus=dataset,
                    label_source="corpus",
                    extra={"num_frames": int(num_frames)},
                )
            )
        except ValueError as error:
            raise ManifestError(
                f"line {number} is not dataset,path,frames,tokens ({error})", path=path
            ) from error
    return clips


def write_auto_avsr(
    path: str | Path, clips: Iterable[Clip], root: str | Path, tokenizer: Tokenizer
) -> None:
    """Write a label list of clips whose videos lie in dataset folders below `root`.

    Ids, names of corpora and places of sounds are not in it: readers take the folders' names, and
    the .wav beside the video.

    Raises:
        ManifestError: a clip has no video there, no text, no known length, or is a part of a file.
    """
    root = Path(root).resolve()
    lines = []
    for clip in clips:
        if clip.video is None or clip.text is None or "num_frames" not in clip.extra:
            raise ManifestError(
                f"clip {clip.id!r} lacks its video, text or number of frames",
                todo=f"Run `viseme prepare` ({VIDEO_FPS} fps) on the corpus first.",
            )
        video = clip.video.resolve()
        inside = video.is_relative_to(root) and len(video.relative_to(root).parts) > 1
        if not inside or clip.start_s or clip.end_s is not None or "," in str(video):
            raise ManifestError(
                f"clip {clip.id!r} is no whole file in a dataset's folder below {root}", path=video
            )
        dataset, *parts = video.relative_to(root).parts
        tokens = " ".join(str(token) for token in tokenizer.encode(clip.text))
        lines.append(f"{dataset},{'/'.join(parts)},{clip.extra['num_frames']},{tokens}\n")
    with atomic_write(path) as file:
        file.writelines(lines)
