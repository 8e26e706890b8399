"""VoxCeleb2 and AVSpeech as they unpack and as they are downloaded: corpora without texts."""

import logging
from pathlib import Path

import numpy as np
import pytest
from raw_corpus import bright_faces, write_talk

from viseme.data.corpora import avspeech, find_clips, voxceleb2
from viseme.data.prepare import prepare
from viseme.errors import ManifestError
from viseme.media import write_video

CLIP = "id00012/21Uxsk56VDQ/00001"
VIDEO = "-abc_DEF012"


def touch(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def write_grey(path: Path, num_frames: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, [np.full((32, 32, 3), 120, np.uint8)] * num_frames, 25)


def test_voxceleb2_as_it_unpacks(tmp_path: Path) -> None:
    touch(tmp_path, f"dev/mp4/{CLIP}.mp4", f"dev/aac/{CLIP}.m4a")
    touch(tmp_path, "test/mp4/id00017/01dfn2spqyE/00001.mp4")
    touch(tmp_path, "dev/mp4/id00012/21Uxsk56VDQ/._00001.mp4", "dev/txt/id00012.txt")
    dev, test = find_clips(tmp_path, "voxceleb2")
    assert dev.id == f"voxceleb2/dev/{CLIP}_00"
    assert dev.audio == tmp_path / f"dev/aac/{CLIP}.m4a"
    assert (dev.speaker, dev.split, dev.language) == ("id00012", "train", "und")
    assert (dev.text, dev.label_source, dev.corpus) == (None, None, "voxceleb2")
    assert (test.speaker, test.split, test.audio) == ("id00017", "test", None)


@pytest.mark.parametrize("name", [f"dev/wav/{CLIP}.wav", f"dev/mp4/{CLIP}.wav"])
def test_converted_sound_of_voxceleb2_is_found(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"dev/mp4/{CLIP}.mp4", name)
    (clip,) = find_clips(tmp_path, "voxceleb2")
    assert clip.audio == tmp_path / name


def test_voxceleb2_is_cut_evenly(tmp_path: Path) -> None:
    lengths = {"one": 24, "two": 50, "rest": 61, "two_rest": 62}
    for name, num_frames in lengths.items():
        write_grey(tmp_path / f"dev/mp4/id1/{name}/00001.mp4", num_frames)
    found: dict[str, list[tuple[float, float | None]]] = {name: [] for name in lengths}
    for clip in voxceleb2.find_clips(tmp_path, max_s=1.0):
        assert clip.video is not None
        found[clip.video.parent.name].append((clip.start_s, clip.end_s))
    assert found["one"] == [(0.0, None)]
    assert found["two"] == [(0.0, 1.0), (1.0, 2.0)]
    assert found["rest"] == [(0.0, 1.0), (1.0, 2.0)]
    assert found["two_rest"] == [(0.0, 1.0), (1.0, 2.0), (2.0, pytest.approx(2.48))]


@pytest.mark.parametrize("line", [f"dev/mp4/{CLIP}", f"dev/{CLIP}", CLIP, f"{CLIP}.mp4"])
def test_the_english_list_of_voxceleb2_chooses(tmp_path: Path, line: str) -> None:
    other = "id00012/21Uxsk56VDQ/00002"
    touch(tmp_path, f"dev/mp4/{CLIP}.mp4", f"dev/mp4/{other}.mp4")
    touch(tmp_path, "vox-en.id", text=f"{line}\ndev/mp4/id99/not/here\n\n")
    (clip,) = find_clips(tmp_path, "voxceleb2")
    assert (clip.id, clip.language) == (f"voxceleb2/dev/{CLIP}_00", "en")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\n", "is empty"),
        (b"dev/id9/x/1\n", "names no video of this folder"),
        (b"\xff", "cannot be"),
    ],
)
def test_a_useless_english_list_is_named(tmp_path: Path, text: bytes, message: str) -> None:
    touch(tmp_path, f"dev/mp4/{CLIP}.mp4")
    (tmp_path / "vox-en.id").write_bytes(text)
    with pytest.raises(ManifestError, match=rf"vox-en\.id: {message}"):
        list(find_clips(tmp_path, "voxceleb2"))


def test_a_folder_without_videos_of_voxceleb2_says_so(tmp_path: Path) -> None:
    touch(tmp_path, f"mp4/{CLIP}.mp4")
    with pytest.raises(ManifestError, match="no videos"):
        list(find_clips(tmp_path, "voxceleb2"))


def test_a_broken_video_of_voxceleb2_is_rejected_with_its_reason(tmp_path: Path) -> None:
    root = tmp_path / "vox2"
    touch(root, f"dev/mp4/{CLIP}.mp4", text="no video")
    write_talk(root / "dev/mp4/id00012/21Uxsk56VDQ/00002.mp4", 20)
    out = tmp_path / "out"
    report = prepare(root, out, corpus="voxceleb2", workers=1, make_tracker=bright_faces)
    assert (report.accepted, report.reasons) == (1, {"unreadable": 1})


