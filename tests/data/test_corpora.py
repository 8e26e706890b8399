"""Corpora as users have them: GRID in its usual layouts, and any folder of videos.

Finding clips opens no video, so the videos here are empty files.
"""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viseme.data.corpora import CORPORA, find_clips
from viseme.data.corpora.grid import SILENCES, decode_name, read_align
from viseme.data.manifest import Clip, write_manifest
from viseme.errors import ManifestError
from viseme.text.transcript import Word

ALIGN = """0 23750 sil
23750 29500 bin
29500 34000 blue
34000 35500 at
35500 41000 f
41000 47250 two
47250 53000 now
53000 74500 sil
"""
LAYOUTS = {
    "as distributed": ("s1/video/mpg_6000/bbaf2n.mpg", "s1/align/bbaf2n.align"),
    "flat": ("s1/bbaf2n.mpg", "s1/bbaf2n.align"),
    "flat, align beside": ("s1/bbaf2n.mpg", "s1/align/bbaf2n.align"),
    "by kind": ("video/s1/bbaf2n.mpg", "alignments/s1/bbaf2n.align"),
    "unpacked twice": ("s1/s1/bbaf2n.mpg", "align/s1/bbaf2n.align"),
    "converted": ("s1/BBAF2N.mp4", "s1/BBAF2N.align"),
}


def touch(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_grid_is_read(tmp_path: Path, layout: str) -> None:
    video, align = LAYOUTS[layout]
    touch(tmp_path, video)
    touch(tmp_path, align, text=ALIGN)
    (clip,) = find_clips(tmp_path, "grid")
    assert clip.id.lower() == "grid-s1-bbaf2n"
    assert clip.video == (tmp_path / video).resolve()
    assert (clip.text, clip.speaker, clip.corpus) == ("bin blue at f two now", "s1", "grid")
    assert clip.words[0] == Word("bin", 0.95, 1.18)
    assert clip.words[-1] == Word("now", 1.89, 2.12)


def test_a_speaker_alone_can_be_the_root(tmp_path: Path) -> None:
    touch(tmp_path, "s7/lbax4n.mpg")
    (clip,) = find_clips(tmp_path / "s7", "grid")
    assert clip.speaker == "s7"


def test_without_alignment_the_name_gives_the_text(tmp_path: Path) -> None:
    touch(tmp_path, "s34/pwwz9s.mpg")
    (clip,) = find_clips(tmp_path, "grid")
    assert (clip.text, clip.words) == ("place white with z nine soon", [])


def test_sound_beside_is_taken_and_the_better_copy_wins(tmp_path: Path) -> None:
    touch(tmp_path, "s2/video/mpg_6000/bbaf2n.mpg", "s2/video/mpg_vcd/bbaf2n.mpg")
    touch(tmp_path, "s2/audio/bbaf2n.wav")
    (clip,) = find_clips(tmp_path, "grid")
    assert clip.video is not None
    assert clip.video.parent.name == "mpg_6000"
    assert clip.audio == (tmp_path / "s2/audio/bbaf2n.wav").resolve()


def test_what_is_no_grid_clip_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "s1/holiday.mpg", "s35/bbaf2n.mpg", "bbaf2n.mpg", "s1/bbaw2n.mpg")
    touch(tmp_path, "s1/._bbaf2n.mpg", "s1/bbaf2n.txt")
    assert list(find_clips(tmp_path, "grid")) == []


@pytest.mark.parametrize("name", ["bbaf2", "bbaf2nn", "xbaf2n", "bbaw2n", "bbaf0n", ""])
def test_names_that_encode_no_sentence(name: str) -> None:
    assert decode_name(name) is None


SLOTS = ("blps", "bgrw", "abiw", "abcdefghijklmnopqrstuvxyz", "z123456789", "anps")


@settings(deadline=None)
@given(st.tuples(*(st.sampled_from(slot) for slot in SLOTS)))
def test_every_name_of_the_grammar_is_six_words(letters: tuple[str, ...]) -> None:
    sentence = decode_name("".join(letters))
    assert sentence is not None
    words = sentence.split()
    assert len(words) == 6
    assert [words[i][0] for i in (0, 1, 2, 3, 5)] == [letters[i] for i in (0, 1, 2, 3, 5)]


