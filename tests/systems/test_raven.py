"""RAVEn and BRAVEn: the published sizes, padding, encoders that were only pre-trained."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from viseme.config import to_dict
from viseme.errors import ConfigError, ModelError
from viseme.kinds.encoder import Encoder
from viseme.models.folder import ENCODER, RECOGNISER, write_model
from viseme.nn.frontends import SAMPLES_PER_FRAME
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems import load, load_recognizer
from viseme.systems.raven import PRESETS, DecoderConfig, ModelConfig, Raven, RavenEncoder, network
from viseme.text.tokenizer import IdTokenizer
from viseme.verbs.train import train

VOCAB, SIDE = 9, 32
TINY = ModelConfig(
    crop_size=SIDE,
    frontend_widths=(4, 8, 12, 16),
    frontend_blocks=1,
    dim=32,
    num_heads=2,
    hidden_dim=48,
    num_layers=2,
    decoder=DecoderConfig(dim=16, num_heads=2, hidden_dim=24, num_layers=1),
)
LENGTHS = torch.tensor([7, 4])
Network = Raven | RavenEncoder


def millions(module: nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


@pytest.mark.parametrize(
    ("preset", "video", "audio"),
    [("base", 52.45, 45.11), ("base-plus", 103.75, 96.41), ("large", 339.28, 331.95)],
)
def test_the_encoders_have_the_published_sizes(preset: str, video: float, audio: float) -> None:
    for modality, expected in (("video", video), ("audio", audio)):
        config = replace(PRESETS[preset], modality=modality, decoder=None)
        with torch.device("meta"):
            assert millions(network(to_dict(config), 0)) == pytest.approx(expected, abs=0.006)


def tiny(modality: str, pretrained: bool = False) -> Network:
    """A network in evaluation mode whose BatchNorms have statistics of their own."""
    torch.manual_seed(0)
    config = replace(TINY, modality=modality, decoder=None if pretrained else TINY.decoder)
    made = network(to_dict(config), VOCAB).eval()
    for part in made.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_(std=0.2)
            part.bias.data.normal_()
    return made


def stream(modality: str, extra_frames: int = 0) -> Tensor:
    """Two clips of 7 and 4 frames, zero after their ends."""
    frames, generator = 7 + extra_frames, torch.Generator().manual_seed(1)
    shape = (2, frames, 1, SIDE, SIDE) if modality == "video" else (2, frames * SAMPLES_PER_FRAME)
    made = torch.randn(shape, generator=generator)
    per_frame = 1 if modality == "video" else SAMPLES_PER_FRAME
    made[0, 7 * per_frame :], made[1, 4 * per_frame :] = 0, 0
    return made


def encoded(model: Network, modality: str, given: Tensor, lengths: Tensor) -> Tensor:
    pair = (given, None) if modality == "video" else (None, given)
    return model.encode(*pair, lengths)


@torch.no_grad()
@pytest.mark.parametrize("modality", ["video", "audio"])
@pytest.mark.parametrize("extra_frames", [0, 3])
def test_a_clip_gives_the_same_alone_and_in_a_batch(modality: str, extra_frames: int) -> None:
    model, given = tiny(modality), stream(modality, extra_frames)
    together = encoded(model, modality, given, LENGTHS)
    assert together.shape == (2, 7 + extra_frames, 32)
    assert (together[1, 4:] == 0).all()
    short = given[1:, : 4 if modality == "video" else 4 * SAMPLES_PER_FRAME]
    alone = encoded(model, modality, short, LENGTHS[1:])
    torch.testing.assert_close(together[1, :4], alone[0], atol=1e-5, rtol=1e-5)


def test_a_network_without_its_stream_says_so() -> None:
    with pytest.raises(ValueError, match=r"this model needs audio$"):
        tiny("audio").encode(stream("video"), None, LENGTHS)


def test_the_decoder_adapts_only_another_width() -> None:
    def adapts(made: Network) -> bool:
        return any("adapt" in name for name in made.state_dict())

    assert adapts(tiny("audio"))
    same = replace(TINY, decoder=replace(TINY.decoder, dim=TINY.dim))
    assert not adapts(network(to_dict(same), VOCAB))


def test_gradients_reach_every_weight_of_the_encoder() -> None:
    model, given = tiny("audio"), stream("audio")
    tokens = torch.tensor([[1, 2, 3], [4, 5, -1]])
    encoder_out = encoded(model, "audio", given, LENGTHS)
    loss = model.heads.loss(encoder_out, LENGTHS, tokens, 0.1)
    (loss.ctc + loss.attention).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert all(name.endswith("attention.key.bias") for name in without)


def folder(path: Path, modality: str, pretrained: bool) -> Path:
    config = replace(TINY, modality=modality, decoder=None if pretrained else TINY.decoder)
    reading = ReadingConfig(modality=modality, crop_size=SIDE, normalise_waveform=False)
    write_model(
        path,
        name="tiny",
        system="raven",
        kind=ENCODER if pretrained else RECOGNISER,
        config=to_dict(config),
        use=to_dict(reading),
        weights=tiny(modality, pretrained).state_dict(),
        tokenizer=IdTokenizer(VOCAB),
        card="",
        half=False,
    )
    return path


@pytest.mark.parametrize("modality", ["video", "audio"])
@pytest.mark.parametrize("pretrained", [False, True])
def test_a_model_folder_opens(tmp_path: Path, modality: str, pretrained: bool) -> None:
    model = load(folder(tmp_path / "model", modality, pretrained), "cpu")
    expected = encoded(tiny(modality, pretrained), modality, stream(modality), LENGTHS)
    if pretrained:
        assert isinstance(model, Encoder)
        torch.testing.assert_close(model.encode(stream(modality), LENGTHS), expected)
    else:
        assert isinstance(model, Recognizer)
        encoder_out, lengths = model.encode(stream(modality), LENGTHS)
        torch.testing.assert_close(encoder_out, expected)
        assert torch.equal(lengths, LENGTHS)
        assert len(model.search(encoder_out, lengths)) == 2


def test_an_encoder_that_was_only_pretrained_does_not_read(tmp_path: Path) -> None:
    folder(tmp_path / "model", "audio", pretrained=True)
    with pytest.raises(ModelError, match="turn recordings into features, it cannot read speech"):
        load_recognizer(tmp_path / "model", "cpu")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"dim": 30, "num_heads": 4}, "dim 30 is not divisible"),
        ({"crop_size": 97}, "crop_size 97"),
        ({"frontend_widths": [8, 8]}, "must be four"),
        ({"drop_path": 1.0}, "drop_path 1.0"),
        ({"decoder": {"dim": 30, "num_heads": 4}}, "dim 30 is not divisible"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        network(wrong, VOCAB)


def test_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="raven cannot be trained here"):
        train("raven", tmp_path / "manifest.jsonl", tmp_path / "run", preset="base", device="cpu")
