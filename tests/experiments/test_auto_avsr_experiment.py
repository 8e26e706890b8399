"""Few labels and many: what stands in for hidden labels; the whole experiment in miniature."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tiny_corpus import write_corpus
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.experiments import auto_avsr, experiment
from viseme.experiments.experiment import Spread, Summary
from viseme.experiments.few_labels import Material
from viseme.experiments.run import reproduce
from viseme.text.transcript import Word


def material(num_hidden: int = 200) -> Material:
    words = ["bin", "blue", "at", "f", "two", "now"]
    times = [Word(word, index / 2, index / 2 + 0.4) for index, word in enumerate(words)]
    hidden = [
        Clip(f"clip{index}", text=" ".join(words), words=times, split="train")
        for index in range(num_hidden)
    ]
    hidden[0] = replace(hidden[0], text="set red", words=[])
    return Material([], hidden, [], Path())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_as_many_words_are_wrong_as_wanted(share: float) -> None:
    whole = material()
    clips = whole.corrupted(share, seed=1)
    assert whole.label_wer(clips) == pytest.approx(share, abs=0.04)
    assert clips == whole.corrupted(share, seed=1)
    for clip, true in zip(clips[1:], whole.hidden[1:], strict=True):
        assert [word.word for word in clip.words] == str(clip.text).split()
        assert [word.start_s for word in clip.words] == [word.start_s for word in true.words]
    assert clips[0].words == []


def test_labels_of_others_are_none_of_ones_own() -> None:
    whole = material(3)
    assert [clip.text for clip in whole.shuffled()] == [
        whole.hidden[1].text,
        whole.hidden[2].text,
        whole.hidden[0].text,
    ]
    assert all(clip.text is None and not clip.words for clip in whole.blank())


def test_the_seed_draws_the_few(tmp_path: Path) -> None:
    clips = [Clip(f"clip{index}", text="bin", split="train") for index in range(30)]
    clips += [Clip(f"val{index}", text="bin", split="val") for index in range(30)]
    clips += [Clip("test", text="bin", split="test"), Clip("untold", split="train")]
    write_manifest(tmp_path / "m.jsonl", clips)
    one, two = (Material.of(tmp_path / "m.jsonl", 5, 100, seed) for seed in (1, 2))
    assert one == Material.of(tmp_path / "m.jsonl", 5, 100, 1)
    assert [clip.id for clip in one.labelled] != [clip.id for clip in two.labelled]
    drawn = {clip.id for clip in one.labelled} | {clip.id for clip in one.hidden}
    assert drawn == {f"clip{index}" for index in range(30)}
    assert len(one.val) == 20


def test_a_clear_difference_is_one_of_two_errors() -> None:
    def summary(deviation: float, count: int = 4) -> Summary:
        return Summary(
            {
                "few": {"WER": Spread(0.8, deviation, count)},
                "pseudo-x8": {"WER": Spread(0.6, deviation, count)},
            }
        )

    (claim, *_) = experiment("auto_avsr").claims
    assert claim.verdict(summary(0.1)) == "holds"
    assert claim.verdict(summary(0.3)) == "fails"
    assert claim.verdict(summary(0.0, 1)) == "not run here", "one seed has no standard error"


TINY_NET = {
    "model.frontend_widths": "[4,8,12,16]",
    "model.dim": "32",
    "model.num_heads": "2",
    "model.hidden_dim": "64",
    "model.encoder_layers": "1",
    "model.decoder_layers": "1",
    "training.max_frames": "60",
}


@pytest.mark.slow
def test_the_whole_experiment_in_miniature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lightning")
    manifest = write_corpus(tmp_path / "corpus", 10, 6)
    clips = [
        replace(clip, extra={"num_frames": 14 + 11 * (len(clip.words) - 1)})
        for clip in read_manifest(manifest)
    ]
    clips[-3:] = [replace(clip, split="test") for clip in clips[-3:]]
    write_manifest(manifest, clips)
    size = auto_avsr.Size(2, 4, 4, 4, 0.1, TINY_NET)
    monkeypatch.setitem(auto_avsr.SIZES, "ci", size)
    monkeypatch.setattr(auto_avsr, "prepared_studio", lambda *_: manifest)
    # The sound is tones, in which nobody hears a command of GRID.
    arms = [arm.name for arm in experiment("auto_avsr").arms if "studio" not in arm.name]
    arms.remove("pocketsphinx-x8")
    out = tmp_path / "out"

    def whole() -> Summary:
        corpora, seeds = {"grid": manifest}, (1,)
        auto = experiment("auto_avsr")
        return reproduce(auto, "ci", out, arms=arms, seeds=seeds, corpora=corpora, device="cpu")

    summary = whole()
    assert set(summary.spreads) == set(arms)
    assert summary.mean("few", "clips") == 2
    assert summary.mean("true-x8", "clips") == 10
    assert summary.mean("true-x8", "label WER") == 0
    assert summary.mean("others-x8", "label WER") > 0
    for run in (out / "work/few-1/run", out / "work/common/teacher-grid-1/run"):
        (start,) = json.loads((run / "train.json").read_text())["training"]["initial"]
        assert Path(start).parts[-3] in ("start-video", "start-audio")
    results = json.loads((out / "results.json").read_text())
    assert len(results["claims"]) == len(experiment("auto_avsr").claims)
    before = (out / "results.json").read_bytes()
    whole()
    assert (out / "results.json").read_bytes() == before
