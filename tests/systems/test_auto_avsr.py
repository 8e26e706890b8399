"""Auto-AVSR: the paper's sizes, every modality trained tiny, one missing stream."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tiny_corpus import write_corpus
from viseme.config import override
from viseme.data.dataset import Batch, ClipDataset, Collator
from viseme.data.manifest import read_manifest
from viseme.errors import ConfigError, ModelError
from viseme.kinds.recogniser.clips import read_clips
from viseme.models import open_model
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems import load, system
from viseme.systems.auto_avsr import PRESETS, AutoAVSR, Config, ModelConfig, Training
from viseme.text.tokenizer import CharacterTokenizer
from viseme.train.loop import LoopConfig, make_fabric
from viseme.verbs.train import train

MODALITIES = ("video", "audio", "av")
PAPER_VOCABULARY = 5049
TOKENIZER = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz ")
VOCABULARY = {"up": 1, "down": 2, "left": 3, "right": 4}
TINY = {"model.crop_size": "32", "training.max_frames": "80", "augment.mask_window_frames": "3"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def tiny(modality: str, **settings: str) -> Config:
    named = {key.replace("__", "."): value for key, value in settings.items()}
    return override(PRESETS["ci"], TINY | {"model.modality": modality} | named)


def one_batch(manifest: Path, modality: str) -> Batch:
    dataset = ClipDataset(read_manifest(manifest), modality)
    (batch,) = dataset.in_order(Collator(TOKENIZER, 32, VOCABULARY), 10_000)
    return batch


def trained(config: Config, total_steps: int) -> Training:
    torch.manual_seed(0)
    training = Training(config, TOKENIZER, VOCABULARY)
    training.setup(make_fabric(LoopConfig(), "cpu"), total_steps)
    return training


def millions(module: nn.Module) -> float:
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


@pytest.mark.parametrize(
    ("modality", "total"), [("video", 250.38), ("audio", 243.05), ("av", 443.98)]
)
def test_the_paper_preset_has_the_published_sizes(modality: str, total: float) -> None:
    with torch.device("meta"):
        network = AutoAVSR(replace(PRESETS["paper"].model, modality=modality), PAPER_VOCABULARY)
    assert millions(network) == pytest.approx(total, abs=0.006)
    assert millions(network.heads.text_decoder) == pytest.approx(64.47, abs=0.006)
    assert millions(network.heads.ctc_head) == pytest.approx(3.88, abs=0.006)
    for name, frontend in (("video", 11.18), ("audio", 3.85)):
        if modality in (name, "av"):
            stream = getattr(network, name)
            assert millions(stream.frontend) == pytest.approx(frontend, abs=0.006)
            assert millions(stream.project) == pytest.approx(0.39, abs=0.006)
            assert millions(stream.encoder) == pytest.approx(170.45, abs=0.006)


def network(modality: str) -> AutoAVSR:
    """A tiny network in evaluation mode whose BatchNorms have statistics of their own."""
    torch.manual_seed(0)
    made = AutoAVSR(tiny(modality).model, TOKENIZER.vocab_size).eval()
    for part in made.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_(std=0.2)
            part.bias.data.normal_()
    return made


LENGTHS = torch.tensor([7, 4])


def streams(modality: str) -> tuple[Tensor | None, Tensor | None]:
    generator = torch.Generator().manual_seed(1)
    video = torch.randn(2, 7, 1, 32, 32, generator=generator)
    audio = torch.randn(2, 7 * 640, generator=generator)
    video[1, 4:], audio[1, 4 * 640 :] = 0, 0
    return (video if modality != "audio" else None), (audio if modality != "video" else None)


@torch.no_grad()
@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("extra_frames", [0, 3])
def test_a_clip_gives_the_same_alone_and_in_a_batch(modality: str, extra_frames: int) -> None:
    model = network(modality)
    video, audio = streams(modality)
    short = (None if video is None else video[1:, :4], None if audio is None else audio[1:, :2560])
    if video is not None:
        video = torch.cat([video, torch.zeros(2, extra_frames, 1, 32, 32)], dim=1)
    if audio is not None:
        audio = torch.cat([audio, torch.zeros(2, extra_frames * 640)], dim=1)
    together = model.encode(video, audio, LENGTHS)
    assert together.shape == (2, 7 + extra_frames, 32)
    alone = model.encode(*short, LENGTHS[1:])
    torch.testing.assert_close(together[1, :4], alone[0], atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("missing", ["video", "audio"])
def test_an_audio_visual_model_reads_a_missing_stream_as_zeros(missing: str) -> None:
    model = Recognizer("a", network("av"), TOKENIZER, ReadingConfig(modality="av"), "cpu")
    video, audio = streams("av")
    both, _ = model.encode(video, LENGTHS, audio)
    if missing == "video":
        expected, _ = model.encode(torch.zeros_like(video), LENGTHS, audio)
        out, _ = model.encode(None, LENGTHS, audio)
    else:
        expected, _ = model.encode(video, LENGTHS, torch.zeros_like(audio))
        out, _ = model.encode(video, LENGTHS)
    assert torch.equal(out, expected)
    assert not torch.allclose(out, both)


@pytest.mark.parametrize(
    ("modality", "needs"), [("video", "video"), ("audio", "audio"), ("av", "video or audio")]
)
def test_a_model_without_any_stream_it_reads_says_so(modality: str, needs: str) -> None:
    with pytest.raises(ValueError, match=f"this model needs {needs}$"):
        network(modality).encode(None, None, LENGTHS)


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_loss_falls_on_one_batch(manifest: Path, modality: str) -> None:
    config = tiny(modality, optim__peak_lr="4e-3", training__word_weight="5", model__dropout="0")
    training = trained(config, total_steps=30)
    batch = one_batch(manifest, modality)
    scalars = [training.train_step([batch], step) for step in range(30)]
    assert scalars[-1]["loss"] < 0.6 * scalars[0]["loss"]
    for name in ("ctc", "attention", "words"):
        assert scalars[-1][name] < scalars[0][name]
    assert scalars[-1]["accuracy"] > scalars[0]["accuracy"]


def test_the_word_loss_fades_out(manifest: Path) -> None:
    """After its share of training the word classifier gets no gradient any more."""
    training = trained(tiny("audio", training__word_share="0.5"), total_steps=10)
    batch, head = one_batch(manifest, "audio"), training.modules.word_head
    gradients = []
    for step in (0, 4, 5, 9):
        training.train_step([batch], step)
        gradients.append(float(head.weight.grad.abs().sum()))
    assert gradients[0] > 0
    assert gradients[1] > 0
    assert gradients[2:] == [0, 0]


def test_clips_without_word_times_train_too(manifest: Path) -> None:
    training = trained(tiny("audio"), total_steps=10)
    batch = one_batch(manifest, "audio")
    scalars = training.train_step([replace(batch, words=torch.full_like(batch.words, -1))], 0)
    assert scalars["words"] == 0
    assert all(torch.tensor(value).isfinite() for value in scalars.values())


@pytest.mark.parametrize(("share", "low", "high"), [("0", 0, 0), ("0.5", 0.4, 0.6), ("1", 1, 1)])
def test_modality_dropout_silences_one_stream(share: str, low: float, high: float) -> None:
    training = trained(tiny("av", training__modality_dropout=share), total_steps=10)
    clips = 400
    lengths = torch.ones(clips, dtype=torch.int64)
    batch = Batch(
        ids=[""] * clips,
        texts=[""] * clips,
        video=torch.ones(clips, 1, 1, 2, 2),
        audio=torch.ones(clips, 640),
        lengths=lengths,
        tokens=lengths[:, None],
        words=lengths[:, None],
    )
    dropped = training._drop_modality(batch)
    seen, heard = dropped.video.flatten(1).sum(1) > 0, dropped.audio.sum(1) > 0
    assert (seen | heard).all()
    silenced = [(~seen).float().mean().item(), (~heard).float().mean().item()]
    assert low <= sum(silenced) <= high
    assert all(part >= low / 2 - 0.1 for part in silenced)


@pytest.fixture(scope="module", params=MODALITIES)
def run(
    request: pytest.FixtureRequest, manifest: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished run of each modality."""
    folder = tmp_path_factory.mktemp("runs") / request.param
    settings = TINY | {"model.modality": request.param, "training.modality_dropout": "0.3"}
    report = train("auto_avsr", manifest, folder, preset="ci", settings=settings, device="cpu")
    assert set(report.figures) == {"ctc", "attention", "accuracy", "wer"}
    return folder


