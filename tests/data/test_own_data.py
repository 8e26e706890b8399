"""The road of docs/own_data.md: my folder of videos and texts, my model, my subtitles."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from raw_corpus import bright_faces, write_talk

from viseme.data.manifest import read_manifest
from viseme.data.prepare import prepare
from viseme.data.splits import Shares, parse_shares
from viseme.errors import ConfigError, ManifestError
from viseme.text.subtitles import write
from viseme.verbs.train import TrainReport, train
from viseme.verbs.transcribe import transcribe

TEXTS = ["Yes.", "No!", "Up, up.", "2 more", "Don\u2019t"]


def recordings(folder: Path) -> Path:
    """Five clips with texts as three editors save them."""
    for number, text in enumerate(TEXTS):
        write_talk(folder / f"Talk {number}.mp4", 15)
        encoding = ("utf-8", "utf-8-sig", "utf-16")[number % 3]
        (folder / f"Talk {number}.txt").write_text(f"{text}\r\n", encoding)
    return folder


def train_on(manifest: Path, run: Path) -> TrainReport:
    settings = {"loop.epochs": "1", "training.word_weight": "0"}
    return train("auto_avsr", manifest, run, preset="ci", settings=settings, device="cpu")


def test_from_a_folder_to_subtitles(tmp_path: Path) -> None:
    raw, out, run = recordings(tmp_path / "recordings"), tmp_path / "prepared", tmp_path / "run"
    prepare(raw, out, workers=1, make_tracker=bright_faces)
    with pytest.raises(ManifestError, match="--split 90,5,5"):
        train_on(out / "manifest.jsonl", run)

    def split(shares: Shares) -> None:
        prepare(raw, out, shares=shares, writing="viseme", workers=1, make_tracker=bright_faces)

    with pytest.raises(ConfigError) as caught:
        split(Shares(90, 5, 5))
    split(parse_shares(caught.value.todo.split()[1]))
    assert [clip.text for clip in read_manifest(out / "manifest.jsonl")] == [
        "yes",
        "no",
        "up up",
        "two more",
        "don't",
    ]
    model = train_on(out / "manifest.jsonl", run).model

    new = write_talk(tmp_path / "new.mp4", 15)
    transcript = transcribe(new, model=model, tracker=bright_faces(), device="cpu")
    write(transcript, tmp_path / "new.srt", "srt")
    assert transcript.error is None
    assert (tmp_path / "new.srt").is_file()


@pytest.mark.slow
def test_the_commands_of_the_page_teach_ten_clips(grid_root: Path, tmp_path: Path) -> None:
    """Started from the bundled reader, on sentences that it knows: what is left is to break it."""
    clips = [c for c in read_manifest(grid_root / "manifest.jsonl") if c.speaker == "s1"]
    (tmp_path / "recordings").mkdir()
    for number, clip in enumerate(clips[:10]):
        assert clip.video is not None
        shutil.copy(clip.video, tmp_path / f"recordings/Talk {number}{clip.video.suffix}")
        (tmp_path / f"recordings/Talk {number}.txt").write_text(f"{clip.text}.\n".capitalize())
    shutil.copy(str(clips[10].video), tmp_path / "new.mp4")

    def viseme(command: str) -> str:
        arguments = [sys.executable, "-m", "viseme", *command.split()]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    viseme("prepare recordings prepared --split 80,10,10 --writing viseme")
    model = viseme(
        "train auto_avsr --preset grid --modality video --manifest prepared/manifest.jsonl "
        "--training.initial grid-s1-vsr --loop.epochs 5 --out runs/mine"
    ).strip()
    viseme(f"evaluate {model} prepared/manifest.jsonl --split test --output figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())["report"]["test"]
    assert figures["wer"]["rate"] < 0.3
    viseme(f"transcribe new.mp4 --model {model} --output-dir subtitles --format srt")
    said, read = str(clips[10].text).split(), (tmp_path / "subtitles/new.srt").read_text().split()
    assert len(set(said) & set(read)) >= 4
