"""RAVEn and BRAVEn: the published sizes, padding, encoders that were only pre-trained."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tiny_corpus import write_corpus
from viseme.config import to_dict
from viseme.data.manifest import read_manifest, write_manifest
from viseme.errors import ConfigError, ManifestError, ModelError
from viseme.kinds.encoder import Encoder
from viseme.models.folder import ENCODER, RECOGNISER, write_model
from viseme.nn.frontends import SAMPLES_PER_FRAME
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems import load, load_recognizer
from viseme.systems.raven import (
    BASE,
    BASE_PLUS,
    LARGE,
    DecoderConfig,
    ModelConfig,
    Raven,
    RavenEncoder,
    network,
)
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
    ("sizes", "video", "audio"),
    [(BASE, 52.45, 45.11), (BASE_PLUS, 103.75, 96.41), (LARGE, 339.28, 331.95)],
)
def test_the_encoders_have_the_published_sizes(
    sizes: ModelConfig, video: float, audio: float
) -> None:
    for modality, expected in (("video", video), ("audio", audio)):
        config = replace(sizes, modality=modality, decoder=None)
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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of preset `ci`."""
    folder = tmp_path_factory.mktemp("raven")
    manifest = write_corpus(folder / "corpus", num_train=8, num_val=4)
    train("raven", manifest, folder / "run", preset="ci", device="cpu", settings=SHORT)
    return folder


SHORT = {"data.max_frames": "100", "loop.epochs": "3"}


def test_a_pre_training_makes_an_encoder_of_each_stream(trained: Path) -> None:
    model = load(trained / "run" / "model", "cpu")
    assert isinstance(model, Encoder)
    video, audio = torch.zeros(1, 9, 1, 64, 64), torch.zeros(1, 9 * SAMPLES_PER_FRAME)
    for stream_ in (video, audio):
        assert model.encode(stream_, torch.tensor([9])).shape == (1, 9, 32)
    with pytest.raises(ModelError, match="turn recordings into features, it cannot read speech"):
        load_recognizer(trained / "run" / "model", "cpu")


def test_its_log_tells_how_it_is(trained: Path) -> None:
    lines = [json.loads(line) for line in (trained / "run" / "log.jsonl").read_text().splitlines()]
    told = set().union(*lines)
    for name in ("v2a", "a2v", "a2a", "spread_video", "masked_audio", "momentum", "rate"):
        assert f"train/{name}" in told
    for name in ("v2a", "video_probe", "audio_probe", "video_chance"):
        assert f"val/{name}" in told
    momenta = [line["train/momentum"] for line in lines if "train/momentum" in line]
    assert momenta == sorted(momenta)
    assert (momenta[0], momenta[-1]) == (0.99, 1.0)


@pytest.mark.parametrize("system", ["raven", "braven"])
def test_clips_need_no_texts_but_sound_picture_and_length(
    tmp_path: Path, system: str, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = write_corpus(tmp_path / "corpus", num_train=7, num_val=3)
    clips = [replace(clip, text=None, words=[]) for clip in read_manifest(manifest)]
    clips[0], clips[1] = replace(clips[0], audio=None), replace(clips[1], video=None)
    clips[2] = replace(clips[2], extra=clips[2].extra | {"num_frames": 3})
    write_manifest(manifest, clips)
    report = train(system, manifest, tmp_path / "run", preset="ci", device="cpu", settings=SHORT)
    assert "v2a" in report.figures
    assert "video_probe" not in report.figures
    told = " ".join(record.getMessage() for record in caplog.records)
    assert "2 clips without picture or without sound are left out" in told
    assert "1 clips shorter than 4 frames are left out" in told
    write_manifest(manifest, [replace(clip, audio=None) for clip in clips])
    with pytest.raises(ManifestError, match="none of 7 clips has a picture, sound"):
        train(system, manifest, tmp_path / "other", preset="ci", device="cpu", settings=SHORT)


def test_a_corpus_of_one_clip_says_what_it_lacks(tmp_path: Path) -> None:
    manifest = write_corpus(tmp_path / "corpus", num_train=1, num_val=0)
    with pytest.raises(ManifestError, match="val"):
        train("raven", manifest, tmp_path / "run", preset="ci", device="cpu")
