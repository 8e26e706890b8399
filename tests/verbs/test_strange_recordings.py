"""Real clips of GRID as strange recordings hold them: read right, or withheld for the true reason.

Each file of shared/cases has a sibling here that is made of another clip.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from media_clips import write_clip
from viseme import assets
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.prepare import prepare
from viseme.data.roi_storage import read_rois
from viseme.errors import AssetError, VisemeError
from viseme.media import read_audio, read_frames, write_video
from viseme.recognition.confidence import Abstention
from viseme.recognition.recognizer import Recognizer
from viseme.systems import load
from viseme.verbs.transcribe import transcribe, transcribe_files

SAID = "bin blue at f two now"
CLIP = "grid-s1-bbbs6p"
SPEECH = "bin blue by s six please"


@pytest.fixture(scope="module")
def lips() -> Recognizer:
    try:
        assets.path("face_landmarker")
    except AssetError as error:
        pytest.skip(str(error))
    return load("grid-s1-vsr", "cpu")


@pytest.fixture(scope="module")
def doubter(lips: Recognizer) -> Recognizer:
    """The same, but withholding everything, so that every reading needs a reason."""
    config = replace(lips.config, abstention=Abstention(least_confidence=1.0))
    return Recognizer(lips.name, lips.network, lips.tokenizer, config, "cpu")


@pytest.fixture(scope="module")
def voice() -> Recognizer:
    return load("grid-s1-asr", "cpu")


@pytest.fixture(scope="module")
def row(grid_root: Path) -> Clip:
    (found,) = (row for row in read_manifest(grid_root / "manifest.jsonl") if row.id == CLIP)
    return found


@pytest.fixture(scope="module")
def clip(row: Clip) -> Path:
    assert row.video is not None
    return row.video


def squeezed(clip: Path, path: Path, aspect: Fraction) -> Path:
    """A copy whose pixels are `aspect` times as wide as high."""
    images = [Image.fromarray(image) for image in read_frames(clip)]
    size = round(images[0].width / aspect), images[0].height
    stored = [np.asarray(image.resize(size)) for image in images]
    shape = {"width": size[0], "height": size[1], "num_frames": len(images)}
    return write_clip(path, images=stored, aspect=aspect, **shape)


def test_anamorphic_lips_are_read(case: Callable[[str], Path], lips: Recognizer) -> None:
    assert transcribe(case("sar_2_1.mp4"), model=lips).text == SAID


@pytest.mark.parametrize("aspect", [Fraction(2), Fraction(3, 2), Fraction(4, 5)])
def test_crops_and_text_are_those_of_square_pixels(
    lips: Recognizer, clip: Path, tmp_path: Path, aspect: Fraction
) -> None:
    copy = squeezed(clip, tmp_path / "squeezed.mp4", aspect)
    assert transcribe(copy, model=lips).text == SPEECH
    rows = [Clip(id=name, video=path) for name, path in (("square", clip), ("squeezed", copy))]
    write_manifest(tmp_path / "both.jsonl", rows)
    report = prepare(tmp_path / "both.jsonl", tmp_path / "out", workers=1)
    crops = {c.id: read_rois(c.video) for c in read_manifest(report.out / "manifest.jsonl")}
    difference = crops["square"].astype(int) - crops["squeezed"]
    assert np.abs(difference).mean() < 3  # grey levels; a shift by one pixel gives 3.3


def test_the_voice_among_two_tracks_is_found(
    case: Callable[[str], Path], voice: Recognizer
) -> None:
    film = case("two_audio_tracks.mkv")
    for track in ("eng", "en", 2):
        found = transcribe(film, model=voice, audio_track=track)
        assert (found.text, found.warnings) == (SAID, [])
    unasked = transcribe(film, model=voice)
    assert unasked.text == ""
    assert [w for w in unasked.warnings if "sound tracks" in w] == [unasked.warnings[0]]
    assert "1 (fra) and 2 (eng), of which 1 is read; --audio-track" in unasked.warnings[0]
    with pytest.raises(
        VisemeError, match=r"no sound track 3; there are 2 .*1 \(fra\) and 2 \(eng\)"
    ):
        transcribe(film, model=voice, audio_track=3)


def with_voice(row: Clip, path: Path, late_s: float) -> Path:
    """The clip with its sound so much later than its picture."""
    assert row.audio is not None
    assert row.video is not None
    sound = read_audio(row.audio)
    silence = np.zeros(round(late_s * 16_000), np.float32)
    write_video(path, read_frames(row.video), 25, np.concatenate([silence, sound]))
    return path


def test_words_of_a_late_voice_are_late(case: Callable[[str], Path], voice: Recognizer) -> None:
    """All but the first word, which takes the silence before it for its own."""
    known_s = {"blue": 1.18, "at": 1.36, "f": 1.42, "two": 1.64, "now": 1.89}
    found = transcribe(case("voice_starts_two_seconds_late.mkv"), model=voice)
    assert found.text == SAID
    for word in found.words[1:]:
        assert word.start_s == pytest.approx(known_s[word.word] + 2, abs=0.2)


def test_words_move_with_the_voice(voice: Recognizer, row: Clip, tmp_path: Path) -> None:
    early, late = (
        transcribe(with_voice(row, tmp_path / f"{late_s}.mp4", late_s), model=voice)
        for late_s in (0.0, 0.6)
    )
    assert early.text == late.text == SPEECH
    for before, after in zip(early.words[1:], late.words[1:], strict=True):
        assert after.start_s - before.start_s == pytest.approx(0.6, abs=0.09)


def altered(clip: Path, path: Path, change: Callable[[Image.Image], Image.Image]) -> Path:
    """A copy with every picture changed."""
    images = [np.asarray(change(Image.fromarray(image))) for image in read_frames(clip)]
    write_video(path, images, 25, lossless=True)
    return path


def smaller(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((round(image.width * share), round(image.height * share)))


def darker(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(lambda level: level * share)


def blurred(radius_px: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.filter(ImageFilter.GaussianBlur(radius_px))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (smaller(1), "mean word confidence is 0.9"),  # nothing is wrong with it
        (smaller(0.2), r"face is too small to read lips: 2\d px wide, some 30 are needed"),
        (darker(0.2), r"too dark to be read: brightness [23]\d of 255, some 50 are needed"),
        (blurred(6), "too blurred to be read"),
        (darker(0), "the picture is black, or nearly: brightness 0 of 255"),
    ],
)
def test_what_is_wrong_with_the_picture_is_named(
    doubter: Recognizer,
    clip: Path,
    tmp_path: Path,
    change: Callable[[Image.Image], Image.Image],
    reason: str,
) -> None:
    (found,) = transcribe_files([altered(clip, tmp_path / "bad.mp4", change)], model=doubter)
    told = found.error or found.warnings[0]
    assert re.search(reason, told), told


@pytest.mark.parametrize("change", [smaller(0.4), darker(0.5), blurred(2)])
def test_what_can_still_be_read_is_not_withheld(
    lips: Recognizer, clip: Path, tmp_path: Path, change: Callable[[Image.Image], Image.Image]
) -> None:
    found = transcribe(altered(clip, tmp_path / "worse.mp4", change), model=lips)
    assert (found.text, found.warnings) == (SPEECH, [])


def test_too_few_pictures_are_named(doubter: Recognizer, clip: Path, tmp_path: Path) -> None:
    pictures = list(read_frames(clip))[::12]
    write_video(tmp_path / "slow.mp4", pictures, 25 / 12)
    write_video(tmp_path / "held.mp4", [p for p in pictures for _ in range(12)], 25)
    for path in (tmp_path / "slow.mp4", tmp_path / "held.mp4"):
        found = transcribe(path, model=doubter)
        assert re.search(r"too few pictures .* 2(\.\d)? a second, some 10", found.warnings[0])


def test_two_pictures_a_second(case: Callable[[str], Path], lips: Recognizer) -> None:
    found = transcribe(case("two_frames_a_second.mp4"), model=lips)
    assert found.text == ""
    assert re.search(r"too few pictures .* 2(\.\d)? a second, some 10", found.warnings[0])
    assert "confidence" not in found.warnings[0]
