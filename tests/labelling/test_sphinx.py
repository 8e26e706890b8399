"""Pocketsphinx on its own: grammars, repeatability, abstaining, alignment."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from viseme.data.outcomes import UnfitError
from viseme.errors import ConfigError
from viseme.labelling.jsgf import jsgf, words_of
from viseme.labelling.labeller import SAMPLE_RATE_HZ, Piece


def buzz(seed: int) -> np.ndarray:
    """A second of a buzzing voice-like sound."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    pitch_hz = 120 + 40 * np.sin(2 * np.pi * (1 + seed) * time_s)
    wave = sum(
        np.sin(n * np.cumsum(2 * np.pi * pitch_hz / SAMPLE_RATE_HZ)) / n for n in range(1, 9)
    )
    loudness = np.abs(np.sin(2 * np.pi * 3 * time_s))
    return (0.1 * loudness * wave + 0.01 * rng.normal(size=SAMPLE_RATE_HZ)).astype(np.float32)


def test_slots_become_a_sequence_and_words_a_loop(tmp_path: Path) -> None:
    (tmp_path / "a.grammar").write_text("up Down\nleft\n")
    (tmp_path / "a.words").write_text("up\ndown\n")
    assert jsgf(tmp_path / "a.grammar").endswith("public <utterance> = (up | down) (left);\n")
    assert jsgf(tmp_path / "a.words").endswith("public <utterance> = (up | down)+;\n")
    assert words_of(jsgf(tmp_path / "a.grammar")) == ["up", "down", "left"]
    assert words_of(jsgf(tmp_path / "a.words")) == ["up", "down"]
    assert len(words_of(jsgf("grid"))) == 51


def test_a_grammar_is_followed_and_the_past_does_not_count() -> None:
    pytest.importorskip("pocketsphinx")
    from viseme.labelling.sphinx import Sphinx

    labeller = Sphinx(jsgf("grid"))
    assert pickle.loads(pickle.dumps(labeller)) == labeller
    pieces = [Piece(buzz(seed)) for seed in range(3)]
    labels = [labeller.label(piece, "en") for piece in pieces]
    for label in labels:
        assert len(label.text.split()) in (0, 6)
        assert 0 <= label.confidence <= 1
        assert all(0 <= word.start_s < word.end_s <= 1.01 for word in label.words)
    assert [labeller.label(piece, "en") for piece in pieces[::-1]] == labels[::-1]


def test_silence_and_noise_have_no_text() -> None:
    pytest.importorskip("pocketsphinx")
    from viseme.labelling.sphinx import Sphinx

    noise = np.random.default_rng(0).normal(0, 0.01, SAMPLE_RATE_HZ).astype(np.float32)
    for audio in (np.zeros(0, np.float32), np.zeros(SAMPLE_RATE_HZ, np.float32), noise):
        assert Sphinx(jsgf("grid")).label(Piece(audio), "en").text == ""


def test_words_that_it_cannot_say_are_named(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    from viseme.labelling.aligner import align_words
    from viseme.labelling.sphinx import Sphinx

    (tmp_path / "a.grammar").write_text("up xyzzy\n")
    with pytest.raises(ConfigError, match="cannot say the words 'xyzzy'"):
        Sphinx(jsgf(tmp_path / "a.grammar")).label(Piece(buzz(0)), "en")
    with pytest.raises(UnfitError, match="lacks 'xyzzy'") as caught:
        align_words(buzz(0), "up xyzzy")
    assert caught.value.code == "unknown_word"


@pytest.mark.parametrize("text", ["", "?!", "bin blue " * 40])
def test_a_text_that_does_not_fit_is_refused(text: str) -> None:
    pytest.importorskip("pocketsphinx")
    from viseme.labelling.aligner import align_words

    with pytest.raises(UnfitError) as caught:
        align_words(buzz(0), text)
    assert caught.value.code == "not_aligned"


def test_words_are_found_where_the_corpus_has_them(grid_root: Path) -> None:
    pytest.importorskip("pocketsphinx")
    from viseme.data.manifest import read_manifest
    from viseme.labelling.aligner import Aligner, align_words
    from viseme.media import read_audio

    clips = [clip for clip in read_manifest(grid_root / "manifest.jsonl") if clip.words][:3]
    assert clips
    aligner = Aligner()
    for clip in clips:
        assert not aligner.wants(clip)
        path = clip.audio or clip.video
        assert path is not None
        found = align_words(read_audio(path), str(clip.text))
        assert [word.word for word in found] == str(clip.text).split()
        errors_s = [abs(a.start_s - b.start_s) for a, b in zip(found, clip.words, strict=True)]
        assert np.median(errors_s) < 0.06
