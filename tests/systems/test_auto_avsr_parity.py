"""A training step of Auto-AVSR against the slow reference, and what padding does to it."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
import torch
from auto_avsr_reference import Reference, Scope
from torch import Tensor, nn

from viseme.data.dataset import Batch
from viseme.systems.auto_avsr import Config, ModelConfig, Training, TrainingConfig
from viseme.text.tokenizer import CharacterTokenizer
from viseme.train.optim import OptimConfig

TOKENIZER = CharacterTokenizer("abcd")
MODALITIES = ("video", "audio", "av")
LENGTHS = [7, 4]
PADDED_FRAMES = 9
TEXTS = ["abba", "cd"]
MODEL = ModelConfig(
    crop_size=16,
    frontend_widths=(2, 3, 3, 4),
    frontend_blocks=2,
    dim=8,
    num_heads=2,
    hidden_dim=12,
    encoder_layers=2,
    kernel_size=5,
    decoder_layers=2,
    fusion_dim=10,
    dropout=0.0,
)


class Alone:
    """The little of Fabric that a training step needs, leaving double precision as it is."""

    world_size = 1
    device = torch.device("cpu")

    def setup(self, modules: nn.Module, optimizer: Any) -> tuple[nn.Module, Any]:
        return modules, optimizer

    def backward(self, loss: Tensor) -> None:
        loss.backward()

    def clip_gradients(self, modules: nn.Module, optimizer: Any, max_norm: float) -> Tensor:
        return torch.nn.utils.clip_grad_norm_(modules.parameters(), max_norm)

    def all_reduce(self, x: Tensor, reduce_op: str) -> Tensor:
        return x

    def no_backward_sync(self, modules: nn.Module, enabled: bool) -> AbstractContextManager:
        return nullcontext()


def training(modality: str, mask_padding: bool = True) -> Training:
    """The system, tiny, with random parameters everywhere, not only in matrices."""
    config = Config(
        model=replace(MODEL, modality=modality, mask_padding=mask_padding),
        training=TrainingConfig(tokenizer="character"),
        optim=OptimConfig(peak_lr=0.0, clip_norm=1e9),
    )
    config = replace(config, augment=replace(config.augment, crop_jitter_px=0))
    torch.manual_seed(0)
    made = Training(config, TOKENIZER, {})
    made.modules.double()
    for module in made.modules.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.LayerNorm):
            nn.init.normal_(module.weight, 1.0, 0.2)
            nn.init.normal_(module.bias, 0.0, 0.2)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    made.setup(Alone(), 10)
    return made


def batch(modality: str, num_frames: int = PADDED_FRAMES) -> Batch:
    """Two clips of different length, and more padding than both need."""
    generator = torch.Generator().manual_seed(1)
    side = MODEL.crop_size
    video = torch.randn(2, num_frames, 1, side, side, generator=generator, dtype=torch.float64)
    audio = torch.randn(2, num_frames, 640, generator=generator, dtype=torch.float64)
    for clip, length in enumerate(LENGTHS):
        video[clip, length:] = 0
        audio[clip, length:] = 0
    tokens = torch.full((2, 6), -1)
    for clip, text in enumerate(TEXTS):
        tokens[clip, : len(text)] = torch.tensor(TOKENIZER.encode(text))
    return Batch(
        ids=["one", "two"],
        texts=TEXTS,
        video=None if modality == "audio" else video,
        audio=None if modality == "video" else audio.flatten(1),
        lengths=torch.tensor(LENGTHS),
        tokens=tokens,
        words=torch.full((2, num_frames), -1),
    )


def clip_alone(whole: Batch, clip: int) -> Batch:
    """One clip of a batch without its padding."""
    length = LENGTHS[clip]
    return Batch(
        ids=whole.ids[clip : clip + 1],
        texts=whole.texts[clip : clip + 1],
        video=None if whole.video is None else whole.video[clip : clip + 1, :length],
        audio=None if whole.audio is None else whole.audio[clip : clip + 1, : 640 * length],
        lengths=whole.lengths[clip : clip + 1],
        tokens=whole.tokens[clip : clip + 1, : len(whole.texts[clip])],
        words=whole.words[clip : clip + 1, :length],
    )


def step(system: Training, *data: Batch) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients of one training step; parameters stay, as the rate is zero."""
    loss = system.train_step(data, 0)["loss"]
    named = system.network.named_parameters()
    return loss, {name: parameter.grad.clone() for name, parameter in named}


def slow_step(system: Training, data: Batch) -> tuple[float, dict[str, Tensor]]:
    """The same by the reference."""
    network = system.network
    tensors = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    parameters = {name: tensors[name].requires_grad_() for name, _ in network.named_parameters()}
    config = system.config
    reference = Reference(
        Scope(tensors), config.model.num_heads, config.model.mask_padding, network.training
    )
    loss = reference.loss(
        None if data.video is None else data.video[:, :, 0],
        data.audio,
        torch.arange(data.words.shape[1]) < data.lengths[:, None],
        [TOKENIZER.encode(text) for text in data.texts],
        config.training.ctc_weight,
        config.training.label_smoothing,
    )
    loss.backward()
    return loss.item(), {name: parameter.grad for name, parameter in parameters.items()}


def assert_same(own: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """Gradients agree to 1e-4 of the largest of their parameter, or of all where it has none."""
    overall = max(float(gradient.abs().max()) for gradient in expected.values())
    assert set(own) == set(expected)
    for name, gradient in expected.items():
        scale = max(float(gradient.abs().max()), 1e-4 * overall)
        worst = float((own[name] - gradient).abs().max())
        assert worst <= 1e-4 * scale, f"{name}: off by {worst / scale:.1e}"


@pytest.mark.parametrize("mask_padding", [True, False])
@pytest.mark.parametrize("modality", MODALITIES)
def test_a_training_step_is_that_of_the_reference(modality: str, mask_padding: bool) -> None:
    system, data = training(modality, mask_padding), batch(modality)
    loss, gradients = step(system, data)
    expected_loss, expected = slow_step(system, data)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert_same(gradients, expected)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_padded_batch_is_its_clips_alone(modality: str) -> None:
    """With BatchNorm's statistics at rest: in training it ties the clips of a batch together."""
    system, data = training(modality), batch(modality)
    system.modules.eval()
    loss, gradients = step(system, data)
    alone = [step(system, clip_alone(data, clip)) for clip in (0, 1)]
    assert loss == pytest.approx((alone[0][0] + alone[1][0]) / 2, rel=1e-6)
    mean = {name: (alone[0][1][name] + alone[1][1][name]) / 2 for name in gradients}
    assert_same(gradients, mean)


@pytest.mark.parametrize("modality", MODALITIES)
def test_batches_of_one_update_are_one_batch(modality: str) -> None:
    """Accumulated gradients, with BatchNorm's statistics at rest."""
    system, data = training(modality), batch(modality)
    system.modules.eval()
    loss, gradients = step(system, data)
    added_loss, added = step(system, clip_alone(data, 0), clip_alone(data, 1))
    assert added_loss == pytest.approx(loss, rel=1e-6)
    assert_same(gradients, added)


@pytest.mark.parametrize("modality", MODALITIES)
def test_unmasked_padding_changes_the_answer_as_in_the_original(modality: str) -> None:
    system, data = training(modality, mask_padding=False), batch(modality)
    system.modules.eval()
    loss, _ = step(system, data)
    alone = [step(system, clip_alone(data, clip))[0] for clip in (0, 1)]
    assert loss != pytest.approx(sum(alone) / 2, rel=1e-4)
    assert loss == pytest.approx(slow_step(system, data)[0], rel=1e-5)
