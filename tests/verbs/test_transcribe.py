"""Files to text with a model that knows nothing: chunks, order, errors, exit from bad input."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from media_clips import Sound, write_clip
from viseme.errors import ConfigError, VisemeError
from viseme.face.tracker import Face
from viseme.media import write_audio
from viseme.recognition.confidence import Abstention
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems.auto_avsr import PRESETS, AutoAVSR, Modality
from viseme.text.tokenizer import CharacterTokenizer
from viseme.verbs.transcribe import transcribe, transcribe_files

TOKENIZER = CharacterTokenizer.from_texts(["abcdefghijklmnopqrstuvwxyz "])


class StillFace:
    """A tracker that sees the same face in every frame brighter than black."""

    def track(self, frames) -> Iterator[list[Face]]:
        rng = np.random.default_rng(0)
        landmarks = rng.uniform(30, 90, (478, 3)).astype(np.float32)
        for frame in frames:
            face = Face(0, landmarks, (30.0, 30.0, 90.0, 90.0), 1.0)
            yield [face] if frame.max() > 40 else []


def recognizer(
    chunk_s: float = 1.0, least_confidence: float = 0.0, modality: Modality = "video"
) -> Recognizer:
    torch.manual_seed(1)
    network = AutoAVSR(replace(PRESETS["ci"].model, modality=modality), TOKENIZER.vocab_size)
    config = ReadingConfig(
        modality,
        PRESETS["ci"].model.crop_size,
        chunk_s,
        abstention=Abstention(least_confidence, 0.5),
    )
    return Recognizer("random", network, TOKENIZER, config, "cpu")


def read(paths: Sequence[Path], **options):
    options = {"model": recognizer(), "tracker": StillFace(), "beam": 2} | options
    return list(transcribe_files(paths, **options))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "talk.mp4", num_frames=40)


def test_a_bad_file_does_not_stop_the_others(clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no video")
    sound = write_clip(
        tmp_path / "black.mp4",
        num_frames=10,
        images=[np.zeros((96, 128, 3), np.uint8)],
        numbers=[0] * 10,
        width=128,
        height=96,
    )
    found = read([text, clip, tmp_path / "missing.mp4", sound, clip])
    assert [transcript.error is None for transcript in found] == [False, True, False, False, True]
    for transcript, path in zip(found, [text, clip, tmp_path / "missing.mp4", sound], strict=False):
        assert transcript.path == str(path)
        assert transcript.error is None or path.name in transcript.error
    assert "face" in str(found[3].error)
    assert found[1].text == found[4].text


def test_the_batch_does_not_change_the_text(clip: Path, tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mp4", num_frames=13)
    paths = [clip, short, clip, short]
    texts = [[t.text for t in read(paths, batch_size=size)] for size in (1, 2, 3, 16)]
    assert all(other == texts[0] for other in texts)
    assert texts[0][0] == texts[0][2] != ""


def test_words_lie_in_order_inside_the_recording(clip: Path) -> None:
    (transcript,) = read([clip], model=recognizer(chunk_s=0.4))
    assert transcript.words
    times = [time for word in transcript.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= transcript.duration_s + 0.05
    assert transcript.text.split() == [word.word for word in transcript.words]


def test_doubtful_words_are_withheld_with_a_warning(clip: Path) -> None:
    (transcript,) = read([clip], model=recognizer(least_confidence=0.999))
    assert transcript.text == ""
    assert transcript.words == []
    assert transcript.error is None
    assert transcript.warnings[0].startswith("0.0 s to 1.0 s: ")


def test_hidden_lips_are_not_read(tmp_path: Path) -> None:
    images = [np.zeros((96, 128, 3), np.uint8), np.full((96, 128, 3), 200, np.uint8)]
    path = write_clip(
        tmp_path / "turned.mp4", images=images, numbers=[1] * 25 + [0] * 50, width=128, height=96
    )
    (transcript,) = read([path])
    assert any("no readable lips" in warning for warning in transcript.warnings)
    assert all(word.end_s < 2.0 for word in transcript.words)


def test_progress_reaches_the_end_of_every_file(clip: Path) -> None:
    seen: dict[str, float] = {}
    read([clip], on_progress=lambda path, share: seen.update({path: share}))
    assert seen == {str(clip): 1.0}


def test_a_grammar_is_obeyed(clip: Path, tmp_path: Path) -> None:
    words = tmp_path / "few.words"
    words.write_text("ab\nba\n")
    (transcript,) = read([clip], constraint=words)
    assert set(transcript.text.split()) <= {"ab", "ba"}


def test_a_model_of_lips_refuses_to_listen(clip: Path) -> None:
    with pytest.raises(ConfigError, match="reads video, not audio"):
        read([clip], mode="audio")


def test_sound_alone_has_no_lips(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    write_audio(path, np.zeros(16_000, np.float32), 16_000)
    (transcript,) = read([path])
    assert transcript.error is not None
    assert "no picture" in transcript.error


def test_one_file_in_python(clip: Path, tmp_path: Path) -> None:
    options = {"model": recognizer(), "tracker": StillFace()}
    assert transcribe(clip, **options).path == str(clip)
    with pytest.raises(VisemeError, match=r"missing\.mp4"):
        transcribe(tmp_path / "missing.mp4", **options)


def test_sound_beside_the_picture_is_no_trouble(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "both.mp4", num_frames=25, audio=Sound())
    assert read([path], select="speaking")[0].error is None


class BrokenTracker:
    """A tracker that fails as no tracker should."""

    def track(self, frames) -> Iterator[list[Face]]:
        raise RuntimeError("out of order")


def test_even_a_fault_of_ours_stops_only_its_file(clip: Path) -> None:
    found = read([clip, clip], tracker=BrokenTracker())
    assert ["out of order" in str(transcript.error) for transcript in found] == [True, True]


def film(path: Path, *, grey: int, sound: Sound | None) -> Path:
    """Two seconds of one grey, with a tone or silence."""
    image = np.full((96, 128, 3), grey, np.uint8)
    return write_clip(
        path, num_frames=50, images=[image], numbers=[0] * 50, width=128, height=96, audio=sound
    )


TONE, SILENCE = Sound(clicks_s=(0.5, 1.2)), Sound(hum=0.0)


@pytest.mark.parametrize(
    ("grey", "sound", "mode"),
    [(200, TONE, "av"), (200, SILENCE, "video"), (200, None, "video"), (0, TONE, "audio")],
)
def test_auto_reads_what_is_seen_and_heard(
    tmp_path: Path, grey: int, sound: Sound | None, mode: str
) -> None:
    path = film(tmp_path / "film.mp4", grey=grey, sound=sound)
    (transcript,) = read([path], model=recognizer(modality="av"))
    assert transcript.error is None
    assert transcript.mode == mode
    (alone,) = read([path], model=recognizer(modality="av"), mode=mode)
    if mode != "audio":
        assert transcript.text == alone.text


def test_the_voice_is_read_where_no_face_is_seen(tmp_path: Path) -> None:
    path = film(tmp_path / "dark.mp4", grey=0, sound=TONE)
    (transcript,) = read([path], model=recognizer(modality="av"))
    assert any("only the voice is read" in warning for warning in transcript.warnings)
    (asked,) = read([path], model=recognizer(modality="av"), mode="av")
    assert asked.error is not None


def test_darkness_and_silence_have_no_text(tmp_path: Path) -> None:
    path = film(tmp_path / "nothing.mp4", grey=0, sound=SILENCE)
    for mode in ("auto", "av", "video"):
        (transcript,) = read([path], model=recognizer(modality="av"), mode=mode)
        assert transcript.text == ""
        assert "face" in str(transcript.error)


@pytest.mark.parametrize("modality", ["audio", "av"])
@pytest.mark.parametrize("num_samples", [0, 300, 80_000])
def test_silent_sound_has_no_text(tmp_path: Path, modality: Modality, num_samples: int) -> None:
    path = tmp_path / "silence.wav"
    write_audio(path, np.zeros(num_samples, np.float32), 16_000)
    (transcript,) = read([path], model=recognizer(modality=modality))
    assert transcript.text == ""
    assert transcript.error or any("there is no sound" in text for text in transcript.warnings)


def test_sound_is_read_by_a_model_that_hears(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    write_audio(path, np.random.default_rng(0).normal(0, 0.1, 40_000).astype(np.float32), 16_000)
    for modality in ("audio", "av"):
        (transcript,) = read([path], model=recognizer(modality=modality))
        assert transcript.error is None
        assert transcript.mode == "audio"
        assert transcript.text


@pytest.mark.parametrize("mode", ["auto", "av"])
def test_sound_that_outlasts_the_picture_is_read_alone(tmp_path: Path, mode: str) -> None:
    image = np.full((96, 128, 3), 200, np.uint8)
    loud = Sound(hum=0.3, duration_s=5.0)
    path = write_clip(
        tmp_path / "still.mkv", num_frames=50, images=[image], numbers=[0] * 50, audio=loud
    )
    (transcript,) = read([path], model=recognizer(modality="av"), mode=mode)
    assert transcript.mode == "av"
    assert any("from 2.0 s on there is only sound" in warning for warning in transcript.warnings)
    assert transcript.words[-1].end_s > 3.0
    (lips,) = read([path], model=recognizer(modality="av"), mode="video")
    assert lips.words[-1].end_s <= 2.0
    assert not any("only sound" in warning for warning in lips.warnings)


@pytest.mark.parametrize(("modality", "remarks"), [("audio", 1), ("av", 1), ("video", 0)])
def test_a_choice_of_sound_tracks_is_told_once(
    tmp_path: Path, modality: Modality, remarks: int
) -> None:
    sounds = [Sound(language="fra", clicks_s=(0.5,)), Sound(language="eng", clicks_s=(1.5,))]
    film = write_clip(tmp_path / "film.mp4", num_frames=75, audio=sounds)
    model = recognizer(modality=modality)
    (found,) = read([film], model=model)
    told = [w for w in found.warnings if "1 (fra) and 2 (eng), of which 1 is read" in w]
    assert len(told) == remarks
    for track in (1, 2, "en"):
        (found,) = read([film], model=model, audio_track=track)
        assert not any("sound tracks" in warning for warning in found.warnings)
    (missing,) = read([film], model=model, audio_track="de")
    assert "no sound track de; there are 2 sound tracks" in str(missing.error)
