"""Reading in noise: every arm runs, and each claim can hold and fail."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tiny_corpus import write_clip
from viseme.data.manifest import write_manifest
from viseme.experiments import experiment, noise
from viseme.experiments.experiment import Summary
from viseme.experiments.run import reproduce
from viseme.recognition.beam_search import SearchOptions
from viseme.recognition.confidence import Abstention
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems.auto_avsr import PRESETS, AutoAVSR
from viseme.text.tokenizer import CharacterTokenizer

NOISE = experiment("noise")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    clips = [
        write_clip(tmp_path, "heard", ["up"], "test"),
        write_clip(tmp_path, "babbling", ["left"], "val"),
    ]
    write_manifest(tmp_path / "manifest.jsonl", clips)
    return tmp_path / "manifest.jsonl"


def knows_nothing(model: str, device: str) -> Recognizer:
    """A random model of the streams that the bundled one reads, which would withhold all."""
    torch.manual_seed(0)
    modality = {"asr": "audio", "vsr": "video", "-av": "av"}[model[-3:]]
    tokenizer = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz ")
    network = AutoAVSR(replace(PRESETS["ci"].model, modality=modality), tokenizer.vocab_size)
    options = SearchOptions(beam_size=1)
    config = ReadingConfig(modality, 64, search=options, abstention=Abstention(1.0, 1.0))
    return Recognizer(model, network, tokenizer, config, device)


def test_every_reader_reads_in_noise(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise, "load", knows_nothing)
    monkeypatch.setattr(noise, "SNRS_DB", (-5.0,))
    monkeypatch.setattr(noise, "LEVELS", ("clean", "-5 dB"))
    arms = ["voice-babble", "lips", "both-white", "auto-pink", "both-unseen-music", "both-unheard"]
    out = tmp_path / "out"
    summary = reproduce(NOISE, "ci", out, arms=arms, corpora={"grid": manifest}, device="cpu")
    assert set(summary.spreads) == set(arms)
    for arm in arms:
        figures = set(summary.spreads[arm])
        noisy = set() if arm in ("lips", "both-unheard") else {"-5 dB", "-5 dB, up to"}
        assert figures == {"clean", "clean, up to"} | noisy
        assert summary.mean(arm, "clean") > 0


def rates(**changed: float) -> Summary:
    """5 % everywhere with intervals up to 6 %, but for the arms given by name; in them all."""
    figures = dict.fromkeys(noise.LEVELS, 5.0)
    figures |= {f"{level}, up to": 6.0 for level in noise.LEVELS}
    trials = {arm.name: {1: dict(figures)} for arm in NOISE.arms}
    for arm, value in changed.items():
        trials[arm.replace("_", "-")][1] = dict.fromkeys(figures, value)
    return Summary.of(trials)


@pytest.mark.parametrize(
    ("claim", "changed", "verdict"),
    [
        (0, {}, "holds"),
        (0, {"both_pink": 6.5}, "fails"),
        (1, {}, "fails"),
        (1, {"voice_babble": 10.0}, "holds"),
        (2, {"both_unheard": 7.0}, "holds"),
        (2, {"both_unheard": 7.1}, "fails"),
        (3, {"auto_music": 6.0}, "holds"),
        (3, {"auto_music": 6.1}, "fails"),
        (3, {"lips": 3.9}, "fails"),
    ],
)
def test_claims_follow_the_figures(claim: int, changed: dict[str, float], verdict: str) -> None:
    assert NOISE.claims[claim].verdict(rates(**changed)) == verdict


def test_without_figures_nothing_is_claimed() -> None:
    assert {claim.verdict(Summary({})) for claim in NOISE.claims} == {"not run here"}
