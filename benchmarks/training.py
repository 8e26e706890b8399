"""A training step of the 250 M layout against the original repository's; steps of preset `grid`.

    AUTO_AVSR_REPO=path/to/auto_avsr python -m benchmarks training

Both make whole steps on the same batch: forward, CTC and attention losses, backward, clipped
gradients, AdamW. Each has a process of its own, which keeps its memory as its training does, and
they take turns; the ratio is that of the medians. The batches: clips of one length, and clips of
which a quarter of the frames is padding. Single precision; weights drawn at random. The original is
imported from a checkout that the user names and is no part of this project. Without the variable
only the own figures are taken.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from benchmarks._record import original_repository, write_record
from benchmarks._turns import in_turns
from viseme.data.dataset import Batch
from viseme.provenance import provenance
from viseme.systems.auto_avsr import PRESETS, Config, Training
from viseme.text.tokenizer import IdTokenizer
from viseme.train.loop import LoopConfig, make_fabric
from viseme.train.memory import keep_freed_memory

VOCAB_SIZE, FPS, TOKENS_PER_S = 5049, 25, 4
EVEN, RAGGED = (75, 75, 75, 75), (75, 64, 50, 36)  # a quarter of the second is padding
GRID_CLIPS, GRID_FRAMES, LETTERS = 9, 75, 30
BATCHES = {"even": EVEN, "ragged": RAGGED}
TOTAL_STEPS = 1000
WARM_UP = 2
CLIP_NORM, RATE, BETAS, DECAY = 10.0, 1e-3, (0.9, 0.98), 0.03  # of the original's training

Step = Callable[[Batch], dict[str, float]]


def batch_of(lengths: Sequence[int], side: int, vocab_size: int, seed: int = 0) -> Batch:
    """Noise as lips, and random tokens, four a second."""
    generator = torch.Generator().manual_seed(seed)
    longest = max(lengths)
    video = torch.randn(len(lengths), longest, 1, side, side, generator=generator)
    tokens = torch.full((len(lengths), longest * TOKENS_PER_S // FPS), -1)
    for clip, length in enumerate(lengths):
        video[clip, length:] = 0
        count = length * TOKENS_PER_S // FPS
        tokens[clip, :count] = torch.randint(1, vocab_size - 1, (count,), generator=generator)
    names = [str(number) for number in range(len(lengths))]
    words = torch.full((len(lengths), longest), -1)
    return Batch(names, names, video, None, torch.tensor(lengths), tokens, words)


def ours(config: Config, vocab_size: int) -> Step:
    """A step of this project's training."""
    keep_freed_memory()  # as the loop does
    torch.manual_seed(0)
    training = Training(config, IdTokenizer(vocab_size), {})
    loop = LoopConfig(precision="32-true")
    training.setup(make_fabric(loop, "cpu"), TOTAL_STEPS)
    training.modules.train()
    return lambda batch: training.train_step([batch], 1)


def theirs(repository: Path) -> Step:
    """The same by the original code, as its `lightning.py` configures it."""
    sys.path.insert(0, str(repository))
    from espnet.nets.pytorch_backend.e2e_asr_conformer import E2E

    torch.manual_seed(0)
    network = E2E(VOCAB_SIZE, "video", ctc_weight=0.1).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY, betas=BETAS)

    def step(batch: Batch) -> dict[str, float]:
        assert batch.video is not None
        loss, *_ = network(batch.video, batch.lengths, batch.tokens)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        return {"loss": loss.item()}

    return step


def serve(pipe: Connection, repository: Path | None, threads: int) -> None:
    """Make a step of one of `BATCHES` whenever its name comes; of the original if there is one."""
    torch.set_num_threads(threads)
    step = ours(PRESETS["paper"], VOCAB_SIZE) if repository is None else theirs(repository)
    batches = {name: batch_of(lengths, 88, VOCAB_SIZE) for name, lengths in BATCHES.items()}
    while name := pipe.recv():
        pipe.send(step(batches[name])["loss"])


def against_the_original(
    repository: Path | None, threads: int, repeats: int
) -> list[dict[str, Any]]:
    """Seconds of a step by batch, and the ratio."""
    context = get_context("spawn")
    pipes = []
    for contestant in [None, repository] if repository else [None]:
        own, other = context.Pipe()
        context.Process(target=serve, args=(other, contestant, threads), daemon=True).start()
        other.close()  # so that the end of the process ends the waiting for it
        pipes.append(own)

    def step(pipe: Connection, name: str) -> None:
        pipe.send(name)
        pipe.recv()

    rows = []
    for name, lengths in BATCHES.items():
        works = [partial(step, pipe, name) for pipe in pipes]
        in_turns(works, WARM_UP)  # kernels are compiled for the shapes, memory is taken
        times, _ = in_turns(works, repeats)
        padding = 1 - sum(lengths) / (len(lengths) * max(lengths))
        row: dict[str, Any] = {"batch": name, "lengths": list(lengths), "padding": padding}
        row["seconds"] = times[0]
        if repository:
            row |= {"original_seconds": times[1], "ratio": times[1] / times[0]}
        rows.append(row)
        logging.info("%s", row)
    for pipe in pipes:
        pipe.send(None)
    return rows


def of_grid(repeats: int) -> dict[str, Any]:
    """Steps a second of preset `grid`, nine clips of three seconds."""
    config = PRESETS["grid"]
    config = replace(config, training=replace(config.training, word_weight=0.0))
    step = ours(config, LETTERS)
    batch = batch_of([GRID_FRAMES] * GRID_CLIPS, config.model.crop_size, LETTERS)
    step(batch)
    (seconds,), _ = in_turns([lambda: step(batch)], repeats)
    return {"clips": GRID_CLIPS, "frames": GRID_FRAMES, "steps_per_s": 1 / seconds}


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/training.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    repository = original_repository()
    record = provenance(["python", "-m", "benchmarks", "training", *sys.argv[1:]])
    record["threads"], record["seed"] = arguments.threads, 0
    record["original"] = None if repository is None else repository.name
    record["steps"] = against_the_original(repository, arguments.threads, arguments.repeats)
    record["grid"] = of_grid(arguments.repeats)
    write_record(record, arguments.out)


if __name__ == "__main__":
    main()