def test_a_trained_model_reads(run: Path, manifest: Path) -> None:
    recognizer = load(run / "model", "cpu")
    assert recognizer.config.modality == run.name
    assert recognizer.config.crop_size == 32
    clips = [clip for clip in read_manifest(manifest) if clip.split == "val"]
    one_by_one = list(read_clips(recognizer, clips, batch_size=1))
    together = list(read_clips(recognizer, clips))
    assert [item.reading.text for item in one_by_one] == [item.reading.text for item in together]
    for item in together:
        for word in item.reading.words:
            assert 0 <= word.start_s <= word.end_s <= item.num_frames / 25


def test_the_same_seed_gives_the_same_model(run: Path, manifest: Path, tmp_path: Path) -> None:
    settings = TINY | {"model.modality": run.name, "training.modality_dropout": "0.3"}
    folder = tmp_path / run.name
    train("auto_avsr", manifest, folder, preset="ci", settings=settings, device="cpu")
    for name in ("epoch-0001.safetensors", "log.jsonl", "model/sha256.txt"):
        assert (folder / name).read_bytes() == (run / name).read_bytes(), name


def test_an_audio_visual_model_starts_from_models_of_one_stream(
    manifest: Path, tmp_path: Path
) -> None:
    """Streams and heads are those of the given models, whose order decides on the heads."""
    settings = TINY | {"loop.epochs": "1", "optim.peak_lr": "0"}
    folders = {}
    for modality in ("video", "audio"):
        one = settings | {"model.modality": modality}
        report = train("auto_avsr", manifest, tmp_path / modality, preset="ci", settings=one)
        folders[modality] = report.model
    both = settings | {
        "model.modality": "av",
        "training.initial": f"{folders['video']},{folders['audio']}",
    }
    model = train("auto_avsr", manifest, tmp_path / "av", preset="ci", settings=both).model
    streams = {name: open_model(folder).weights() for name, folder in folders.items()}
    for name, value in open_model(model).weights().items():
        learned = name.endswith(("weight", "bias"))  # BatchNorm's statistics move on
        if learned and not name.startswith("fusion"):
            origin = streams["audio" if name.startswith("audio") else "video"]
            torch.testing.assert_close(value, origin[name], rtol=0, atol=2e-3)


