"""No network holds a kernel that is known to do harm on some processor."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from viseme.config import to_dict
from viseme.systems import auto_avsr, braven, raven, raven_reader


def networks() -> dict[str, nn.Module]:
    """Every preset of every system, without memory for its weights."""
    with torch.device("meta"):
        made: dict[str, nn.Module] = {
            f"auto_avsr {name}": auto_avsr.AutoAVSR(replace(preset.model, modality="av"), 41)
            for name, preset in auto_avsr.PRESETS.items()
        }
        for one in (raven, braven, raven_reader):
            for name, preset in one.PRESETS.items():
                made[f"{one.__name__} {name}"] = one.network(to_dict(preset.model), 41)
    return made


def harmful(network: nn.Module) -> list[str]:
    """Names of the pointwise convolutions that skip pixels: their backward pass writes out of
    bounds with oneDNN's kernels for AVX2 (see nn/resnet.py)."""
    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, _ConvNd)
        and set(module.kernel_size) == {1}
        and set(module.stride) != {1}
    ]


@pytest.mark.parametrize("name", networks())
def test_no_strided_pointwise_convolution(name: str) -> None:
    assert harmful(networks()[name]) == []


def test_one_would_be_found() -> None:
    assert harmful(nn.Sequential(nn.Conv2d(4, 8, 1, stride=2), nn.Conv2d(8, 8, 1))) == ["0"]
