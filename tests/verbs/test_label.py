"""Labelling a manifest: the same whatever the workers and interruptions; rejects with reasons."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fake_labeller import ToneCounter, write_tones
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.data.prepare import Progress
from viseme.errors import ConfigError, ManifestError, VisemeError
from viseme.files import sole_writer
from viseme.labelling.labeller import Label, Piece
from viseme.labelling.transcriber import LabelConfig, Transcriber
from viseme.verbs.label import label
from viseme.verbs.label.labellers import find_labeller

COUNTS = [2, 0, 3, 1, 4]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = write_tones(tmp_path, COUNTS)
    clips = [*read_manifest(path), Clip("said", text="already", label_source="corpus")]
    write_manifest(path, clips)
    return path


def content(out: Path) -> tuple[str, str]:
    """What a labelling left behind: the manifest and the list of rejects."""
    return out.read_text(), out.with_name(f"{out.stem}.rejects.jsonl").read_text()


def num_new(manifest: Path, out: Path, transcriber: Transcriber, **settings: object) -> int:
    """How many clips are labelled anew."""
    told: list[Progress] = []
    label(manifest, out, transcriber, workers=1, on_progress=told.append, **settings)
    return len(told) - 1


def test_rows_come_out_in_order_and_rejects_apart(manifest: Path, tmp_path: Path) -> None:
    report = label(manifest, tmp_path / "out.jsonl", Transcriber(ToneCounter()), workers=1)
    clips = read_manifest(report.out)
    assert [clip.id for clip in clips] == ["clip0", "clip2", "clip3", "clip4", "said"]
    assert clips[0].text == "tone one tone two"
    assert clips[0].extra["place"] == 0
    assert (clips[-1].text, clips[-1].label_source) == ("already", "corpus")
    assert (report.annotated, report.rejected, report.untouched) == (4, 1, 1)
    assert report.reasons == {"silent": 1}
    assert report.confidence == 0.75
    (line,) = report.rejects.read_text().splitlines()
    reject = {"id": "clip1", "source": "clip1.wav", "code": "silent"}
    assert json.loads(line) == reject | {"reason": "nothing is to be heard."}


def test_bad_lines_are_listed_among_the_rejects(manifest: Path, tmp_path: Path) -> None:
    manifest.write_text("{\n" + manifest.read_text())
    with pytest.raises(ManifestError, match="line 1 is not a clip"):
        label(manifest, tmp_path / "out.jsonl", Transcriber(ToneCounter()), workers=1)
    report = label(
        manifest, tmp_path / "out.jsonl", Transcriber(ToneCounter()), skip_bad=True, workers=1
    )
    assert (report.annotated, report.reasons) == (4, {"bad_line": 1, "silent": 1})
    sources = [json.loads(line)["source"] for line in report.rejects.read_text().splitlines()]
    assert sources == ["line 1", "clip1.wav"]


def test_workers_and_order_change_nothing(manifest: Path, tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone.jsonl", tmp_path / "shared.jsonl"
    label(manifest, alone, Transcriber(ToneCounter()), workers=1)
    label(manifest, shared, Transcriber(ToneCounter()), workers=2)
    assert content(alone) == content(shared)
    backwards = tmp_path / "backwards.jsonl"
    write_manifest(backwards, read_manifest(manifest)[::-1])
    label(backwards, tmp_path / "turned.jsonl", Transcriber(ToneCounter()), workers=1)
    assert (
        alone.read_text().splitlines()
        == ((tmp_path / "turned.jsonl").read_text().splitlines()[::-1])
    )


def test_an_interrupt_says_how_to_go_on_and_loses_nothing(manifest: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    out, undisturbed = tmp_path / "out.jsonl", tmp_path / "undisturbed.jsonl"
    transcriber = Transcriber(ToneCounter())
    with pytest.raises(KeyboardInterrupt, match="3 of 5 clips; run the same command again"):
        label(manifest, out, transcriber, workers=1, on_progress=interrupt)
    assert not out.exists()
    assert num_new(manifest, out, transcriber) == 2
    label(manifest, undisturbed, transcriber, workers=1)
    assert content(out) == content(undisturbed)


def test_only_what_changed_is_labelled_again(manifest: Path, tmp_path: Path) -> None:
    out, transcriber = tmp_path / "out.jsonl", Transcriber(ToneCounter())
    assert num_new(manifest, out, transcriber) == 5
    assert num_new(manifest, out, transcriber) == 0
    write_tones(tmp_path / "other", [5])
    (tmp_path / "other" / "clip0.wav").replace(tmp_path / "clip1.wav")
    assert num_new(manifest, out, transcriber) == 1
    assert "clip1" in out.read_text()
    assert num_new(manifest, out, Transcriber(ToneCounter(sure=0.5))) == 5
    assert num_new(manifest, out, Transcriber(ToneCounter(sure=0.5)), resume=False) == 5
    upper = Transcriber(ToneCounter(sure=0.5), LabelConfig(writing="auto_avsr"))
    assert num_new(manifest, out, upper) == 5
    assert "TONE 1" in out.read_text()


class Broken(ToneCounter):
    """A labeller whose package fails."""

    def label(self, piece: Piece, language: str) -> Label:
        raise ConfigError("the package is gone")


def test_what_is_not_the_clips_fault_ends_the_work(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(VisemeError, match="the package is gone"):
        label(manifest, tmp_path / "out.jsonl", Transcriber(Broken()), workers=1)


def test_what_cannot_be_done_is_refused(manifest: Path, tmp_path: Path) -> None:
    transcriber, out = Transcriber(ToneCounter()), tmp_path / "out.jsonl"
    with pytest.raises(ConfigError, match="replace the manifest itself"):
        label(manifest, manifest, transcriber)
    with pytest.raises(ConfigError, match="workers is 0"):
        label(manifest, out, transcriber, workers=0)
    with pytest.raises(ManifestError, match="no such manifest"):
        label(tmp_path / "gone.jsonl", out, transcriber)
    (tmp_path / "text.jsonl").write_text("no manifest")
    with pytest.raises(ManifestError, match="line 1 is not a clip"):
        label(tmp_path / "text.jsonl", out, transcriber)
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(ManifestError, match="holds no clips"):
        label(tmp_path / "empty.jsonl", out, transcriber)
    records = tmp_path / ".out.jsonl.progress"
    records.mkdir()
    with sole_writer(records), pytest.raises(ConfigError, match="another process"):
        label(manifest, out, transcriber)


def test_an_aligner_keeps_what_it_cannot_align(manifest: Path, tmp_path: Path) -> None:
    class Keeper(Transcriber):
        keeps_unfit = True

    report = label(manifest, tmp_path / "out.jsonl", Keeper(ToneCounter()), workers=1)
    assert report.rejected == 1
    assert [clip.id for clip in read_manifest(report.out)] == [
        clip.id for clip in read_manifest(manifest)
    ]


def test_unknown_labellers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'sphinxx'.*pocketsphinx, whisper-base"):
        find_labeller("sphinxx")
    with pytest.raises(ConfigError, match="takes no grammar"):
        find_labeller("whisper-base", grammar="grid")
    with pytest.raises(VisemeError, match=r"no Whisper model .*config\.json"):
        find_labeller(f"whisper:{tmp_path}")
    with pytest.raises(VisemeError, match="not a model folder"):
        find_labeller(str(tmp_path))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pocketsphinx", None)
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    with pytest.raises(ConfigError, match=r"pip install 'viseme\[label\]'"):
        find_labeller("pocketsphinx")
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigError, match=r"pip install 'viseme\[label\]'"):
        find_labeller(f"whisper:{tmp_path}")


def test_a_labeller_is_what_decides_its_labels() -> None:
    first, second = Transcriber(ToneCounter()), Transcriber(ToneCounter())
    assert first == second
    assert first.identity == second.identity
    assert replace(first, labeller=ToneCounter(sure=0.1)).identity != first.identity
