"""Readers that start from a pre-trained encoder: what is filled, what stays random, which rates."""

from pathlib import Path

import pytest
import torch

from tiny_corpus import write_corpus
from viseme.config import to_dict
from viseme.errors import ConfigError, ModelError
from viseme.kinds.recogniser.finish import initial_models, start_from
from viseme.models import open_model
from viseme.systems import load_recognizer, raven_reader
from viseme.systems.auto_avsr import PRESETS as AUTO_AVSR
from viseme.systems.auto_avsr import AutoAVSR
from viseme.systems.raven import CI, Raven
from viseme.systems.raven_reader import PRESETS, rate_scale
from viseme.verbs.train import train

VOCAB = 9
SHORT = {"data.max_frames": "100", "loop.epochs": "1"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), num_train=8, num_val=4)


@pytest.fixture(scope="module")
def encoder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of a pre-training."""
    run = tmp_path_factory.mktemp("encoder") / "run"
    return train("raven", corpus, run, preset="ci", device="cpu", settings=SHORT).model


def reader() -> Raven:
    assert CI.decoder is not None
    return Raven(CI, CI.decoder, VOCAB)


@pytest.mark.parametrize("modality", ["video", "audio"])
def test_an_encoder_becomes_a_reader(
    corpus: Path, encoder: Path, tmp_path: Path, modality: str
) -> None:
    settings = SHORT | {"training.initial": str(encoder), "model.modality": modality}
    report = train(
        "raven_reader", corpus, tmp_path / "run", preset="ci", device="cpu", settings=settings
    )
    model = load_recognizer(report.model, "cpu")
    assert model.config.modality == modality
    assert not model.config.normalise_waveform
    assert report.figures["wer"] >= 0


def test_a_reader_starts_with_the_weights_of_its_stream_but_for_the_last_norm(
    encoder: Path,
) -> None:
    made, random_norm = reader(), torch.randn(32)
    made.encoder.transformer.norm.weight.data.copy_(random_norm)
    start_from(
        initial_models([str(encoder)]), made, {"video": made.encoder}, fresh="transformer.norm."
    )
    weights = open_model(encoder).weights()
    for name, tensor in made.encoder.state_dict().items():
        if name == "transformer.norm.weight":
            assert torch.equal(tensor, random_norm)
        elif not name.startswith("transformer.norm."):
            assert torch.equal(tensor, weights[f"video.{name}"]), name


def test_a_conformer_takes_the_frontend_of_an_encoder(encoder: Path) -> None:
    made = AutoAVSR(AUTO_AVSR["ci"].model, VOCAB)
    own = {name: tensor.clone() for name, tensor in made.video.encoder.state_dict().items()}
    start_from(initial_models([str(encoder)]), made, made.streams())
    weights = open_model(encoder).weights()
    for name, tensor in made.video.frontend.state_dict().items():
        assert torch.equal(tensor, weights[f"video.frontend.{name}"])
    assert all(torch.equal(t, own[name]) for name, t in made.video.encoder.state_dict().items())


def test_an_encoder_of_another_size_is_refused_before_anything_is_trained(
    corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    settings = {"training.initial": str(encoder), "model.dim": "16"}
    with pytest.raises(ModelError, match="of another shape"):
        train("raven_reader", corpus, tmp_path / "run", preset="ci", settings=settings)
    assert not (tmp_path / "run").exists()


def test_the_rates_fall_towards_the_input() -> None:
    def scale(name: str) -> float:
        return rate_scale(name, layers=3, decay=0.5, heads=4.0)

    assert scale("heads.ctc_head.weight") == 4.0
    assert scale("encoder.transformer.norm.weight") == 1.0
    assert scale("encoder.transformer.blocks.2.attention.key.weight") == 1.0
    assert scale("encoder.transformer.blocks.0.attention.key.weight") == 0.25
    assert scale("encoder.frontend.stem.weight") == scale("encoder.project.bias") == 0.25


def test_every_weight_of_a_reader_has_a_rate() -> None:
    scales = {rate_scale(n, layers=2, decay=0.5, heads=3.0) for n, _ in reader().named_parameters()}
    assert scales == {3.0, 1.0, 0.5}


def test_presets_have_the_decoders_of_the_papers() -> None:
    sizes = {name: to_dict(preset.model)["decoder"] for name, preset in PRESETS.items()}
    assert sizes["base-433h"] == {"dim": 512, "num_heads": 8, "hidden_dim": 2048, "num_layers": 6}
    assert sizes["large-433h"]["num_layers"] == 9
    for name in ("base-30h", "large-30h", "large-voice-30h"):
        assert sizes[name] == {"dim": 256, "num_heads": 4, "hidden_dim": 2048, "num_layers": 6}


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("training.layer_decay", "0", "layer_decay 0.0"),
        ("model.modality", "av", "one stream"),
        ("training.average_last", "9", "average_last 9"),
        ("model.crop_size", "96", "leaves the 96 px"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    corpus: Path, tmp_path: Path, setting: str, value: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        train("raven_reader", corpus, tmp_path, preset="ci", settings={setting: value})


def test_a_reader_is_opened_by_its_own_system() -> None:
    assert raven_reader.ABOUT.kind == "recogniser"
