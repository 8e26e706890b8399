"""Frontends: one feature per video frame, the same alone and in a batch."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from viseme.nn.frontends import SAMPLES_PER_FRAME, AudioFrontend, VisualFrontend
from viseme.shapes import valid_mask

WIDTHS = (4, 6, 8, 10)
LENGTHS = torch.tensor([6, 3, 1])


def with_statistics(module: nn.Module) -> nn.Module:
    """Evaluation mode, every BatchNorm with statistics and a bias that are not the default."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_(std=0.3)
            part.running_var.uniform_(0.5, 2.0)
            part.bias.data.normal_()
    return module.eval()


def visual() -> VisualFrontend:
    torch.manual_seed(0)
    return with_statistics(VisualFrontend(WIDTHS, 1))


def audio(blocks: int = 1) -> AudioFrontend:
    torch.manual_seed(0)
    return with_statistics(AudioFrontend(WIDTHS, blocks))


def padded(per_frame: int, *rest: int) -> Tensor:
    """Random (3, 6 * per_frame, ...) that is zero after each length."""
    x = torch.randn(3, int(LENGTHS.max()) * per_frame, *rest)
    valid = valid_mask(LENGTHS * per_frame)
    return x * valid.reshape(*valid.shape, *[1] * len(rest))


@torch.no_grad()
def test_lips_give_the_same_alone_and_in_a_batch() -> None:
    model, video = visual().double(), padded(1, 1, 20, 20).double()
    together = model(video, LENGTHS)
    assert together.shape == (3, 6, WIDTHS[-1])
    for row, length in enumerate(LENGTHS.tolist()):
        alone = model(video[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(together[row, :length], alone[0])


@torch.no_grad()
@pytest.mark.parametrize("blocks", [1, 2])
def test_sound_gives_the_same_alone_and_in_a_batch(blocks: int) -> None:
    # What one padded sample does to the mean of a frame shows in double precision only.
    model, waveform = audio(blocks).double(), padded(SAMPLES_PER_FRAME).double()
    together = model(waveform, LENGTHS)
    assert together.shape == (3, 6, WIDTHS[-1])
    for row, length in enumerate(LENGTHS.tolist()):
        samples = waveform[row : row + 1, : length * SAMPLES_PER_FRAME]
        alone = model(samples, LENGTHS[row : row + 1])
        torch.testing.assert_close(together[row, :length], alone[0])


@torch.no_grad()
def test_the_stacked_stem_is_the_three_dimensional_convolution() -> None:
    model, video = visual(), torch.randn(2, 7, 20, 24)
    expected = model.stem(video[:, None]).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(
        model._stem(model._windows(video).flatten(0, 1)), expected, atol=1e-5, rtol=1e-5
    )


def test_the_stem_learns_through_the_stacked_form() -> None:
    model, video = visual(), torch.randn(1, 3, 12, 12)
    model._stem(model._windows(video).flatten(0, 1)).square().sum().backward()
    stacked = model.stem.weight.grad
    assert stacked is not None
    stacked, model.stem.weight.grad = stacked.clone(), None
    model.stem(video[:, None]).square().sum().backward()
    torch.testing.assert_close(stacked, model.stem.weight.grad, atol=1e-3, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_640_samples_make_a_frame(frames: int) -> None:
    waveform = torch.randn(1, frames * SAMPLES_PER_FRAME)
    assert audio()(waveform, torch.tensor([frames])).shape[1] == frames


@torch.no_grad()
def test_a_frame_hears_what_is_near_it() -> None:
    """The audio trunk reaches a few frames far; a click much later changes nothing."""
    model, quiet = audio(), torch.zeros(1, 20 * SAMPLES_PER_FRAME)
    click = quiet.clone()
    click[0, 10 * SAMPLES_PER_FRAME + 320] = 100.0
    lengths = torch.tensor([20])
    moved = (model(click, lengths) - model(quiet, lengths)).abs().sum(-1)[0]
    assert moved.argmax() == 10
    assert moved[:8].max() == 0
    assert moved[13:].max() == 0


@torch.no_grad()
def test_blocks_change_no_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    model, video = VisualFrontend(WIDTHS, 1).eval(), torch.randn(2, 9, 1, 24, 24)
    lengths = torch.tensor([9, 9])
    expected = model(video, lengths)
    for size in (1, 4, 6):
        monkeypatch.setattr("viseme.nn.frontends.BLOCK_FRAMES", size)
        torch.testing.assert_close(model(video, lengths), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("lengths", [[40, 31, 12, 9], [48, 1, 1, 1], [46, 46, 45, 2]])
def test_in_training_padding_costs_nothing_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, lengths: list[int]
) -> None:
    """One empty picture stands for all in the kernels: values, gradients, statistics are equal."""
    torch.manual_seed(0)
    model = VisualFrontend((4, 8, 8, 8), 2).double().train()
    video = torch.randn(4, 48, 1, 24, 24, dtype=torch.float64)
    for clip, length in enumerate(lengths):
        video[clip, length:] = 0
    weight = torch.randn(4, 48, 8, dtype=torch.float64)
    found = []
    for least_saved in (0.1, 2.0):  # 2.0: never
        monkeypatch.setattr("viseme.nn.frontends._LEAST_SAVED", least_saved)
        rows: list[int] = []
        made = deepcopy(model)
        made.trunk.register_forward_pre_hook(lambda _, x, rows=rows: rows.append(len(x[0])))
        features = made(video, torch.tensor(lengths))
        (features * weight).sum().backward()
        found.append((features, dict(made.named_parameters()), dict(made.named_buffers()), rows))
    packed, whole = found
    assert whole[3] == [4 * 48]
    assert packed[3][0] < 0.9 * 4 * 48
    torch.testing.assert_close(packed[0], whole[0], rtol=1e-9, atol=1e-9)
    for name, parameter in whole[1].items():
        torch.testing.assert_close(packed[1][name].grad, parameter.grad, rtol=1e-7, atol=1e-9)
    for name, buffer in whole[2].items():
        torch.testing.assert_close(packed[2][name], buffer)


@torch.no_grad()
def test_in_training_statistics_are_those_of_the_whole_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("viseme.nn.frontends.BLOCK_FRAMES", 2)
    model, video = VisualFrontend(WIDTHS, 1).train(), torch.randn(2, 9, 1, 24, 24)
    stem = model._stem(model._windows(video[:, :, 0]).flatten(0, 1))
    model(video, torch.tensor([9, 9]))
    torch.testing.assert_close(model.norm.running_mean, 0.1 * stem.mean((0, 2, 3)))
