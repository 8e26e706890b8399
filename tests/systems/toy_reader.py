"""A system in 60 lines: letters from the brightness of parts of the mouth."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from viseme.config import from_dict, to_dict
from viseme.data.augment import AugmentConfig
from viseme.data.dataset import Batch
from viseme.data.splits import Splits
from viseme.kinds.recogniser.batches import open_batches
from viseme.kinds.recogniser.finish import Finish
from viseme.kinds.recogniser.folder import open_recognizer
from viseme.kinds.recogniser.texts import Texts, learn_texts, with_texts
from viseme.kinds.recogniser.validation import validation_figures, validation_sums
from viseme.models.folder import RECOGNISER, ModelFolder
from viseme.nn.transformer import TextDecoder
from viseme.recognition.heads import RecognitionHeads, RecognitionLoss
from viseme.recognition.recognizer import ReadingConfig, Recognizer
from viseme.systems import About
from viseme.train.job import Job, Run
from viseme.train.loop import LoopConfig
from viseme.train.optim import OptimConfig, adamw, clipped_step, set_rate

ABOUT = About("Toy", "none", "reads letters from brightness", RECOGNISER, {"ci": "seconds"})
SIDE = 32


@dataclass(frozen=True)
class ModelConfig:
    dim: int = 16


@dataclass(frozen=True)
class Config:
    model: ModelConfig = field(default_factory=ModelConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(epochs=3, precision="32-true"))


PRESETS = {"ci": Config()}


class ToyReader(nn.Module):
    def __init__(self, dim: int, vocab_size: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(64, dim), nn.Dropout(0.1))
        decoder = TextDecoder(vocab_size, dim, 1, 2, 32, 0.0)
        self.heads = RecognitionHeads(dim, vocab_size, decoder, 0.0)

    def encode(self, video: Tensor, audio: Tensor | None, lengths: Tensor) -> Tensor:
        return self.project(nn.functional.adaptive_avg_pool2d(video[:, :, 0], 8).flatten(2))

    def forward(self, batch: Batch) -> tuple[RecognitionLoss, Tensor]:
        encoder_out = self.encode(batch.video, None, batch.lengths)
        loss = self.heads.loss(encoder_out, batch.lengths, batch.tokens, 0.1)
        return loss, self.heads.ctc_log_probs(encoder_out)


class Training:
    def __init__(self, config: Config, texts: Texts) -> None:
        self.optim, self.tokenizer = config.optim, texts.tokenizer
        self.network = ToyReader(config.model.dim, texts.tokenizer.vocab_size)

    def setup(self, fabric: Any, total_steps: int) -> None:
        self.fabric, self.total_steps = fabric, total_steps
        optimizer = adamw(self.network, self.optim)
        self.modules, self.optimizer = fabric.setup(self.network, optimizer)

    def train_step(self, batches: list[Batch], step: int) -> dict[str, float]:
        set_rate(self.optimizer, self.optim, step, self.total_steps)
        self.optimizer.zero_grad()
        losses = [self.modules(batch)[0] for batch in batches]
        total = torch.stack([loss.ctc + loss.attention for loss in losses]).mean()
        self.fabric.backward(total)
        clipped_step(self.fabric, self.modules, self.optimizer, self.optim.clip_norm)
        return {"loss": total.item()}

    def eval_step(self, batch: Batch) -> dict[str, float]:
        return validation_sums(batch, *self.modules(batch), self.tokenizer)

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        return validation_figures(sums)

    def state_dict(self) -> dict[str, Any]:
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])

    def weights(self) -> dict[str, Tensor]:
        return self.network.state_dict()


def job(config: Config, clips: Splits, run: Run) -> Job:
    clips = with_texts(clips)
    texts = learn_texts(clips, "character", 0)
    batches = open_batches(
        clips,
        texts,
        modality="video",
        crop_size=SIDE,
        augment=AugmentConfig(),
        max_frames=40,
        memory_gb=1.0,
        seed=config.loop.seed,
        process=run.process,
    )
    reading = ReadingConfig(crop_size=SIDE)
    finish = Finish(run, clips, load, to_dict(config.model), texts.tokenizer, reading, 1)
    return Job(Training(config, texts), batches, finish)


def network(config: dict[str, Any], vocab_size: int) -> ToyReader:
    return ToyReader(from_dict(ModelConfig, config).dim, vocab_size)


def load(folder: ModelFolder, device: str) -> Recognizer:
    return open_recognizer(folder, network, device)