def test_frozen_frontends_stay_as_they_are(manifest: Path) -> None:
    frozen = {"training__frozen_frontends": "true", "training__initial": "some model"}
    training = trained(tiny("av", **frozen), total_steps=3)
    before = {name: tensor.clone() for name, tensor in training.network.state_dict().items()}
    batch = one_batch(manifest, "av")
    for step in range(3):
        training.modules.train()
        training.train_step([batch], step)
    changed = {
        name
        for name, tensor in training.network.state_dict().items()
        if not torch.equal(tensor, before[name])
    }
    assert not any(".frontend." in name for name in changed)
    assert any(name.startswith("video.encoder") for name in changed)
    assert any(name.startswith("fusion") for name in changed)


def test_a_part_that_the_network_lacks_is_refused(manifest: Path, tmp_path: Path) -> None:
    settings = TINY | {"loop.epochs": "1"}
    lips = train("auto_avsr", manifest, tmp_path / "video", preset="ci", settings=settings).model
    settings |= {"model.modality": "audio", "training.initial": str(lips)}
    with pytest.raises(ModelError, match="unknown"):
        train("auto_avsr", manifest, tmp_path / "audio", preset="ci", settings=settings)


def test_the_stream_of_sound_can_be_smaller() -> None:
    config = replace(PRESETS["ci"].model, modality="av", encoder_layers=3, audio_layers=1)
    sound = replace(config, audio_hidden_dim=16, audio_widths=(2, 4, 6, 10)).of_audio()
    assert (sound.encoder_layers, sound.hidden_dim) == (1, 16)
    made = AutoAVSR(replace(config, audio_hidden_dim=16, audio_widths=(2, 4, 6, 10)), 9)
    assert len(made.audio.encoder.blocks) == 1
    assert len(made.video.encoder.blocks) == 3
    assert made.audio.frontend.out_dim == 10


def test_a_model_whose_weights_do_not_fit_is_refused(run: Path) -> None:
    from viseme.models import open_model

    folder = open_model(run / "model")
    wrong = replace(folder, config=folder.config | {"dim": 64})
    with pytest.raises(ModelError, match="weights do not fit"):
        system("auto_avsr").load(wrong, "cpu")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model.dim", "33", "dim 33 is not divisible by num_heads 2"),
        ("model.kernel_size", "4", "kernel_size 4 must be odd"),
        ("model.crop_size", "97", "crop_size 97 is not between"),
        ("model.frontend_widths", "4,8", "must be four"),
        ("model.crop_size", "88", "crop_size 88 moved by crop_jitter_px 6 leaves the 96 px"),
        ("loop.precision", "64-true", "must be one of auto, 32-true, bf16-mixed"),
        ("loop.epochs", "0", "epochs 0 must be at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        override(PRESETS["ci"], {name: value})


def test_an_unknown_system_is_told_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"no system is called 'x'\. Choose one of: auto_avsr"):
        system("x")


def test_every_preset_is_consistent() -> None:
    for preset in PRESETS.values():
        assert override(preset, {"model.modality": "av"}).model.modality == "av"
        assert isinstance(preset.model, ModelConfig)
