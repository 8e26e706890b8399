"""Lhotse manifests: recordings.jsonl and supervisions.jsonl (optionally .gz).

A recording here is a clip's sound file, a supervision the clip: its part of the recording, text,
speaker and word times. What Lhotse has no field for travels under `custom`.
"""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from viseme.data.manifest import Clip
from viseme.errors import ManifestError
from viseme.files import UNREADABLE, atomic_write, read_text
from viseme.media import probe
from viseme.text.transcript import Word

CUSTOM_FIELDS = ("split", "corpus", "synthetic", "label_source", "confidence", "extra")


def write_lhotse(recordings: str | Path, supervisions: str | Path, clips: Iterable[Clip]) -> None:
    """Write both manifests; sound files are looked into for their rate and length.

    Raises:
        ManifestError: a clip has no sound.
        MediaError: its sound cannot be read.
    """
    rows = [(_recording(clip), _supervision(clip)) for clip in clips]
    for row, supervision in rows:
        if supervision["duration"] is None:
            supervision["duration"] = row["duration"] - supervision["start"]
    _write(Path(recordings), [recording for recording, _ in rows])
    _write(Path(supervisions), [supervision for _, supervision in rows])


def read_lhotse(recordings: str | Path, supervisions: str | Path) -> list[Clip]:
    """The supervisions as clips, in their order.

    Raises:
        ManifestError: a file is missing or malformed, or a recording is no single file.
    """
    try:
        by_id = {row["id"]: row for row in _read(Path(recordings))}
        return [_clip(row, by_id[row["recording_id"]]) for row in _read(Path(supervisions))]
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(
            f"is no Lhotse manifest ({type(error).__name__}: {error})",
            path=supervisions,
            todo="Give recordings and supervisions, each as JSON lines.",
        ) from error


def _recording(clip: Clip) -> dict[str, Any]:
    sound = clip.audio or clip.video
    info = None if sound is None else probe(sound)
    if sound is None or info is None or info.audio is None:
        raise ManifestError(f"clip {clip.id!r} has no sound for Lhotse", path=sound)
    rate = info.audio.sample_rate_hz
    return {
        "id": clip.id,
        "sources": [{"type": "file", "channels": [0], "source": str(sound.resolve())}],
        "sampling_rate": rate,
        "num_samples": round(info.duration_s * rate),
        "duration": info.duration_s,
        "channel_ids": [0],
    }


def _supervision(clip: Clip) -> dict[str, Any]:
    custom = {name: getattr(clip, name) for name in CUSTOM_FIELDS}
    custom["video"] = None if clip.video is None else str(clip.video.resolve())
    custom["whole"] = clip.end_s is None
    row: dict[str, Any] = {
        "id": clip.id,
        "recording_id": clip.id,
        "start": clip.start_s,
        "duration": None if clip.end_s is None else clip.end_s - clip.start_s,
        "channel": 0,
        "text": clip.text,
        "language": clip.language,
        "speaker": clip.speaker,
        "custom": custom,
    }
    if clip.words:
        # Lhotse counts word times from the recording's start, we from the clip's.
        row["alignment"] = {
            "word": [
                [w.word, clip.start_s + w.start_s, w.end_s - w.start_s, w.confidence]
                for w in clip.words
            ]
        }
    return row


def _clip(row: dict[str, Any], recording: dict[str, Any]) -> Clip:
    (source,) = recording["sources"]
    if source["type"] != "file":
        raise ValueError(f"recording {recording['id']!r} is of type {source['type']!r}")
    custom = dict(row.get("custom") or {})
    start_s, whole = row["start"], custom.pop("whole", False)
    known = {name: custom.pop(name) for name in CUSTOM_FIELDS if name in custom}
    video = custom.pop("video", None)
    known["extra"] = {**custom, **known.get("extra", {})}
    sound = Path(source["source"])
    return Clip(
        id=row["id"],
        video=None if video is None else Path(video),
        audio=None if video is not None and sound == Path(video) else sound,
        start_s=start_s,
        end_s=None if whole else start_s + row["duration"],
        text=row.get("text"),
        language=row.get("language") or "en",
        speaker=row.get("speaker"),
        words=[
            Word(word, at - start_s, at - start_s + length, 1.0 if score is None else score)
            for word, at, length, score in row.get("alignment", {}).get("word", [])
        ],
        **known,
    )


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    with atomic_write(path, "wb") as file:
        file.write(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = read_text(path)
    except UNREADABLE as error:
        raise ManifestError(f"cannot be read ({error})", path=path) from error
    # not splitlines, which also splits at characters that JSON holds as they are
    return [json.loads(line) for line in text.split("\n") if line.strip()]
