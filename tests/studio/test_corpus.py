"""Rendered corpora: well formed, resumable, the same from any number of workers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_studio import COMMANDS, FACES, SECOND, tree

from viseme.data.manifest import read_manifest
from viseme.errors import ConfigError
from viseme.media import probe, read_audio, read_frames
from viseme.studio.corpus import CorpusReport, Progress, render_corpus
from viseme.studio.presets import PRESETS, Preset
from viseme.studio.recipe import CorpusConfig, recipe
from viseme.studio.truth import load_truth, redraw

SIZE_PX = 64


def make(
    preset: str | Preset, out: Path, *, hours: float = 2 * SECOND, workers: int = 1, **options
) -> CorpusReport:
    options = {"size_px": SIZE_PX, "head": "drawn"} | options
    return render_corpus(preset, hours, out, workers=workers, **options)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished silent corpus; tests leave it as it is."""
    out = tmp_path_factory.mktemp("faces")
    make(FACES, out)
    return out


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished corpus with speech."""
    pytest.importorskip("espeakng_loader")
    out = tmp_path_factory.mktemp("commands")
    make(COMMANDS, out)
    return out


def test_every_file_is_there(faces: Path) -> None:
    clips = read_manifest(faces / "manifest.jsonl")
    assert {path.name for path in faces.iterdir()} == {
        *("manifest.jsonl", "README.md", "statistics.json", "contact_sheet.png", "corpus.json"),
        *("video", "audio", "truth", ".progress", ".lock"),
    }
    assert {path.stem for path in (faces / "truth").iterdir()} == {clip.id for clip in clips}
    assert clips[0].id == "faces-train-00000"


def test_the_train_split_is_the_shortest_that_lasts_long_enough(faces: Path) -> None:
    lengths = [
        clip.extra["num_frames"] / 25
        for clip in read_manifest(faces / "manifest.jsonl")
        if clip.split == "train"
    ]
    assert sum(lengths) >= 2 > sum(lengths[:-1])


def test_a_clip_is_what_its_row_says(commands: Path) -> None:
    for clip in read_manifest(commands / "manifest.jsonl"):
        assert clip.video is not None
        assert clip.audio is not None
        assert clip.synthetic
        assert [word.word for word in clip.words] == clip.text.split()
        info = probe(clip.video)
        assert (info.video.width, info.video.height, info.audio is not None) == (64, 64, True)
        frames = list(read_frames(clip.video, fps=25))
        truth = load_truth(commands / clip.extra["truth"])
        sound_s = len(read_audio(clip.audio)) / 16_000
        assert len(frames) == len(truth.performance) == clip.extra["num_frames"]
        assert 0 <= len(frames) / 25 - sound_s < 1 / 25
        assert (truth.identity.id, truth.story.text) == (clip.speaker, clip.text)
        error = np.abs(np.stack(frames).astype(float) - redraw(truth)).mean()
        assert error < 6, "the video shows what the truth renders"


def test_splits_share_neither_people_nor_voices_nor_sentences(commands: Path) -> None:
    clips = read_manifest(commands / "manifest.jsonl")
    for of in (lambda c: c.speaker, lambda c: c.extra["voice"], lambda c: c.text):
        parts = [{of(c) for c in clips if c.split == s} for s in ("train", "val", "test")]
        assert len(set.union(*parts)) == sum(map(len, parts))


def test_the_number_of_workers_makes_no_difference(faces: Path, tmp_path: Path) -> None:
    make(FACES, tmp_path / "two", workers=2)
    assert tree(tmp_path / "two") == tree(faces)


def test_what_is_done_is_kept_and_what_is_damaged_is_done_again(tmp_path: Path) -> None:
    first = make(FACES, tmp_path, hours=SECOND)
    whole = tree(tmp_path)
    (tmp_path / "video" / "faces-train-00000.mp4").unlink()
    (tmp_path / "video" / ".half-written.mp4").touch()
    again = make(FACES, tmp_path, hours=SECOND)
    assert (first.resumed, first.rendered) == (0, 3)
    assert (again.resumed, again.rendered) == (2, 1)
    assert tree(tmp_path) == whole


def test_more_hours_add_and_fewer_take_away(tmp_path: Path) -> None:
    make(FACES, tmp_path, hours=SECOND)
    short = tree(tmp_path)
    longer = make(FACES, tmp_path, hours=2 * SECOND)
    assert (longer.resumed, longer.rendered) == (3, 1)
    make(FACES, tmp_path, hours=SECOND)
    assert tree(tmp_path) == short


def test_another_seed_renders_other_clips(tmp_path: Path) -> None:
    make(FACES, tmp_path, hours=SECOND)
    before = tree(tmp_path / "truth")
    other = make(FACES, tmp_path, hours=SECOND, seed=1)
    after = tree(tmp_path / "truth")
    assert (other.resumed, other.rendered) == (0, 3)
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


def test_an_interrupt_says_how_to_go_on(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.takes == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="after 1 of about 3 takes; run the same"):
        make(FACES, tmp_path, hours=SECOND, on_progress=stop)
    seen: list[Progress] = []
    report = make(FACES, tmp_path, hours=SECOND, on_progress=seen.append)
    assert [(now.takes, now.resumed) for now in seen] == [(0, 0), (1, 1), (2, 1), (3, 1)]
    assert seen[-1].expected == report.statistics["all"].takes == 3
    assert report.resumed == 1


def test_a_rig_gives_a_clip_per_camera(tmp_path: Path) -> None:
    report = make(replace(FACES, is_rig=True), tmp_path, hours=SECOND)
    clips = read_manifest(tmp_path / "manifest.jsonl")
    assert (report.statistics["all"].takes, report.statistics["all"].clips) == (3, 9)
    assert [clip.extra["camera"] for clip in clips[:3]] == ["centre", "left", "right"]
    units = [load_truth(tmp_path / clip.extra["truth"]).performance.units for clip in clips[:3]]
    np.testing.assert_array_equal(units[0], units[1])


def test_card_and_statistics(commands: Path) -> None:
    card = (commands / "README.md").read_text(encoding="utf-8")
    statistics = json.loads((commands / "statistics.json").read_text(encoding="utf-8"))
    clips = read_manifest(commands / "manifest.jsonl")
    assert "never stands for real footage" in card
    assert "viseme studio --preset grid" in card
    assert "espeak" in card
    assert statistics["all"]["clips"] == len(clips)
    assert statistics["train"]["words"] == 6 * statistics["train"]["takes"]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_recipes_of_every_preset(preset: Preset) -> None:
    settings = CorpusConfig(preset)
    splits = [part.name for part in preset.splits]
    recipes = {name: [recipe(settings, name, n) for n in range(400)] for name in splits}
    people = [{take.person for take in takes} for takes in recipes.values()]
    assert len(set.union(*people)) == sum(map(len, people))
    train = recipes["train"]
    assert {take.kind for take in train} == set(preset.kinds)
    assert {take.source for take in train} == set(preset.sources)
    for source in preset.sources:
        sexes = [take.person % 2 for take in train if take.source == source]
        assert 0.25 < np.mean(sexes) < 0.75, "no language belongs to one sex"
    assert len({take.seed for take in train}) == len(train)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "lrs9"}, "no preset 'lrs9'"),
        ({"hours": 0}, "hours is 0"),
        ({"hours": float("nan")}, "hours is nan"),
        ({"size_px": 32}, "size_px is 32"),
        ({"size_px": 514}, "size_px is 514"),
        ({"difficulty": 2}, "difficulty is 2"),
        ({"seed": -1}, "seed is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"head": "bust"}, "no head 'bust'"),
    ],
)
def test_settings_that_are_refused(tmp_path: Path, options: dict, message: str) -> None:
    options = {"preset": FACES} | options
    with pytest.raises(ConfigError, match=message):
        make(options.pop("preset"), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(ConfigError, match="holds other files"):
        make(FACES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_another_corpus_is_left_alone(faces: Path) -> None:
    before = tree(faces)
    with pytest.raises(ConfigError, match="holds a corpus of preset 'faces'"):
        make("grid", faces)
    assert tree(faces) == before
