"""Manifests of other toolkits: what they can hold comes back, what they cannot is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viseme.data.exchange.auto_avsr import read_auto_avsr, write_auto_avsr
from viseme.data.exchange.kaldi import read_kaldi, write_kaldi
from viseme.data.exchange.lhotse import read_lhotse, write_lhotse
from viseme.data.manifest import Clip
from viseme.errors import ManifestError
from viseme.media import write_audio
from viseme.text.tokenizer import CharacterTokenizer
from viseme.text.transcript import Word

LETTERS = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz ")


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """A whole file, a part of one, and one that says little."""
    write_audio(tmp_path / "one.flac", np.zeros(48_000), 16_000)
    words = [Word("bin", 0.25, 0.5, 0.5), Word("blue", 0.5, 1.0)]
    whole = Clip("one", tmp_path / "one.mp4", tmp_path / "one.flac", text="bin blue", language="de",
                 speaker="s2", split="val", corpus="grid", label_source="corpus", confidence=0.5,
                 words=words, extra={"num_frames": 75})  # fmt: skip
    part = replace(whole, id="a-part", start_s=0.5, end_s=2.5, speaker="s1")
    return [whole, part, Clip("zero", audio=tmp_path / "one.flac")]


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_lhotse_keeps_everything(tmp_path: Path, clips: list[Clip], suffix: str) -> None:
    recordings, supervisions = tmp_path / f"r.{suffix}", tmp_path / f"s.{suffix}"
    write_lhotse(recordings, supervisions, clips)
    assert read_lhotse(recordings, supervisions) == clips


def test_lhotse_of_others_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(
        '{"id": "r", "sources": [{"type": "file", "channels": [0], "source": "/a.wav"}],'
        ' "sampling_rate": 16000, "num_samples": 32000, "duration": 2.0, "channel_ids": [0]}\n'
    )
    (tmp_path / "s.jsonl").write_text(
        '{"id": "s", "recording_id": "r", "start": 0.5, "duration": 1.0, "channel": 0,'
        ' "text": "hello", "custom": {"mood": "fine"}}\n'
    )
    (clip,) = read_lhotse(tmp_path / "r.jsonl", tmp_path / "s.jsonl")
    assert (clip.audio, clip.start_s, clip.end_s) == (Path("/a.wav"), 0.5, 1.5)
    assert (clip.text, clip.extra) == ("hello", {"mood": "fine"})


def test_lhotse_texts_keep_their_line_breaks(tmp_path: Path, clips: list[Clip]) -> None:
    clips[0] = replace(clips[0], text="bin\u2028blue\x85at\nf")
    write_lhotse(tmp_path / "r.jsonl", tmp_path / "s.jsonl", clips)
    assert read_lhotse(tmp_path / "r.jsonl", tmp_path / "s.jsonl") == clips


@pytest.mark.parametrize("row", ["{}", "[]", "{", '{"recording_id": "x"}'])
def test_a_malformed_lhotse_manifest_is_named(tmp_path: Path, row: str) -> None:
    (tmp_path / "r.jsonl").write_text("")
    (tmp_path / "s.jsonl").write_text(row)
    with pytest.raises(ManifestError, match=r"s\.jsonl"):
        read_lhotse(tmp_path / "r.jsonl", tmp_path / "s.jsonl")


def test_kaldi_keeps_sound_text_and_speaker(tmp_path: Path, clips: list[Clip]) -> None:
    write_kaldi(tmp_path / "kaldi", clips)
    back = read_kaldi(tmp_path / "kaldi")
    assert [clip.id for clip in back] == ["a-part", "one", "zero"]
    for clip in back:
        (before,) = (other for other in clips if other.id == clip.id)
        for name in ("audio", "start_s", "end_s", "text"):
            assert getattr(clip, name) == getattr(before, name)
        assert clip.speaker == (before.speaker or before.id)
    assert (tmp_path / "kaldi" / "spk2utt").read_text() == "s1 a-part\ns2 one\nzero zero\n"


def test_kaldi_without_parts_needs_no_segments(tmp_path: Path, clips: list[Clip]) -> None:
    write_kaldi(tmp_path, [clips[0]])
    assert not (tmp_path / "segments").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "a b"},
        {"speaker": "x y"},
        {"start_s": 1.0},
        {"audio": None, "video": None},
        {"audio": Path("a\nb.wav")},
    ],
)
def test_what_kaldi_cannot_hold_is_refused(
    tmp_path: Path, clips: list[Clip], change: dict[str, object]
) -> None:
    with pytest.raises(ManifestError, match=r"Kaldi"):
        write_kaldi(tmp_path, [replace(clips[0], **change)])


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\t", "\u2028"])
def test_kaldi_texts_are_one_line(tmp_path: Path, clips: list[Clip], mark: str) -> None:
    write_kaldi(tmp_path, [replace(clips[0], text=f"bin{mark}blue at")])
    (clip,) = read_kaldi(tmp_path)
    assert clip.text == "bin blue at"


def test_kaldi_fields_may_be_parted_by_tabs(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("a\t/sound of/a.wav\n", encoding="utf-8")
    (tmp_path / "text").write_text("a\t bin\u2028blue \nb\n", encoding="utf-8")
    (tmp_path / "utt2spk").write_text("a \t s1\n", encoding="utf-8")
    (clip,) = read_kaldi(tmp_path)
    assert (clip.id, clip.audio, clip.speaker) == ("a", Path("/sound of/a.wav"), "s1")
    assert clip.text == "bin\u2028blue"


def test_kaldi_sound_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("a\n", encoding="utf-8")
    with pytest.raises(ManifestError, match=r"wav\.scp: 'a' names no sound"):
        read_kaldi(tmp_path)


def test_kaldi_commands_are_never_run(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("a sph2pipe a.sph |\n")
    with pytest.raises(ManifestError, match="command"):
        read_kaldi(tmp_path)


def test_auto_avsr_lists_come_back(tmp_path: Path) -> None:
    for name in ("test/x/1", "test/x/2"):
        (tmp_path / "lrs" / name).parent.mkdir(parents=True, exist_ok=True)
        write_audio(tmp_path / "lrs" / f"{name}.wav", np.zeros(16), 16_000)
    clips = [
        Clip(f"lrs/test/x/{i}", tmp_path / f"lrs/test/x/{i}.mp4", tmp_path / f"lrs/test/x/{i}.wav",
             text="hello there", corpus="lrs", label_source="corpus", extra={"num_frames": 40 + i})
        for i in (1, 2)
    ]  # fmt: skip
    write_auto_avsr(tmp_path / "l.csv", clips, tmp_path, LETTERS)
    first = (tmp_path / "l.csv").read_text().splitlines()[0]
    assert first.startswith("lrs,test/x/1.mp4,41,")
    assert read_auto_avsr(tmp_path / "l.csv", tmp_path, LETTERS) == clips


def test_auto_avsr_lists_lose_what_the_docs_say(tmp_path: Path, clips: list[Clip]) -> None:
    before = replace(clips[0], video=tmp_path / "lrs" / "one.mp4")  # its sound lies elsewhere
    write_auto_avsr(tmp_path / "l.csv", [before], tmp_path, LETTERS)
    (clip,) = read_auto_avsr(tmp_path / "l.csv", tmp_path, LETTERS)
    assert (clip.video, clip.text, clip.extra) == (before.video, before.text, before.extra)
    assert (clip.id, clip.corpus, clip.audio) == ("lrs/one", "lrs", None)


@pytest.mark.parametrize("line", ["a,b", "lrs,a.mp4,x,1", "lrs,a.mp4,1,x", "lrs,a.mp4,1,99999"])
def test_a_malformed_auto_avsr_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "l.csv").write_text(f"lrs,a.mp4,1,1\n{line}\n")
    with pytest.raises(ManifestError, match="line 2"):
        read_auto_avsr(tmp_path / "l.csv", tmp_path, LETTERS)


def test_auto_avsr_takes_whole_files_below_its_root(tmp_path: Path, clips: list[Clip]) -> None:
    with pytest.raises(ManifestError, match="no whole file"):
        write_auto_avsr(tmp_path / "l.csv", clips[:1], tmp_path / "elsewhere", LETTERS)
    with pytest.raises(ManifestError, match="lacks"):
        write_auto_avsr(tmp_path / "l.csv", clips[2:], tmp_path, LETTERS)
