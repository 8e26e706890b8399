"""LRS2 and LRS3 as they unpack. Finding clips opens no video, so the videos are empty files."""

from collections import Counter
from pathlib import Path

import pytest
from raw_corpus import bright_faces, write_talk

from viseme.data.corpora import find_clips, lrs3
from viseme.data.corpora.lrs import read_lrs_text
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.prepare import prepare
from viseme.errors import ManifestError
from viseme.media import read_audio
from viseme.text.transcript import Word

SENTENCE = "Text:  SO FAR AS {WE} KNOW\nConf:  4\n"
TIMED = """Text:  SO FAR
Conf:  4

WORD START END ASDSCORE
SO 0.11 0.36 9.0
FAR 0.36 0.71 8.2
"""


def put(root: Path, name: str, text: str | None = SENTENCE, video: bool = True) -> None:
    """A video, an empty file, with its text."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if video:
        path.with_suffix(".mp4").touch()
    if text is not None:
        path.with_suffix(".txt").write_text(text)


def talk_of(length_s: int) -> str:
    """The text file of somebody who says a word a second."""
    rows = [f"W{number} {number}.10 {number}.90 5.0" for number in range(length_s)]
    return "\n".join(["Text:  ALL", "Conf:  5", "", "WORD START END ASDSCORE", *rows, ""])


def by_id(clips: list[Clip]) -> dict[str, Clip]:
    return {clip.id: clip for clip in clips}


def test_lrs3_as_it_unpacks(tmp_path: Path) -> None:
    put(tmp_path, "trainval/00j9bKdiOjk/50001")
    put(tmp_path, "test/0Fi83BHQsMA/00002", TIMED)
    put(tmp_path, "pretrain/00j9bKdiOjk/00001", TIMED)
    put(tmp_path, "trainval/00j9bKdiOjk/._50001")
    clips = by_id(list(find_clips(tmp_path, "lrs3")))
    assert set(clips) == {
        "lrs3/trainval/00j9bKdiOjk/50001",
        "lrs3/test/0Fi83BHQsMA/00002",
        "lrs3/pretrain/00j9bKdiOjk/00001_00",
    }
    sentence = clips["lrs3/trainval/00j9bKdiOjk/50001"]
    assert (sentence.text, sentence.words) == ("SO FAR AS WE KNOW", [])
    assert (sentence.split, sentence.language) == ("train", "en")
    assert (sentence.speaker, sentence.corpus) == ("00j9bKdiOjk", "lrs3")
    assert sentence.label_source == "corpus"
    assert sentence.video == tmp_path / "trainval/00j9bKdiOjk/50001.mp4"
    timed = clips["lrs3/test/0Fi83BHQsMA/00002"]
    assert (timed.split, timed.start_s, timed.end_s) == ("test", 0.0, None)
    assert timed.words == [Word("SO", 0.11, 0.36), Word("FAR", 0.36, 0.71)]
    assert clips["lrs3/pretrain/00j9bKdiOjk/00001_00"].split == "pretrain"


@pytest.mark.parametrize(("corpus", "max_s"), [("lrs3", 24), ("lrs3-16s", 16)])
def test_pretrain_is_cut_between_words(tmp_path: Path, corpus: str, max_s: int) -> None:
    put(tmp_path, "pretrain/abc/00001", talk_of(50))
    clips = list(find_clips(tmp_path, corpus))
    assert [clip.id[-3:] for clip in clips] == [f"_{i:02d}" for i in range(-(-50 // max_s))]
    assert " ".join(str(clip.text) for clip in clips) == " ".join(f"W{i}" for i in range(50))
    for clip in clips:
        assert clip.end_s is not None
        assert clip.end_s - clip.start_s <= max_s
        assert clip.text == " ".join(word.word for word in clip.words)
        first = int(clip.words[0].word[1:])
        assert clip.start_s + clip.words[0].start_s == pytest.approx(first + 0.1)


def test_val_talks_of_lrs3_are_in_no_training_split(tmp_path: Path) -> None:
    for number in range(400):
        put(tmp_path, f"trainval/talk{number}/00001")
        put(tmp_path, f"pretrain/talk{number}/00001", TIMED)
    clips = list(find_clips(tmp_path, "lrs3"))
    talks = {
        split: {clip.speaker for clip in clips if clip.split == split}
        for split in ("train", "val", "pretrain", "pretrain-val")
    }
    assert 1 <= len(talks["val"]) <= 20
    assert talks["val"] == talks["pretrain-val"]
    assert talks["train"] == talks["pretrain"]
    assert not talks["val"] & talks["train"]


@pytest.mark.parametrize("home", ["", "mvlrs_v1/"])
@pytest.mark.parametrize("lists_inside", [True, False])
def test_lrs2_as_it_unpacks(tmp_path: Path, home: str, lists_inside: bool) -> None:
    root = tmp_path / "lrs2"
    put(root, f"{home}main/5535415699068794046/00001")
    put(root, f"{home}main/6330311066473698535/00011")
    put(root, f"{home}main/6330311066473698535/00012")
    put(root, f"{home}pretrain/5535415699068794046/00007", talk_of(30))
    lists = {
        "train": "5535415699068794046/00001\n",
        "val": "\n",
        "test": "6330311066473698535/00011 NF MV\n",
        "pretrain": "5535415699068794046/00007\n",
    }
    inner = root / home
    for split, text in lists.items():
        ((inner if lists_inside else inner.parent) / f"{split}.txt").write_text(text)
    clips = list(find_clips(root, "lrs2"))
    assert Counter(clip.split for clip in clips) == {"train": 1, "test": 1, "pretrain": 2}
    assert clips[0].id == "lrs2/main/5535415699068794046/00001"
    assert clips[1].id == "lrs2/main/6330311066473698535/00011"
    assert clips[2].id == "lrs2/pretrain/5535415699068794046/00007_00"
    assert all(clip.speaker is None and clip.corpus == "lrs2" for clip in clips)
    if home:
        assert [clip.id for clip in find_clips(root / home, "lrs2")] == [c.id for c in clips]
    assert len(list(find_clips(root, "lrs2-16s"))) == len(clips)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 does not start with 'Text:'"),
        ("SO FAR\n", "line 1 does not start with 'Text:'"),
        (TIMED.replace("0.36 0.71 8.2", "0.36"), "line 6 is not a word"),
        (TIMED.replace("0.71", "late"), "line 6 is not a word.*'late'"),
        (TIMED.replace("0.71", "0.12"), "line 6 is not a word.*in no order"),
        (TIMED.replace("0.11", "-1"), "line 5 is not a word.*in no order"),
        (TIMED.replace("0.71", "nan"), "line 6 is not a word.*in no order"),
        (TIMED.replace("0.71", "inf"), "line 6 is not a word.*in no order"),
    ],
)
def test_a_malformed_text_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    put(tmp_path, "test/abc/00001", text)
    with pytest.raises(ManifestError, match=rf"(?s)00001\.txt: {message}"):
        list(find_clips(tmp_path, "lrs3"))


def test_pretrain_without_word_times_is_named(tmp_path: Path) -> None:
    put(tmp_path, "pretrain/abc/00001", SENTENCE)
    with pytest.raises(ManifestError, match=r"00001\.txt: has no word times"):
        list(find_clips(tmp_path, "lrs3"))


def test_a_text_in_another_encoding_is_named(tmp_path: Path) -> None:
    put(tmp_path, "test/abc/00001")
    (tmp_path / "test/abc/00001.txt").write_bytes("Text:  CAFÉ\n".encode("latin-1"))
    with pytest.raises(ManifestError, match=r"00001\.txt: cannot be read as text.*UTF-8"):
        list(find_clips(tmp_path, "lrs3"))


def test_windows_line_ends_a_byte_order_mark_and_braced_noises(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = TIMED.replace("SO 0.11", "{} 0.11").replace("\n", "\r\n")
    path.write_bytes(("\ufeff" + text).encode())
    read = read_lrs_text(path)
    assert read.text == "SO FAR"
    assert [word.word for word in read.words] == ["FAR"]


def test_a_video_without_text_is_an_error_and_a_text_without_video_a_reject(
    tmp_path: Path,
) -> None:
    root = tmp_path / "lrs3"
    put(root, "test/abc/00001", text=None)
    with pytest.raises(ManifestError, match=r"00001\.txt: is missing"):
        list(find_clips(root, "lrs3"))
    put(root, "test/abc/00001", video=False)
    put(root, "test/abc/00002", video=False)
    write_talk(root / "test/abc/00001.mp4", 20, sound_s=0.8)
    report = prepare(root, tmp_path / "out", corpus="lrs3", workers=1, make_tracker=bright_faces)
    assert (report.accepted, report.reasons) == (1, {"unreadable": 1})
    assert '"lrs3/test/abc/00002"' in (tmp_path / "out/rejects.jsonl").read_text()


def test_pieces_of_a_real_video_are_prepared(tmp_path: Path) -> None:
    """Frames, sound and word times of a piece are those of its part of the video."""
    root = tmp_path / "lrs3"
    put(root, "pretrain/abc/00001", talk_of(3))
    write_talk(root / "pretrain/abc/00001.mp4", 75, sound_s=3.0)
    write_manifest(root / "manifest.jsonl", lrs3.find_clips(root, max_s=2.0))
    report = prepare(root, tmp_path / "out", workers=1, make_tracker=bright_faces)
    assert (report.accepted, report.rejected) == (2, 0)
    first, second = read_manifest(tmp_path / "out/manifest.jsonl")
    assert (first.text, second.text) == ("W0 W1", "W2")
    assert first.extra["source_window_s"] == [0.0, 1.88]
    assert first.extra["num_frames"] == 47
    assert second.extra["source_window_s"] == [2.08, 2.88]
    assert second.extra["num_frames"] == 20
    assert second.words == [Word("W2", pytest.approx(0.02), pytest.approx(0.8))]
    assert second.audio is not None
    assert len(read_audio(second.audio)) == pytest.approx(20 * 640, abs=640)


def test_lrs2_needs_its_lists(tmp_path: Path) -> None:
    put(tmp_path, "main/5535415699068794046/00001")
    with pytest.raises(ManifestError, match="none of the lists train"):
        list(find_clips(tmp_path, "lrs2"))


@pytest.mark.parametrize("line", ["a/b/c", "../secret", "one", "/etc/passwd", "a\\b/1"])
def test_a_list_that_names_no_video_is_refused(tmp_path: Path, line: str) -> None:
    put(tmp_path, "main/1/00001")
    (tmp_path / "train.txt").write_text(f"1/00001\n{line}\n")
    with pytest.raises(ManifestError, match=r"train\.txt: line 2 names no video"):
        list(find_clips(tmp_path, "lrs2"))


def test_a_folder_that_is_no_lrs3_says_so(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="none of the folders trainval, test, pretrain"):
        list(find_clips(tmp_path, "lrs3"))