def write_list(root: Path, *lines: str, name: str = "avspeech_train.csv") -> None:
    touch(root, name, text="".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    "name",
    [
        f"{VIDEO}_090.000000-095.520000",
        f"{VIDEO}_90.0_95.52",
        f"{VIDEO}_90.00",
        f"{VIDEO}_90",
    ],
)
def test_avspeech_clips_under_the_names_of_their_downloaders(tmp_path: Path, name: str) -> None:
    write_list(tmp_path, f"{VIDEO},90.000000,95.520000,0.45,0.5")
    touch(tmp_path, f"clips/x/{name}.mp4")
    (clip,) = find_clips(tmp_path, "avspeech")
    assert clip.id == f"avspeech/{VIDEO}_90.000_00"
    assert clip.video == tmp_path / f"clips/x/{name}.mp4"
    assert (clip.start_s, clip.end_s) == (0.0, None)
    assert (clip.split, clip.language, clip.text) == ("train", "und", None)
    assert clip.extra == {"face": [0.45, 0.5]}


def test_avspeech_parts_of_whole_videos(tmp_path: Path) -> None:
    write_list(tmp_path, f"{VIDEO},90.0,95.52,0.1,0.2", f"{VIDEO},3.0,6.0,0.1,0.2")
    write_list(tmp_path, f"{VIDEO},7.0,9.0,0.1,0.2", name="avspeech_test.csv")
    touch(tmp_path, f"{VIDEO}.webm", f"{VIDEO}_3.0.mp4")
    first, second, third = find_clips(tmp_path, "avspeech")
    assert (first.video, first.start_s, first.end_s) == (tmp_path / f"{VIDEO}.webm", 90.0, 95.52)
    assert (second.video, second.end_s) == (tmp_path / f"{VIDEO}_3.0.mp4", None)
    assert (third.start_s, third.split) == (7.0, "test")


def test_long_parts_of_avspeech_are_cut_evenly(tmp_path: Path) -> None:
    write_list(tmp_path, f"{VIDEO},10.0,12.5,0.1,0.2")
    touch(tmp_path, f"{VIDEO}.mp4")
    pieces = [(c.start_s, c.end_s) for c in avspeech.find_clips(tmp_path, max_s=1.0)]
    assert pieces == [(10.0, 11.0), (11.0, 12.0), (12.0, 12.5)]
    (tmp_path / f"{VIDEO}.mp4").rename(tmp_path / f"{VIDEO}_10.0.mp4")
    pieces = [(c.start_s, c.end_s) for c in avspeech.find_clips(tmp_path, max_s=1.0)]
    assert pieces == [(0.0, 1.0), (1.0, 2.0), (2.0, 2.5)]


def test_vanished_videos_are_counted_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_list(tmp_path, f"{VIDEO},1.0,2.0,0,0", "gone_video1,1.0,2.0,0,0")
    touch(tmp_path, f"{VIDEO}_1.0-2.0.mp4", "holiday.mp4", f"{VIDEO}_5.0-6.0.mp4")
    with caplog.at_level(logging.WARNING):
        assert len(list(find_clips(tmp_path, "avspeech"))) == 1
    assert "1 of 2 lines have no file" in caplog.text
    (tmp_path / f"{VIDEO}_1.0-2.0.mp4").unlink()
    with pytest.raises(ManifestError, match="no line of the lists has a file here"):
        list(find_clips(tmp_path, "avspeech"))


def test_the_english_list_of_avspeech_chooses(tmp_path: Path) -> None:
    write_list(tmp_path, f"{VIDEO},1.0,2.0,0,0", "01234567890,1.0,2.0,0,0")
    touch(tmp_path, f"{VIDEO}.mp4", "01234567890.mp4")
    touch(tmp_path, "avspeech-en.id", text="01234567890\n")
    (clip,) = find_clips(tmp_path, "avspeech")
    assert (clip.id, clip.language) == ("avspeech/01234567890_1.000_00", "en")


def test_prepared_crops_are_no_clips_of_avspeech(tmp_path: Path) -> None:
    write_list(tmp_path, f"{VIDEO},0.0,0.8,0,0")
    write_talk(tmp_path / f"{VIDEO}.mp4", 20)
    out = tmp_path / "a" / "prepared"
    prepare(tmp_path, out, corpus="avspeech", workers=1, make_tracker=bright_faces)
    assert (out / f"mouth/avspeech/{VIDEO}_0.000_00.mp4").is_file()
    (clip,) = find_clips(tmp_path, "avspeech")
    assert clip.video == tmp_path / f"{VIDEO}.mp4"


@pytest.mark.parametrize(
    "line", ["a,b", f"{VIDEO},x,2,0,0", f"{VIDEO},2,1,0,0", f"{VIDEO},-1,1,0,0"]
)
def test_a_malformed_line_of_avspeech_is_named(tmp_path: Path, line: str) -> None:
    write_list(tmp_path, f"{VIDEO},1.0,2.0,0,0", line)
    touch(tmp_path, f"{VIDEO}.mp4")
    with pytest.raises(ManifestError, match=r"avspeech_train\.csv: line 2 is not video,start"):
        list(find_clips(tmp_path, "avspeech"))


def test_avspeech_without_lists_says_so(tmp_path: Path) -> None:
    touch(tmp_path, f"{VIDEO}.mp4")
    with pytest.raises(ManifestError, match="has neither avspeech_train"):
        list(find_clips(tmp_path, "avspeech"))
