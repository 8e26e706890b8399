"""Averages of weights: by definition, without gradients, buffers only when asked for."""

import torch
from torch import nn

from viseme.train.average import averaging, copy_buffers, update_average


def net(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    made(torch.randn(5, 3))
    return made


def test_every_parameter_moves_towards_the_module_by_the_momentum() -> None:
    source, average = net(0), averaging(net(1))
    before = [p.clone() for p in average.parameters()]
    update_average(average, source, 0.9)
    for was, now, other in zip(before, average.parameters(), source.parameters(), strict=True):
        torch.testing.assert_close(now, 0.9 * was + 0.1 * other)
    update_average(average, source, 0.0)
    for now, other in zip(average.parameters(), source.parameters(), strict=True):
        assert torch.equal(now, other)
    kept = [p.clone() for p in average.parameters()]
    update_average(average, net(2), 1.0)
    assert all(torch.equal(a, b) for a, b in zip(kept, average.parameters(), strict=True))


def test_an_average_takes_no_gradients_and_gives_none() -> None:
    source = net(0)
    average = averaging(source)
    assert not any(p.requires_grad for p in average.parameters())
    loss = (source(torch.randn(4, 3)) - average(torch.randn(4, 3))).square().mean()
    loss.backward()
    assert all(p.grad is None for p in average.parameters())
    assert all(p.grad is not None for p in source.parameters())
    update_average(average, source, 0.5)
    assert all(not p.requires_grad and p.is_leaf for p in average.parameters())


def test_buffers_stay_unless_they_are_copied() -> None:
    source, average = net(0), averaging(net(1))
    before = average[1].running_mean.clone()
    update_average(average, source, 0.5)
    assert torch.equal(average[1].running_mean, before)
    copy_buffers(average, source)
    assert torch.equal(average[1].running_mean, source[1].running_mean)
    assert torch.equal(average[1].num_batches_tracked, source[1].num_batches_tracked)
