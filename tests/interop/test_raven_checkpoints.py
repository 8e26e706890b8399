"""RAVEn and BRAVEn checkpoints: the published code's figures, its prefixes, its sizes.

raven_figures.json holds what the published code, at the commit given there, computes from weights
and inputs by the formula of formula_weights.py, at reduced width and depth.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from espnet_layouts import Shapes, Sizes, checksum
from formula_weights import audio_input, filled, tensor, video_input
from published_lm import language_model
from raven_layouts import encoder_layout, raven_layout
from torch import Tensor

from viseme.config import from_dict
from viseme.errors import ModelError
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.raven import SOURCE
from viseme.models import open_model
from viseme.models.folder import ENCODER
from viseme.recognition.beam_search import SearchOptions, beam_search
from viseme.recognition.recognizer import ReadingConfig
from viseme.shapes import valid_mask
from viseme.systems import load, load_recognizer
from viseme.systems.raven import BASE, BASE_PLUS, LARGE, ModelConfig, network
from viseme.systems.raven_reader import LARGE_DECODER, DecoderConfig
from viseme.systems.raven_reader import LOW_RESOURCE as LOW_RESOURCE_DECODER
from viseme.verbs.import_model import import_model

FIGURES = json.loads(Path(__file__).with_name("raven_figures.json").read_text(encoding="utf-8"))
LENGTHS = torch.tensor([FIGURES["frames"]])
DECODER = Sizes(FIGURES["vocab_size"], 128, 2, 96, 2, 2)
ENCODERS = {"": Sizes(23, 128, 2, 160, 2), "-30h": Sizes(23, 192, 3, 160, 2)}
"""Reduced widths of the encoder: as wide as the decoder, or wider, as after 30 hours."""

LAYOUTS = {
    modality + size: raven_layout(modality, encoder, DECODER)
    for modality in ("video", "audio")
    for size, encoder in ENCODERS.items()
}


def checkpoint(weights: dict[str, Tensor]) -> Checkpoint:
    return Checkpoint(Path("raven.pth"), weights, None)


def empty(layout: Shapes) -> dict[str, Tensor]:
    return {name: torch.empty(shape, device="meta") for name, shape in layout.items()}


def shapes_of(weights: dict[str, Tensor]) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in weights.items()}


def close(actual: Tensor, figures: list[float]) -> None:
    """Agreement to 1e-4 relative, and of figures near zero to 1e-5 of the largest."""
    expected = torch.tensor(figures).reshape(actual.shape)
    near_zero = 1e-5 * float(expected.abs().max())
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=near_zero)


@pytest.fixture(scope="module", params=sorted(LAYOUTS))
def imported(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Any, Tensor]:
    """Figures, network and encoder output of each layout: lips and voice, both decoders."""
    case = request.param
    given = checkpoint(filled(LAYOUTS[case]))
    assert SOURCE.matches(given)
    found = SOURCE.convert(given)
    assert found.vocab_size == FIGURES["vocab_size"]
    made = network(found.config, found.vocab_size).eval()
    made.load_state_dict(found.weights)
    frames = FIGURES["frames"]
    with torch.no_grad():
        if case.startswith("video"):
            encoder_out = made.encode(video_input(frames), None, LENGTHS)
        else:
            encoder_out = made.encode(None, audio_input(frames), LENGTHS)
    return FIGURES["cases"][case], made, encoder_out


def test_the_layouts_are_those_of_the_published_code() -> None:
    for case, layout in LAYOUTS.items():
        assert checksum(layout) == FIGURES["cases"][case]["layout_checksum"]


@torch.no_grad()
def test_encoder_and_heads_give_the_published_figures(
    imported: tuple[dict[str, Any], Any, Tensor],
) -> None:
    figures, made, encoder_out = imported
    close(encoder_out[0, :, ::16], figures["encoder_out"])
    close(made.heads.ctc_log_probs(encoder_out)[0], figures["ctc_log_probs"])
    tokens, valid = torch.tensor([figures["tokens"]]), valid_mask(LENGTHS)
    logits = made.heads.text_decoder(tokens, encoder_out, valid)
    close(logits[0], figures["decoder_logits"])


@pytest.mark.parametrize("name", sorted(FIGURES["search"]))
def test_the_search_finds_the_published_texts(
    imported: tuple[dict[str, Any], Any, Tensor], name: str
) -> None:
    """With the language model and a length bonus too."""
    figures, made, encoder_out = imported
    given = FIGURES["search"][name]
    options = SearchOptions(
        beam_size=given["beam"],
        ctc_weight=given["ctc"],
        lm_weight=given["lm"],
        length_bonus=given["bonus"],
    )
    lm = language_model() if given["lm"] else None
    (found,) = beam_search(made.heads, encoder_out, LENGTHS, options=options, language_model=lm)
    expected = figures["searches"][name]
    best = found[: len(expected)]
    assert [one.tokens for one in best] == [one["tokens"] for one in expected]
    scores = [one["score"] for one in expected]
    assert [one.score for one in best] == pytest.approx(scores, rel=1e-4)


PUBLISHED = {
    "base": Sizes(1049, 512, 8, 2048, 12, 6),
    "base-plus": Sizes(1049, 768, 12, 3072, 12, 6),
    "large": Sizes(1049, 1024, 16, 4096, 24, 9),
}
LOW_RESOURCE = Sizes(1049, 256, 4, 2048, 0, 6)
NUM_TENSORS = {
    "base": 575,
    "base-plus": 575,
    "large": 941,
    "base-30h": 577,
    "base-plus-30h": 577,
    "large-30h": 865,
}


_WIDE = DecoderConfig(dim=768, num_heads=12, hidden_dim=3072, num_layers=6)
SIZES = {
    "base": BASE,
    "base-plus": replace(BASE_PLUS, decoder=_WIDE),
    "large": replace(LARGE, decoder=LARGE_DECODER),
}
SIZES |= {
    f"{name}-30h": replace(size, decoder=LOW_RESOURCE_DECODER) for name, size in SIZES.items()
}


@pytest.mark.parametrize("modality", ["video", "audio"])
@pytest.mark.parametrize("preset", sorted(SIZES))
def test_published_sizes_are_told_by_the_shapes(preset: str, modality: str) -> None:
    """The settings are those of the size, and its network takes every weight."""
    encoder = PUBLISHED[preset.removesuffix("-30h")]
    layout = raven_layout(modality, encoder, LOW_RESOURCE if "30h" in preset else encoder)
    assert len(layout) == NUM_TENSORS[preset]
    found = SOURCE.convert(checkpoint(empty(layout)))
    assert found.vocab_size == 1049
    assert from_dict(ModelConfig, found.config) == replace(SIZES[preset], modality=modality)
    with torch.device("meta"):
        made = network(found.config, found.vocab_size)
    assert shapes_of(found.weights) == shapes_of(made.state_dict())


PREFIXES = (
    "",
    "encoder.",
    "bone.encoder.",
    "model.model_video.backbone.encoder.",
    "model._orig_mod.model.backbone.encoder.",
)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("modality", ["video", "audio"])
def test_an_encoder_alone_is_known_under_every_prefix(prefix: str, modality: str) -> None:
    layout = encoder_layout(prefix, modality, ENCODERS[""])
    unused = {f"{prefix}encoders.0.gamma_ff_macaron": (8,), f"{prefix}encoders.1.gamma_conv": (8,)}
    given = checkpoint(empty(layout | unused))
    assert SOURCE.matches(given)
    found = SOURCE.convert(given)
    assert (found.vocab_size, found.config["decoder"]) == (0, None)
    assert found.config["modality"] == modality
    assert shapes_of(found.weights) == shapes_of(network(found.config, 0).state_dict())


def test_what_no_rule_knows_stays_to_be_told() -> None:
    layout = encoder_layout("", "audio", ENCODERS[""])
    found = SOURCE.convert(checkpoint(empty(layout | {"predictor.last_linear.weight": (8, 8)})))
    assert "predictor.last_linear.weight" in found.weights


def test_several_encoders_in_one_file_are_refused() -> None:
    both = {
        **encoder_layout("model_video.backbone.encoder.", "video", ENCODERS[""]),
        **encoder_layout("model_audio.backbone.encoder.", "audio", ENCODERS[""]),
    }
    with pytest.raises(ModelError, match=r"raven.pth: holds 2 encoders \(model_video.backbone"):
        SOURCE.convert(checkpoint(empty(both)))


def test_sound_is_read_as_it_is() -> None:
    found = SOURCE.convert(checkpoint(empty(LAYOUTS["audio"])))
    reading = from_dict(ReadingConfig, found.use)
    assert not reading.normalise_waveform
    assert (reading.modality, reading.search.beam_size) == ("audio", 40)


def test_a_file_becomes_an_encoder_that_encodes_and_does_not_read(tmp_path: Path) -> None:
    """From a Lightning checkpoint of the pre-training code to features of a waveform."""
    layout = encoder_layout("model.model_audio.backbone.encoder.", "audio", ENCODERS[""])
    weights = {name: tensor(name.partition("backbone.")[2], s) for name, s in layout.items()}
    torch.save({"state_dict": weights}, tmp_path / "raven.ckpt")
    report = import_model(tmp_path / "raven.ckpt", tmp_path / "model")
    assert report.source == "raven"
    model = load(report.model, "cpu")
    encoder_out = model.encode(audio_input(FIGURES["frames"]), LENGTHS)
    close(encoder_out[0, :, ::16], FIGURES["cases"]["audio"]["encoder_out"])
    assert open_model(report.model).kind == ENCODER
    with pytest.raises(ModelError, match="it cannot read speech"):
        load_recognizer(report.model, "cpu")
