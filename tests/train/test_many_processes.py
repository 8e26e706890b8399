"""Several processes train as one would: the arithmetic alone, and for real on two CPU processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import many_processes
import pytest
import torch
from torch import Tensor, nn

from tiny_corpus import VOCABULARY, write_clip
from viseme.data.manifest import write_manifest
from viseme.train.processes import (
    SharedBatchNorm,
    mean_over_processes,
    mean_weights,
    share_norms,
)


def fabric(world_size: int, others: Tensor | None = None, device: str = "cpu") -> Any:
    """One process of several, the others of which have given `others` in sum."""

    def all_reduce(own: Tensor, reduce_op: str) -> Tensor:
        total = own if others is None else own + others
        return total if reduce_op == "sum" else total / world_size

    device_ = torch.device(device)
    return SimpleNamespace(world_size=world_size, device=device_, all_reduce=all_reduce)


def test_weighted_means_average_to_the_mean_of_all() -> None:
    counts, values = [3, 1], [torch.tensor([1.0, 2.0, 6.0]), torch.tensor([7.0])]
    weighted = []
    for own in (0, 1):
        other = torch.tensor([float(counts[1 - own])])
        ((weight,),) = mean_weights(fabric(2, other), [[counts[own]]])
        weighted.append(weight * values[own].mean())
    assert sum(weighted) / 2 == pytest.approx(torch.cat(values).mean().item())


def test_weighted_means_of_the_batches_of_one_update_add_up_to_the_mean_of_all() -> None:
    values = [torch.tensor([1.0, 2.0, 6.0]), torch.tensor([7.0])]
    weights = mean_weights(fabric(1), [[3], [1]])
    added = sum(weight * part.mean() for (weight,), part in zip(weights, values, strict=True))
    assert added == pytest.approx(torch.cat(values).mean().item())
    rows = [{"a": torch.tensor(2.0)}, {"a": torch.tensor(3.0)}]
    assert mean_over_processes(fabric(1), rows) == {"a": 5.0}


def test_nothing_to_count_anywhere_weighs_nothing() -> None:
    assert mean_weights(fabric(2, torch.zeros(1)), [[0]]) == [[0.0]]


def test_one_process_is_left_as_it_is() -> None:
    assert mean_weights(fabric(1), [[5, 0]]) == [[1.0, 1.0]]
    assert mean_over_processes(fabric(1), [{"a": torch.tensor(2.0)}]) == {"a": 2.0}
    norm = nn.Sequential(nn.BatchNorm1d(2))
    assert share_norms(norm, fabric(1)) is norm
    assert type(norm[0]) is nn.BatchNorm1d


def network() -> nn.Module:
    made = nn.ModuleDict({"a": nn.BatchNorm2d(3), "b": nn.Sequential(nn.ReLU(), nn.BatchNorm1d(2))})
    made["a"].running_mean.normal_()
    return made


def test_shared_norms_keep_parameters_and_statistics() -> None:
    module = network()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    parameters = list(module.parameters())
    x = torch.randn(2, 3, 4, 5)
    expected = module.eval()["a"](x)
    shared = share_norms(module, fabric(2))
    assert isinstance(shared["a"], SharedBatchNorm)
    assert isinstance(shared["b"][1], SharedBatchNorm)
    assert all(a is b for a, b in zip(parameters, shared.parameters(), strict=True))
    after = shared.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert torch.equal(shared.eval()["a"](x), expected)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_shared_norm_is_torch_s_in_every_precision(
    precision: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under autocast its input is in 16 bits, its statistics are not."""
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda total: None)  # a process alone
    plain = nn.BatchNorm1d(3)
    shared = SharedBatchNorm(plain)
    x = (5 + 2 * torch.randn(40, 3, 7)).to(precision)
    expected, normed = plain(x), shared(x)
    assert normed.dtype == expected.dtype == precision
    tolerance = 1e-5 if precision == torch.float32 else 0.03
    torch.testing.assert_close(normed, expected, atol=tolerance, rtol=0)
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(getattr(shared, name), getattr(plain, name))


def test_gpus_get_the_norm_of_torch() -> None:
    shared = share_norms(network(), fabric(2, device="cuda"))
    assert isinstance(shared["a"], nn.SyncBatchNorm)
    assert isinstance(shared["b"][1], nn.SyncBatchNorm)


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of two runs on clips of one length: by one process, and by two that share them."""
    folder = tmp_path_factory.mktemp("runs")
    said = [VOCABULARY[number % 4] for number in range(10)]
    clips = [write_clip(folder, f"clip{i}", [word], "train") for i, word in enumerate(said)]
    manifest = folder / "manifest.jsonl"
    write_manifest(manifest, clips)
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    runs = {"one": folder / "one", "two": folder / "two"}
    for name, launcher in {"one": (), "two": torchrun}.items():
        command = [sys.executable, *launcher, many_processes.__file__, manifest, runs[name]]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
    return runs


def log(run: Path, group: str) -> list[dict[str, float]]:
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [record for record in records if f"{group}/ctc" in record]


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one_with_both_batches(
    curves: dict[str, Path],
) -> None:
    """Also where the processes' batches are of different size, as the last ones here are."""
    one, two = (log(curves[name], "train") for name in ("one", "two"))
    assert len(one) == len(two) == 6
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=1e-4)
    assert one[-1]["train/loss"] < 0.9 * one[0]["train/loss"]


@pytest.mark.slow
def test_two_processes_evaluate_the_model_of_one(curves: dict[str, Path]) -> None:
    one, two = (log(curves[name], "val") for name in ("one", "two"))
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=1e-3)


@pytest.mark.slow
def test_processes_draw_different_chances(curves: dict[str, Path]) -> None:
    seeds = {path.read_text() for path in curves["two"].glob("seed-*")}
    assert len(seeds) == 2
