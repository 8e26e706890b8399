"""The demonstration from clip to files, with a model that reads the same in everything."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from media_clips import Sound, click_times_s, write_clip
from needed_assets import need_assets
from viseme.errors import ConfigError, VisemeError
from viseme.face.align import MEAN_FACE, REGIONS
from viseme.face.tracker import Face
from viseme.media import probe, read_audio, read_frames
from viseme.metrics.recognition import wer
from viseme.recognition.recognizer import Reading, ReadingConfig
from viseme.studio.presets import find_preset
from viseme.studio.recipe import CorpusConfig, recipe
from viseme.studio.take import FOLDERS, PROGRESS, Job, make_take
from viseme.text.transcript import Word
from viseme.verbs.demo import CLIP, SENTENCE, demo
from viseme.verbs.transcribe import transcribe_files

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


def test_without_a_clip_the_one_that_comes_along_is_shown(tmp_path: Path) -> None:
    report = run(None, tmp_path)
    assert (report.clip, report.said) == (CLIP, SENTENCE)
    assert len(list(read_frames(report.video))) == len(list(read_frames(CLIP)))
    assert probe(CLIP).audio is not None
    assert CLIP.stat().st_size < 200_000


def test_the_clip_that_comes_along_is_read_right(face_networks: Path, tmp_path: Path) -> None:
    read = demo(None, tmp_path).transcript
    assert (read.text, read.warnings) == (SENTENCE, [])
    assert read.confidence > 0.9


@pytest.mark.slow
def test_ten_other_rendered_people_are_read(face_networks: Path, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    pytest.importorskip("espeakng_loader")
    need_assets("head_mesh", "kokoro")
    for folder in (*FOLDERS, PROGRESS):
        (tmp_path / folder).mkdir()
    settings = CorpusConfig(find_preset("grid"))
    takes = [make_take(Job(settings, recipe(settings, "test", n), tmp_path)) for n in range(1, 11)]
    clips = [clip for take in takes for clip in take.clips]
    assert len({clip.speaker for clip in clips}) == 10
    read = transcribe_files([str(clip.video) for clip in clips], mode="video")
    rate = wer([str(clip.text) for clip in clips], [transcript.text for transcript in read]).rate
    assert rate < 0.2, "7.6 % of the words of 139 such clips are misread (results/)"


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
