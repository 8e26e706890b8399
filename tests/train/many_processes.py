"""A few steps of a small audio-visual training: in one process of two, or in one alone.

    python many_processes.py MANIFEST FOLDER

Started by torchrun in two processes, each takes every other batch; alone, one process takes the
batches of both as one.
"""

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from viseme.config import override
from viseme.data.dataset import ClipDataset, Collator, Epoch
from viseme.data.manifest import read_manifest
from viseme.systems.auto_avsr import PRESETS, Training
from viseme.text.tokenizer import CharacterTokenizer
from viseme.train.loop import LoopConfig, fit, make_fabric
from viseme.train.seed import seed_everything

TOKENIZER = CharacterTokenizer("abcdefghijklmnopqrstuvwxyz ")
VOCABULARY = {"up": 1, "down": 2, "left": 3, "right": 4}
NUM_PROCESSES = 2
SETTINGS = {
    "model.modality": "av",
    "model.crop_size": "32",
    "model.dropout": "0",
    "training.word_weight": "5",
    "optim.peak_lr": "2e-3",
}


@dataclass(frozen=True)
class Data:
    """Batches of at most three clips, shared by the processes or joined for the only one."""

    dataset: ClipDataset
    process: tuple[int, int]
    collate: Collator = field(default_factory=lambda: Collator(TOKENIZER, 32, VOCABULARY))

    def train(self, epoch: int) -> Epoch:
        whole = self.dataset.epoch(self.collate, 48, 0, epoch, self.process)
        if self.process[1] > 1:
            return whole
        usable = len(whole) - len(whole) % NUM_PROCESSES
        pairs = zip(whole.batches[0:usable:2], whole.batches[1:usable:2], strict=True)
        joined = [first + second for first, second in pairs]
        return replace(whole, batches=joined, share=range(len(joined)))

    def val(self) -> Epoch:
        return self.dataset.in_order(self.collate, 48)


def main(manifest: str, folder: str) -> None:
    """Train into a folder, whose log says how it went."""
    torch.set_num_threads(1)
    loop = LoopConfig(epochs=3)
    fabric = make_fabric(loop, "cpu")
    fabric.launch()
    dataset = ClipDataset(read_manifest(manifest), "av")
    data = Data(dataset, (fabric.global_rank, fabric.world_size))
    seed_everything(0)
    training = Training(override(PRESETS["ci"], SETTINGS), TOKENIZER, VOCABULARY)
    fit(training, data, loop, Path(folder), fabric)
    seeds = Path(folder) / f"seed-{os.environ.get('RANK', '0')}"
    seeds.write_text(str(torch.initial_seed()))


if __name__ == "__main__":
    main(*sys.argv[1:])
