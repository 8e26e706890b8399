"""Texts as editors of every system save them are read alike, wherever one is read."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viseme.data.corpora import find_clips
from viseme.data.corpora.grid import read_align
from viseme.data.corpora.id_list import read_ids
from viseme.data.corpora.lrs import read_lrs_text
from viseme.data.exchange.auto_avsr import read_auto_avsr
from viseme.data.exchange.kaldi import read_kaldi
from viseme.data.exchange.lhotse import read_lhotse
from viseme.data.manifest import read_manifest
from viseme.files import read_text
from viseme.recognition.grammar import read_slots
from viseme.text.tokenizer import CharacterTokenizer, read_units

LETTERS = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz ")

WAYS: dict[str, Callable[[str], bytes]] = {
    "byte-order mark": lambda text: text.encode("utf-8-sig"),
    "Windows": lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    "UTF-16": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "UTF-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "no last line end": lambda text: text.rstrip("\n").encode(),
}


def auto_avsr(folder: Path) -> Any:
    return read_auto_avsr(folder / "list.csv", folder, LETTERS)


def lhotse(folder: Path) -> Any:
    return read_lhotse(folder / "r.jsonl", folder / "s.jsonl")


def folder_of_videos(folder: Path) -> Any:
    return [(clip.id, clip.text) for clip in find_clips(folder)]


def lrs2(folder: Path) -> Any:
    return list(find_clips(folder, "lrs2"))


def avspeech(folder: Path) -> Any:
    return list(find_clips(folder, "avspeech"))


RECORDING = '{"id": "r", "sources": [{"type": "file", "source": "/a.wav"}]}\n'
SUPERVISION = '{"id": "s", "recording_id": "r", "start": 0, "duration": 1, "text": "grüß"}\n'

READERS: dict[str, tuple[Callable[[Path], Any], dict[str, str]]] = {
    "manifest": (
        lambda folder: read_manifest(folder / "m.jsonl"),
        {"m.jsonl": '{"id": "a", "text": "grüß"}\n{"id": "b"}\n'},
    ),
    "lhotse": (lhotse, {"r.jsonl": RECORDING, "s.jsonl": SUPERVISION}),
    "kaldi": (
        read_kaldi,
        {"wav.scp": "a /a.wav\nb /b.wav\n", "text": "a grüß\nb dich\n", "utt2spk": "a s\nb s\n"},
    ),
    "auto_avsr": (auto_avsr, {"list.csv": "lrs3,x/1.mp4,47,1 2\nlrs3,x/2.mp4,5,3\n"}),
    "id list": (lambda folder: read_ids(folder / "list"), {"list": "grüß\nb\n"}),
    "lrs text": (
        lambda folder: read_lrs_text(folder / "1.txt"),
        {"1.txt": "Text:  GRÜSS\n\nWORD START END ASDSCORE\nGRÜSS 0 1 1\n"},
    ),
    "lrs2 list": (lrs2, {"test.txt": "x/1 MV\n", "main/x/1.txt": "Text:  GRÜSS\n"}),
    "avspeech list": (
        avspeech,
        {"avspeech_test.csv": "-abc_DEF012,1,2,0.5,0.5\n", "-abc_DEF012_1-2.mp4": ""},
    ),
    "folder, .txt": (folder_of_videos, {"a.mp4": "", "a.txt": "grüß\ndich\n"}),
    "folder, .srt": (
        folder_of_videos,
        {"a.mp4": "", "a.srt": "1\n00:00:00,000 --> 00:00:01,000\ngrüß\n\n"},
    ),
    "grid": (lambda folder: read_align(folder / "a.align"), {"a.align": "0 1000 bin\n"}),
    "grammar": (
        lambda folder: read_slots(folder / "g.grammar"),
        {"g.grammar": "# comment\ngrüß dich\nnow\n"},
    ),
    "words": (lambda folder: read_slots(folder / "w.words"), {"w.words": "grüß\ndich\n"}),
    "units": (lambda folder: read_units(folder / "u.txt"), {"u.txt": "ü 1\nb 2\n"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", READERS)
def test_every_text_is_read_however_it_was_saved(tmp_path: Path, kind: str, way: str) -> None:
    read, files = READERS[kind]
    found = []
    for encode in (str.encode, WAYS[way]):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(encode(text))
        found.append(read(tmp_path))
    assert found[0]
    assert found[1] == found[0]


@pytest.mark.parametrize("way", WAYS)
def test_gzip_changes_nothing(tmp_path: Path, way: str) -> None:
    text = '{"id": "a", "text": "grüß"}\n{"id": "b"}\n'
    (tmp_path / "m.jsonl.gz").write_bytes(gzip.compress(WAYS[way](text)))
    assert [clip.id for clip in read_manifest(tmp_path / "m.jsonl.gz")] == ["a", "b"]


def test_a_mark_inside_a_text_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\ufeffb", encoding="utf-8")
    assert read_text(tmp_path / "a.txt") == "a\ufeffb"
