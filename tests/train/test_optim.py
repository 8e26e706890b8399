"""The schedule and the optimiser."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from viseme.train.optim import OptimConfig, adamw, set_rate
from viseme.train.schedule import cosine, linear, warmup_cosine


@given(st.integers(1, 50), st.integers(1, 200))
def test_the_rate_rises_to_its_peak_and_falls_to_zero(warmup: int, rest: int) -> None:
    total = warmup + rest
    factors = [warmup_cosine(step, warmup, total) for step in range(total + 1)]
    assert factors[: warmup + 1] == sorted(factors[: warmup + 1])
    assert factors[warmup:] == sorted(factors[warmup:], reverse=True)
    assert factors[warmup - 1] == factors[warmup] == 1
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[0] == pytest.approx(1 / warmup)
    assert factors[-1] == pytest.approx(0, abs=1e-12)


@given(st.floats(-2, 2), st.floats(-2, 2), st.integers(2, 50))
def test_schedules_go_from_start_to_end_and_stay_there(a: float, b: float, total: int) -> None:
    for schedule in (linear, cosine):
        values = [schedule(a, b, step, total) for step in range(total + 3)]
        assert values[0] == pytest.approx(a)
        assert values[total - 1 :] == pytest.approx([b] * 4)
        assert values == sorted(values, reverse=a > b)
    middle = (total - 1) // 2
    if total % 2:
        assert cosine(a, b, middle, total) == pytest.approx((a + b) / 2)
        assert linear(a, b, middle, total) == pytest.approx((a + b) / 2)


def test_half_way_down_is_half() -> None:
    assert warmup_cosine(60, 20, 100) == pytest.approx(0.5)


def test_steps_beyond_the_end_stay_at_zero() -> None:
    assert warmup_cosine(500, 20, 100) == pytest.approx(0)


def test_the_rate_reaches_every_group() -> None:
    config = OptimConfig(peak_lr=0.5, decay_vectors=False, warmup_share=0.2)
    optimizer = adamw(nn.Linear(2, 2), config)
    assert set_rate(optimizer, config, step=0, total_steps=20) == pytest.approx(0.5 / 4)
    assert [group["lr"] for group in optimizer.param_groups] == [pytest.approx(0.125)] * 2
    assert set_rate(optimizer, config, step=3, total_steps=20) == pytest.approx(0.5)


def test_a_run_of_one_step_has_a_rate() -> None:
    config = OptimConfig(peak_lr=0.5)
    assert set_rate(adamw(nn.Linear(2, 2), config), config, 0, 1) == pytest.approx(0.5)


def test_the_warm_up_is_the_share_to_the_nearest_step() -> None:
    config = OptimConfig(peak_lr=1.0, warmup_share=0.2)
    optimizer = adamw(nn.Linear(2, 2), config)
    for total, warmup in ((20, 4), (18, 4), (23, 5)):
        rates = [set_rate(optimizer, config, step, total) for step in range(warmup)]
        assert rates == pytest.approx([(step + 1) / warmup for step in range(warmup)])


def test_the_optimiser_has_the_momenta_of_its_config() -> None:
    """After a gradient g and then none, AdamW moves by b1 / sqrt(b2) of its first step."""
    layer, config = nn.Linear(1, 1, bias=False), OptimConfig(betas=(0.6, 0.7), weight_decay=0.0)
    optimizer, places = adamw(layer, config), [layer.weight.item()]
    for gradient in (1.0, 0.0):
        layer.weight.grad = torch.full((1, 1), gradient)
        optimizer.step()
        places.append(layer.weight.item())
    corrected = (0.6 * 0.4 / (1 - 0.6**2)) / (0.7 * 0.3 / (1 - 0.7**2)) ** 0.5
    first, second = places[0] - places[1], places[1] - places[2]
    assert second / first == pytest.approx(corrected, rel=1e-3)


@pytest.mark.parametrize("decay_vectors", [True, False])
def test_biases_decay_only_when_asked(decay_vectors: bool) -> None:
    layer = nn.Linear(2, 2)
    optimizer = adamw(layer, OptimConfig(peak_lr=1.0, decay_vectors=decay_vectors))
    before = [p.detach().clone() for p in layer.parameters()]
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    weight, bias = layer.weight, layer.bias
    torch.testing.assert_close(weight, before[0] * (1 - 0.03))
    torch.testing.assert_close(bias, before[1] * (1 - 0.03) if decay_vectors else before[1])


def test_a_parameter_has_the_rate_of_its_name() -> None:
    config = OptimConfig(peak_lr=0.5, decay_vectors=False)
    layers = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    optimizer = adamw(layers, config, lambda name: 0.1 if name.startswith("0.") else 1.0)
    rate = set_rate(optimizer, config, step=0, total_steps=1)
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    assert rates == {id(p): pytest.approx(0.1 * rate) for p in layers[0].parameters()} | {
        id(p): pytest.approx(rate) for p in layers[1].parameters()
    }
    decays = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert [decays[id(p)] for p in layers.parameters()] == [0.03, 0, 0.03, 0]


def test_the_state_of_an_optimiser_of_before_is_taken() -> None:
    """It was not fused, and its groups had no scale: it goes on as it was."""
    config, layers = OptimConfig(peak_lr=0.1), [nn.Linear(2, 2), nn.Linear(2, 2)]
    layers[1].load_state_dict(layers[0].state_dict())
    before = torch.optim.AdamW(layers[0].parameters(), lr=0.1, betas=(0.9, 0.98), weight_decay=0.03)

    def step(layer: nn.Linear, optimizer: torch.optim.Optimizer, number: int) -> None:
        set_rate(optimizer, config, number, 10)
        for parameter in layer.parameters():
            parameter.grad = torch.full_like(parameter, number + 1.0)
        optimizer.step()

    step(layers[0], before, 0)
    layers[1].load_state_dict(layers[0].state_dict())
    resumed = adamw(layers[1], config)
    resumed.load_state_dict(deepcopy(before.state_dict()))
    for number in (1, 2):
        step(layers[0], before, number)
        step(layers[1], resumed, number)
    assert torch.equal(layers[0].weight, layers[1].weight)


def test_frozen_parameters_are_left_out() -> None:
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)
    (group,) = adamw(layer, OptimConfig()).param_groups
    assert [p.shape for p in group["params"]] == [(2, 2)]
