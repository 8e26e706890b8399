"""The GRID corpus (Cooke et al., 2006): 34 speakers, 1,000 six-word sentences each.

Reads the folders that the corpus and its common repackagings unpack to: what counts is that each
video `<name>.mpg` lies somewhere below a folder `s1` to `s34`, and its `<name>.align` and
`<name>.wav`, if any, too (`s1/video/mpg_6000/bbaf2n.mpg`, `s1/align/bbaf2n.align`,
`alignments/s1/bbaf2n.align`, `audio/s1/bbaf2n.wav`). Where the same clip is there more than once,
the copy of higher resolution (mpg_6000) is taken.

Splits follow LipNet (Assael et al., 2016, section 4.1); the paper names no validation set, ours is
one in 50 of the remaining clips. "Random" is a hash of speaker and name: the same everywhere.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from viseme.data.corpora.folder import VIDEO_SUFFIXES
from viseme.data.manifest import Clip
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, read_text
from viseme.text.transcript import Word

UNITS_PER_S = 25_000
"""Times in .align files: 1,000 units are one frame of video."""

UNSEEN_SPEAKERS = {"s1", "s2", "s20", "s22"}
OVERLAPPED_TEST_CLIPS = 255
VAL_EVERY = 50

SILENCES = {"sil", "sp"}

_COMMAND = {"b": "bin", "l": "lay", "p": "place", "s": "set"}
_COLOUR = {"b": "blue", "g": "green", "r": "red", "w": "white"}
_PREPOSITION = {"a": "at", "b": "by", "i": "in", "w": "with"}
_LETTER = {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"}
_DIGIT = dict(
    zip(
        "z123456789",
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        strict=True,
    )
)
_ADVERB = {"a": "again", "n": "now", "p": "please", "s": "soon"}
_SLOTS = (_COMMAND, _COLOUR, _PREPOSITION, _LETTER, _DIGIT, _ADVERB)

_SPEAKER = re.compile(r"s([1-9]|[12]\d|3[0-4])")


def find_clips(root: Path) -> Iterator[Clip]:
    """All clips, the speakers s1 s2 s20 s22 held out as "test": nobody is in two of the splits.

    The exception is "val", whose clips come from the training speakers.

    Raises:
        ManifestError: an .align file is malformed.
    """
    for clip in _clips(root):
        split = "test" if clip.speaker in UNSEEN_SPEAKERS else _train_or_val(clip)
        yield replace(clip, split=split)


def find_overlapped_clips(root: Path) -> Iterator[Clip]:
    """All clips, 255 of each speaker as "test": every speaker is in every split.

    Raises:
        ManifestError: an .align file is malformed.
    """
    clips = list(_clips(root))
    test: set[str] = set()
    for speaker in {clip.speaker for clip in clips}:
        ids = sorted((clip.id for clip in clips if clip.speaker == speaker), key=_chance)
        test.update(ids[:OVERLAPPED_TEST_CLIPS])
    for clip in clips:
        yield replace(clip, split="test" if clip.id in test else _train_or_val(clip))


def decode_name(name: str) -> str | None:
    """The sentence that a clip's name encodes ("bbaf2n": "bin blue at f two now"), else None."""
    if len(name) != len(_SLOTS):
        return None
    words = [slot.get(letter) for slot, letter in zip(_SLOTS, name.lower(), strict=True)]
    return None if None in words else " ".join(word for word in words if word)


def read_align(path: str | Path) -> list[Word]:
    """The words of an .align file with their times; its silences are left out.

    Raises:
        ManifestError: the file is malformed.
    """
    words = []
    try:
        for line in read_text(path).splitlines():
            if line.strip():
                start, end, word = line.split()
                if word.lower() not in SILENCES:
                    words.append(
                        Word(word.lower(), int(start) / UNITS_PER_S, int(end) / UNITS_PER_S)
                    )
    except (*UNREADABLE, ValueError) as error:
        raise ManifestError(
            f"is no GRID alignment ({error})",
            path=path,
            todo='Its lines read "start end word"; without the file the name gives the words.',
        ) from error
    return words


def _clips(root: Path) -> Iterator[Clip]:
    """One clip per speaker and name, in that order, without a split."""
    videos: dict[tuple[str, str], Path] = {}
    beside: dict[tuple[str, str, str], Path] = {}
    for path in sorted(root.resolve().rglob("*")):
        speaker = _speaker(path)
        if speaker is None or path.name.startswith("."):
            continue
        key, suffix = (speaker, path.stem), path.suffix.lower()
        if suffix in (".align", ".wav"):
            beside.setdefault((*key, suffix), path)
        elif (
            suffix in VIDEO_SUFFIXES
            and decode_name(path.stem)
            and (key not in videos or "mpg_6000" in path.parts)
        ):
            videos[key] = path
    for speaker, name in sorted(videos, key=lambda key: (int(key[0][1:]), key[1])):
        align = beside.get((speaker, name, ".align"))
        words = [] if align is None else read_align(align)
        yield Clip(
            id=f"grid-{speaker}-{name}",
            video=videos[speaker, name],
            audio=beside.get((speaker, name, ".wav")),
            text=" ".join(word.word for word in words) or decode_name(name),
            speaker=speaker,
            corpus="grid",
            label_source="corpus",
            words=words,
        )


def _speaker(path: Path) -> str | None:
    """The folder nearest to the file that is named like a speaker."""
    return next((part for part in reversed(path.parts[:-1]) if _SPEAKER.fullmatch(part)), None)


def _train_or_val(clip: Clip) -> str:
    return "train" if int(_chance(clip.id), 16) % VAL_EVERY else "val"


def _chance(clip_id: str) -> str:
    return sha256(clip_id.encode()).hexdigest()
