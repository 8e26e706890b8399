"""A step of pre-training against the same step written straightforwardly, on the same batch.

The straightforward one is what a reader of the paper would write first: each student's loss makes
its own pass of both teachers (as the authors' code does, once per optimiser), the stem is a 3-D
convolution over the whole padded batch, empty pictures go through the trunk, and AdamW updates one
tensor after another. What is computed is the same but for the drawing of dropout.

    python -m benchmarks pretraining
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks._record import write_record
from benchmarks._turns import in_turns
from viseme.nn.frontends import VisualFrontend
from viseme.pretraining.pair import PairBatch, PairTraining
from viseme.provenance import provenance
from viseme.systems import braven
from viseme.systems.raven import RavenPair
from viseme.train.loop import make_fabric
from viseme.train.memory import keep_freed_memory

LENGTHS = (75, 75, 60, 45)
"""Frames of the batch's clips, a fifth of which is padding."""
REPEATS = 7


class PlainFrontend(nn.Module):
    """A visual frontend's layers, applied to the padded batch as they are written in the paper."""

    def __init__(self, own: VisualFrontend) -> None:
        super().__init__()
        self.stem, self.norm, self.trunk, self.out_dim = own.stem, own.norm, own.trunk, own.out_dim

    def forward(self, video: Tensor, lengths: Tensor) -> Tensor:
        x = self.stem(video.transpose(1, 2)).transpose(1, 2)
        shape = x.shape[:2]
        x = F.silu(self.norm(x.flatten(0, 1)))
        x = self.trunk(F.max_pool2d(x, 3, stride=2, padding=1))
        return x.mean((2, 3)).unflatten(0, shape)


class PlainTraining(PairTraining):
    """A pass of both teachers for each student's loss."""

    def setup(self, fabric: Any, total_steps: int) -> None:
        for owner in (self.students["video"].encoder, self.teachers["video"]):
            owner.frontend = PlainFrontend(owner.frontend)
        super().setup(fabric, total_steps)
        for name in self.optimizers:
            for group in self.optimizers[name].param_groups:
                group["fused"], group["foreach"] = False, False

    def _losses(
        self, name: str, side: Any, batch: PairBatch, wanted: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        if name != "video":
            wanted = self._targets(batch)
        return super()._losses(name, side, batch, wanted)


def _batch(side: int) -> PairBatch:
    generator, total = torch.Generator().manual_seed(0), max(LENGTHS)
    lengths = torch.tensor(LENGTHS)
    valid = torch.arange(total) < lengths[:, None]
    video = torch.randn(len(LENGTHS), total, 1, side, side, generator=generator)
    audio = torch.randn(len(LENGTHS), total, 640, generator=generator) * 0.1
    mask = valid & (torch.rand(len(LENGTHS), total, generator=generator) < 0.2)
    return PairBatch(
        ids=[str(n) for n in range(len(LENGTHS))],
        video=video * valid[..., None, None, None],
        audio=(audio * valid[..., None]).flatten(1),
        lengths=lengths,
        video_mask=mask,
        audio_mask=mask,
        words=torch.full((len(LENGTHS), total), -1),
    )


def _training(made: type[PairTraining], preset: str, device: str) -> PairTraining:
    config = braven.PRESETS[preset]
    torch.manual_seed(0)
    keep_freed_memory()
    pair = RavenPair(config.model)
    encoders: dict[str, nn.Module] = {"video": pair.video, "audio": pair.audio}
    training = made(encoders, config.model.dim, config.pair, config.optim)
    training.setup(make_fabric(replace(config.loop, precision="32-true"), device), 1000)
    training.modules.train()
    return training


def main() -> None:
    """Measure both on this machine and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="small", choices=sorted(braven.PRESETS))
    parser.add_argument("--out", type=Path, default=Path("results/pretraining.json"))
    arguments = parser.parse_args()
    preset = arguments.preset
    device = "cuda" if torch.cuda.is_available() else "cpu"
    batch = _batch(braven.PRESETS[preset].model.crop_size)
    trainings = [_training(made, preset, device) for made in (PairTraining, PlainTraining)]

    def step(training: PairTraining) -> dict[str, float]:
        return training.train_step([batch], 500)

    for training in trainings:
        step(training)
    times, figures = in_turns([lambda t=t: step(t) for t in trainings], REPEATS)  # type: ignore[misc]
    record = provenance(["python", "-m", "benchmarks", "pretraining", *sys.argv[1:]])
    write_record(
        record
        | {
            "what": "a step of pre-training, and the same written straightforwardly",
            "preset": f"braven {preset}",
            "frames": sum(LENGTHS),
            "device": device,
            "threads": torch.get_num_threads(),
            "seconds": {"viseme": times[0], "straightforward": times[1]},
            "ratio": times[1] / times[0],
            "losses": [{path: f[path] for path in ("v2a", "a2v", "a2a")} for f in figures],
        },
        arguments.out,
    )


if __name__ == "__main__":
    main()
