"""A full disk: every writer names the file, the cause and the remedy, and leaves nothing behind.

The limit of a process on the size of its files stands for the disk: beyond it, a write fails.
"""

import errno
import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from media_clips import write_clip
from viseme.cli.console import result
from viseme.cli.outputs import folder_sink, jsonl_sink
from viseme.data.contact_sheet import write_contact_sheet
from viseme.data.manifest import Clip, write_manifest
from viseme.data.outcomes import Outcome, Record, Reject
from viseme.data.roi_storage import write_rois
from viseme.errors import MediaError, OutputError
from viseme.files import atomic_write
from viseme.media import mux, write_audio, write_video
from viseme.text import subtitles
from viseme.text.transcript import Transcript, Word
from viseme.verbs.demo.still import Moment, write_still

LIMIT_BYTES = 2048
NOISE = np.random.default_rng(0).integers(0, 256, (30, 96, 96, 3), dtype=np.uint8)
SOUND = np.random.default_rng(0).uniform(-0.5, 0.5, 160_000)


def transcript(num_words: int) -> Transcript:
    words = [Word(f"word{i}", i / 10, (i + 1) / 10, 0.9) for i in range(num_words)]
    text = " ".join(word.word for word in words)
    return Transcript("a.mp4", text, words, 0.9, "video", "m", 3.0, 0.1, [], None)


LONG = transcript(100)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows beyond LIMIT_BYTES."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def save_arrays(path: Path) -> None:
    with atomic_write(path, "wb") as file:
        np.savez(file, noise=NOISE)


def write_record(path: Path) -> None:
    Record(path.parent, "a", "key", path.parent).write(
        Outcome(reject=Reject("a", "a.mp4", "unreadable", "x" * 4000))
    )


def write_still_picture(path: Path) -> None:
    write_still(path, [Moment(NOISE[0], None, None)], LONG)


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.json": lambda path: subtitles.write(LONG, path, "json"),
    "a.mp4": lambda path: write_video(path, NOISE, 25),
    "a.mkv": lambda path: write_video(path, NOISE, 25, SOUND, codec="ffv1"),
    "a.avi": lambda path: write_video(path, NOISE, 25, SOUND),
    "rois.mp4": lambda path: write_rois(path, NOISE[..., 0]),
    "a.wav": lambda path: write_audio(path, SOUND, 16_000),
    "a.flac": lambda path: write_audio(path, SOUND, 16_000),
    "a.ogg": lambda path: write_audio(path, SOUND, 16_000),
    "a.mp3": lambda path: write_audio(path, SOUND, 16_000),
    "a.jsonl": lambda path: write_manifest(path, [Clip(f"{i}") for i in range(200)]),
    "a.npz": save_arrays,
    "a.png": write_still_picture,
    "sheet.png": lambda path: write_contact_sheet(path, [Clip("a", path)], lambda _: NOISE),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_file_the_cause_and_the_remedy_are_named(tmp_path: Path, name: str) -> None:
    with full_disk(), pytest.raises(OutputError) as caught:
        WRITERS[name](tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert "cannot be written (" in caught.value.what
    assert "Free some space" in caught.value.todo
    assert not list(tmp_path.rglob("*"))


def test_a_record_of_a_clip_is_named(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(OutputError, match=r"\.json: cannot be written .* Free some"):
        write_record(tmp_path / "any")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_copy_with_other_sound_is_named(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", num_frames=25)
    with (
        full_disk(),
        pytest.raises(OutputError, match=r"copy\.mp4: cannot be written .* Free some"),
    ):
        mux(clip, SOUND, tmp_path / "copy.mp4")
    assert list(tmp_path.iterdir()) == [clip]


@pytest.mark.parametrize("formats", [("txt", "srt", "json"), ("json", "srt", "txt")])
def test_all_formats_of_a_recording_appear_or_none(
    tmp_path: Path, formats: tuple[str, ...]
) -> None:
    """The text alone would fit, the others do not; a recording before stays as it is."""
    write = folder_sink(tmp_path, [Path("short.mp4"), Path("long.mp4")], formats)
    write(0, transcript(2))
    before = {path.name for path in tmp_path.iterdir()}
    assert before == {f"short.{format}" for format in formats}
    with full_disk(), pytest.raises(OutputError, match=r"long\.(srt|json): cannot be written"):
        write(1, LONG)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_json_lines_are_named(tmp_path: Path) -> None:
    lines = tmp_path / "all.jsonl"
    with jsonl_sink(str(lines)) as write:
        write(0, transcript(2))
        with (
            full_disk(),
            pytest.raises(OutputError, match=r"all\.jsonl: cannot be written .* Free"),
        ):
            write(1, LONG)


def test_standard_output_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class FullStream(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys, "stdout", FullStream())
    with pytest.raises(
        OutputError, match=r"standard output: .* \(No space left on device\)\. Free"
    ):
        result("text")


def test_a_folder_that_is_not_ours_has_another_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), ".temporary")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match=r"a\.txt: .* \(Permission denied\)\. Check the perm"):
        subtitles.write(LONG, tmp_path / "a.txt", "txt")


def test_other_faults_while_a_file_is_open_are_not_laid_to_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.txt"):
        (tmp_path / "gone").read_text()


def test_errors_keep_their_parts_between_processes() -> None:
    error = MediaError("is empty", path=Path("a.mp4"), todo="Record it again.")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.path, copy.todo) == (
        MediaError,
        str(error),
        error.path,
        error.todo,
    )
