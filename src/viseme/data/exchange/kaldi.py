"""Kaldi data folders: wav.scp, text, utt2spk, spk2utt and, for parts of recordings, segments.

Kaldi knows sound, not pictures: a clip's sound is its own file, else its video's track, and what
the format has no place for (split, word times, confidence, line breaks ...) is lost.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from viseme.data.manifest import Clip
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, atomic_write, read_text


def write_kaldi(folder: str | Path, clips: Iterable[Clip]) -> None:
    """Write a data folder, its files sorted by id as Kaldi wants them.

    Raises:
        ManifestError: a clip has no sound, is a part without an end, or has a space in its id or
            speaker or a line break in its sound's name.
    """
    folder = Path(folder)
    scp: dict[str, str] = {}
    text: dict[str, str] = {}
    speakers: dict[str, str] = {}
    segments: dict[str, str] = {}
    for clip in clips:
        sound, speaker = clip.audio or clip.video, clip.speaker or clip.id
        if sound is None:
            raise ManifestError(f"clip {clip.id!r} has no sound for Kaldi")
        if len(clip.id.split()) != 1 or len(speaker.split()) != 1:
            raise ManifestError(
                f"clip {clip.id!r} of speaker {speaker!r} cannot be named in Kaldi",
                todo="Remove spaces from ids and speakers.",
            )
        scp[clip.id] = str(sound.resolve())
        if "\n" in scp[clip.id]:
            raise ManifestError(f"clip {clip.id!r} has a sound that Kaldi cannot name", path=sound)
        text[clip.id] = " ".join((clip.text or "").split())
        speakers[clip.id] = speaker
        if clip.end_s is not None:
            segments[clip.id] = f"{clip.id} {clip.start_s!r} {clip.end_s!r}"
        elif clip.start_s:
            raise ManifestError(f"clip {clip.id!r} needs an end to be a segment in Kaldi")
    if segments:  # then every utterance must be one; -1 is Kaldi's "to the end"
        segments = {name: segments.get(name, f"{name} 0 -1") for name in scp}
    clips_of: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(speakers):
        clips_of[speakers[name]].append(name)
    _write(folder / "wav.scp", scp)
    _write(folder / "text", {name: words for name, words in text.items() if words})
    _write(folder / "utt2spk", speakers)
    _write(folder / "spk2utt", {name: " ".join(of) for name, of in clips_of.items()})
    if segments:
        _write(folder / "segments", segments)


def read_kaldi(folder: str | Path) -> list[Clip]:
    """The utterances of a data folder as clips with sound, in order of id.

    Relative paths are relative to the folder.

    Raises:
        ManifestError: a file is missing or malformed, or sound is made by a command.
    """
    folder = Path(folder)
    scp = _read(folder / "wav.scp")
    text = _read(folder / "text", optional=True)
    speakers = _read(folder / "utt2spk", optional=True)
    segments = _read(folder / "segments", optional=True) or {name: f"{name} 0 -1" for name in scp}
    clips = []
    for name, segment in sorted(segments.items()):
        try:
            recording, start, end = segment.split()
            sound, start_s, end_s = scp[recording], float(start), float(end)
        except (ValueError, KeyError) as error:
            raise ManifestError(
                f"the segment of {name!r} is malformed ({error})", path=folder / "segments"
            ) from error
        if not sound:
            raise ManifestError(f"{recording!r} names no sound", path=folder / "wav.scp")
        if sound.endswith("|"):
            raise ManifestError(
                f"the sound of {recording!r} is made by a command",
                path=folder / "wav.scp",
                todo="Run the commands once and list the files they make.",
            )
        clips.append(
            Clip(
                id=name,
                audio=(folder / sound).resolve(),
                start_s=start_s,
                end_s=end_s if end_s > 0 else None,
                text=text.get(name),
                speaker=speakers.get(name),
                label_source="corpus" if name in text else None,
            )
        )
    return clips


def _write(path: Path, table: Mapping[str, str]) -> None:
    with atomic_write(path) as file:
        file.writelines(f"{name} {table[name]}\n" for name in sorted(table))


def _read(path: Path, optional: bool = False) -> dict[str, str]:
    if optional and not path.is_file():
        return {}
    try:
        lines = read_text(path).split("\n")
    except UNREADABLE as error:
        raise ManifestError(f"cannot be read ({error})", path=path) from error
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {name: "".join(rest).strip() for name, *rest in pairs}