def test_one_frame_is_a_thousand_units(tmp_path: Path) -> None:
    touch(tmp_path, "a.align", text="0 1000 sil\n1000 2000 Bin\n2000 3000 sp\n")
    assert read_align(tmp_path / "a.align") == [Word("bin", 1 / 25, 2 / 25)]


@pytest.mark.parametrize("text", ["0 1000\n", "a b bin\n", "0 1 2 3\n"])
def test_a_malformed_alignment_is_named(tmp_path: Path, text: str) -> None:
    touch(tmp_path, "s1/bbaf2n.mpg")
    touch(tmp_path, "s1/bbaf2n.align", text=text)
    with pytest.raises(ManifestError, match=r"bbaf2n\.align"):
        list(find_clips(tmp_path, "grid"))


def many_clips(root: Path) -> None:
    names = [f"{c}{k}{p}{d}1n" for c in "blps" for k in "bgrw" for p in "abiw" for d in "abcdef"]
    for speaker in ("s1", "s3", "s22"):
        touch(root, *(f"{speaker}/{name}.mpg" for name in names))


def test_unseen_speakers_are_only_in_test(tmp_path: Path) -> None:
    many_clips(tmp_path)
    count = Counter((clip.speaker, clip.split) for clip in find_clips(tmp_path, "grid"))
    assert set(count) == {("s1", "test"), ("s22", "test"), ("s3", "train"), ("s3", "val")}
    assert 1 <= count["s3", "val"] <= 25


def test_overlapped_takes_255_of_each_speaker(tmp_path: Path) -> None:
    many_clips(tmp_path)
    clips = list(find_clips(tmp_path, "grid-overlapped"))
    count = Counter((clip.speaker, clip.split) for clip in clips)
    assert [count[speaker, "test"] for speaker in ("s1", "s3", "s22")] == [255] * 3
    assert {clip.split for clip in clips} == {"train", "val", "test"}
    again = {clip.id: clip.split for clip in find_clips(tmp_path, "grid-overlapped")}
    assert again == {clip.id: clip.split for clip in clips}


def test_speakers_come_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "s10/bbaf2n.mpg", "s2/bbaf2n.mpg", "s2/bbaf1n.mpg")
    ids = [clip.id for clip in find_clips(tmp_path, "grid")]
    assert ids == ["grid-s2-bbaf1n", "grid-s2-bbaf2n", "grid-s10-bbaf2n"]


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_manifest_in_the_folder_counts(tmp_path: Path, corpus: str) -> None:
    touch(tmp_path, "s1/bbaf2n.mpg")
    clip = Clip("mine", tmp_path / "s1/bbaf2n.mpg", split="test_unseen")
    write_manifest(tmp_path / "manifest.jsonl", [clip])
    assert list(find_clips(tmp_path, corpus)) == [clip]
    assert list(find_clips(tmp_path / "manifest.jsonl", corpus)) == [clip]


def test_real_alignments_agree_with_the_names(grid_root: Path) -> None:
    clips = [clip for clip in find_clips(grid_root, "grid") if clip.label_source == "corpus"]
    assert len(clips) > 1000
    for clip in clips:
        assert clip.text == decode_name(clip.id.split("-")[2])
        assert not SILENCES & {word.word for word in clip.words}


def test_lrs_transcripts_and_byte_order_marks(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.MOV", "c.webm", "d.mp4")
    touch(tmp_path, "a.txt", text="Text:  HELLO THERE\nConf:  5\n\nWORD START END\n")
    (tmp_path / "b.txt").write_bytes("\ufeffgrüß dich".encode())
    touch(tmp_path, "c.txt", text="\n")
    clips = {clip.id: clip for clip in find_clips(tmp_path)}
    assert [clips[name].text for name in "abcd"] == ["HELLO THERE", "grüß dich", None, None]
    assert [clips[name].label_source for name in "abcd"] == ["corpus", "corpus", None, None]


def test_a_transcript_in_another_encoding_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    (tmp_path / "a.txt").write_bytes("grüß".encode("latin-1"))
    with pytest.raises(ManifestError, match=r"a\.txt.*UTF-8"):
        list(find_clips(tmp_path))
