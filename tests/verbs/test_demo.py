"""The demonstration from clip to files, with a model that reads the same in everything."""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from media_clips import Sound, click_times_s, write_clip
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.errors import ConfigError, VisemeError
from viseme.face.align import MEAN_FACE, REGIONS
from viseme.face.tracker import Face
from viseme.media import probe, read_audio, read_frames
from viseme.recognition.recognizer import Reading, ReadingConfig
from viseme.text.transcript import Word
from viseme.verbs.demo import demo, grid_clip
from viseme.verbs.demo_clip import write_talking_head

NUM_FRAMES = 30
WORDS = [Word("bin", 0.2, 0.4, 0.9), Word("blue", 0.4, 0.7, 0.5), Word("now", 0.8, 1.1, 0.7)]


class SameReading:
    """In place of a recogniser: reads these words in every clip, or withholds them."""

    name, config = "stub", ReadingConfig()

    def __init__(self, withheld: str | None = None) -> None:
        self._withheld = withheld

    def read(self, stream: torch.Tensor, lengths: torch.Tensor, *_, **__) -> list[Reading]:
        assert stream.shape[:2] == (len(lengths), int(lengths.max()))
        return [Reading(WORDS, None, self._withheld) for _ in lengths]


class StillFace:
    """A tracker that sees a small mean face in all frames but some."""

    def __init__(self, hidden: Sequence[int] = ()) -> None:
        self._hidden = hidden

    def track(self, frames: Iterable[NDArray[np.uint8]]) -> Iterator[list[Face]]:
        landmarks = np.zeros((478, 3), np.float32)
        landmarks[:, :2] = MEAN_FACE.mean(0)
        for region, mean in zip(REGIONS, MEAN_FACE, strict=True):
            landmarks[list(region), :2] = mean
        landmarks = landmarks * 0.25 + np.float32([40, 30, 0])
        for number, _ in enumerate(frames):
            face = Face(0, landmarks, (60.0, 50.0, 90.0, 80.0), 0.9)
            yield [] if number in self._hidden else [face]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "talk.mkv", num_frames=NUM_FRAMES, audio=Sound(clicks_s=[0.5]))


def run(clip: Path | None, out: Path, *, withheld: str | None = None, hidden: Sequence[int] = ()):
    return demo(clip, out, model=SameReading(withheld), tracker=StillFace(hidden))


def test_all_files_tell_the_same(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "new" / "folder")
    assert report.transcript.text == "bin blue now"
    assert report.transcript.rtf > 0
    assert report.subtitles.read_text().splitlines()[1:3] == [
        "00:00:00,200 --> 00:00:01,200",
        "bin blue now",
    ]
    assert json.loads(report.record.read_text()) == report.transcript.as_dict()
    with Image.open(report.still) as still:
        assert still.format == "PNG"
    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert names == {"talk.srt", "talk.json", "talk.mp4", "demo.png"}


def test_the_video_keeps_its_length_size_and_sound(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out")
    before, after = (list(read_frames(path)) for path in (clip, report.video))
    assert len(after) == len(before) == NUM_FRAMES
    assert after[0].shape == before[0].shape
    assert click_times_s(read_audio(report.video), 16_000) == pytest.approx([0.5], abs=0.03)


def test_a_silent_video_stays_silent(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "silent.mp4", num_frames=NUM_FRAMES)
    assert probe(run(clip, tmp_path / "out").video).audio is None


def test_without_a_face_in_it_a_picture_is_left_alone(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out", hidden=range(0, 20))
    before, after = (list(read_frames(path)) for path in (clip, report.video))

    def difference(number: int) -> float:
        return float(np.abs(after[number].astype(int) - before[number]).mean())

    assert difference(1) < 2, "no face and no word yet, only coded once more"
    assert difference(28) > 4


def test_what_cannot_be_read_is_not_invented(clip: Path, tmp_path: Path) -> None:
    report = run(clip, tmp_path / "out", withheld="no readable speech here")
    assert report.transcript.text == ""
    assert report.subtitles.read_text() == ""
    assert "the mouth is too blurred to be read" in report.transcript.warnings[0]  # it is no mouth
    assert len(list(read_frames(report.video))) == NUM_FRAMES
    assert report.still.is_file()


def test_without_clip_and_corpus_a_head_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISEME_SHARED", str(tmp_path))
    short = partial(write_talking_head, num_frames=NUM_FRAMES)
    monkeypatch.setattr("viseme.verbs.demo.write_talking_head", short)
    report = run(None, tmp_path / "out")
    assert report.clip.is_file()
    assert report.clip != report.video
    assert report.said == "bin blue at f two now"
    assert len(list(read_frames(report.video))) == NUM_FRAMES


def test_the_first_test_clip_of_the_corpus_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISEME_SHARED", str(tmp_path))
    root = tmp_path / "data" / "grid"
    for name in ("s1/a.mp4", "s1/b.mp4", "s1/c.mp4", "original/b.mpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    splits = {"a": "train", "b": "test", "c": "test"}
    clips = [
        Clip(name, root / "s1" / f"{name}.mp4", None, text=f"bin {name}", split=split)
        for name, split in splits.items()
    ]
    write_manifest(root / "manifest.jsonl", clips)
    assert grid_clip() == (root / "original" / "b.mpg", "bin b")
    (root / "original" / "b.mpg").unlink()
    assert grid_clip() == (root / "s1" / "b.mp4", "bin b")
    write_manifest(root / "manifest.jsonl", clips[:1])
    assert grid_clip() is None


def test_the_corpus_at_hand_gives_a_test_clip(
    grid_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISEME_SHARED", str(grid_root.parents[1]))
    chosen = grid_clip()
    assert chosen is not None
    (clip,) = [
        c for c in read_manifest(grid_root / "manifest.jsonl") if c.id.endswith(chosen[0].stem)
    ]
    assert (clip.split, clip.text) == ("test", chosen[1])


def test_the_clip_itself_is_never_overwritten(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "talk.mp4", num_frames=5)
    content = clip.read_bytes()
    with pytest.raises(ConfigError, match=r"talk\.mp4"):
        run(clip, tmp_path)
    assert clip.read_bytes() == content


def test_bad_clips_are_refused_by_name(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "empty.mkv", num_frames=NUM_FRAMES)
    with pytest.raises(VisemeError, match=r"empty\.mkv: no face"):
        run(clip, tmp_path / "out", hidden=range(NUM_FRAMES))
    with pytest.raises(VisemeError, match=r"missing\.mp4"):
        run(tmp_path / "missing.mp4", tmp_path / "out")
