"""One step of RAVEn's pre-training (arXiv 2212.06246, section 3): two students, two teachers.

Teachers see whole clips. The student of the lips foresees from masked pictures what the teacher of
the voice gives; the student of the voice foresees from masked sound what both teachers give. Which
paths there are, and how much each counts, is settings, so that BRAVEn and the papers' ablations are
settings, too.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.config import check_share
from viseme.pretraining.masks import MaskConfig
from viseme.pretraining.predictor import Predictor, PredictorConfig
from viseme.pretraining.teacher import Targets, spread, targets, teacher_of
from viseme.shapes import valid_mask
from viseme.train.average import update_average
from viseme.train.optim import OptimConfig, adamw, clipped_step, set_rate
from viseme.train.processes import mean_over_processes, mean_weights, share_norms
from viseme.train.schedule import cosine

logger = logging.getLogger(__name__)

STREAMS = ("video", "audio")
COLLAPSED = 0.05
"""Where the spread of a teacher's features is below this, they are the same whatever is said."""


@dataclass(frozen=True)
class PairBatch:
    """Clips with both streams, as the students and the teachers see them.

    Attributes:
        ids: clip ids.
        video: normalised mouth ROIs (B, T, 1, H, W), zero after the end.
        audio: waveforms (B, 640 T), zero after the end.
        lengths: frames per clip (B,).
        video_mask: frames that the student of the lips does not see (B, T).
        audio_mask: those that the student of the voice does not hear.
        words: index of the word spoken at each frame (B, T), -1 where unknown; for the probe.
    """

    ids: list[str]
    video: Tensor
    audio: Tensor
    lengths: Tensor
    video_mask: Tensor
    audio_mask: Tensor
    words: Tensor

    def to(self, device: torch.device) -> "PairBatch":
        """The same batch with its tensors on another device."""
        moved: dict[str, Any] = {
            f.name: value.to(device)
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), Tensor)
        }
        return replace(self, **moved)

    @property
    def valid(self) -> Tensor:
        """Real frames (B, T)."""
        return valid_mask(self.lengths, self.video.shape[1])


@dataclass(frozen=True)
class PathWeights:
    """How much each path counts, named by its student and the teacher that it foresees.

    Attributes:
        v2v: lips foresee lips.
        v2a: lips foresee voice.
        a2v: voice foresees lips.
        a2a: voice foresees voice.
    """

    v2v: float = 0.0
    v2a: float = 1.0
    a2v: float = 1.0
    a2a: float = 1.0

    def of(self, student: str) -> dict[str, float]:
        """The weights of a student's paths that count, by the teacher's stream."""
        weights = {stream: getattr(self, f"{student[0]}2{stream[0]}") for stream in STREAMS}
        return {stream: weight for stream, weight in weights.items() if weight}


@dataclass(frozen=True)
class PairConfig:
    """What is foreseen from what; the defaults are RAVEn's.

    Attributes:
        weights: of the paths.
        targets: "last", what the teacher gives after its LayerNorm; or "mean", the mean over its
            blocks, normalised over the clip.
        cross_masked_only: paths from one stream to the other count masked frames alone, as the
            paths within a stream always do.
        momentum: of the teachers at the first step; 1 at the last. At 1 they stay random.
        video_mask: what the student of the lips does not see.
        audio_mask: what the student of the voice does not hear.
        predictor: sizes of the predictors.
    """

    weights: PathWeights = field(default_factory=PathWeights)
    targets: Targets = "last"
    cross_masked_only: bool = False
    momentum: float = 0.999
    video_mask: MaskConfig = field(default_factory=MaskConfig)
    audio_mask: MaskConfig = field(default_factory=MaskConfig)
    predictor: PredictorConfig = field(default_factory=PredictorConfig)

    def __post_init__(self) -> None:
        check_share(self, "momentum")
        if not all(self.weights.of(stream) for stream in STREAMS):
            raise ValueError("weights leave a student without anything to foresee")


class Side(nn.Module):
    """The student of one stream and its predictors."""

    def __init__(self, stream: str, encoder: nn.Module, dim: int, config: PairConfig) -> None:
        super().__init__()
        self.encoder = encoder
        sizes = config.predictor
        num_layers = sizes.video_layers if stream == "video" else sizes.audio_layers
        self.predictors = nn.ModuleDict(
            {other: Predictor(sizes, num_layers, dim, dim) for other in config.weights.of(stream)}
        )

    def forward(
        self, stream: Tensor, lengths: Tensor, valid: Tensor, mask: Tensor
    ) -> dict[str, Tensor]:
        """Foreseen features (B, T, D), by the teacher's stream, from a masked stream."""
        features = self.encoder(stream, lengths)
        return {name: one(features, valid, mask) for name, one in self.predictors.items()}


class PairTraining:
    """What the training loop asks of a pre-training (see `viseme.train.loop.TrainableSystem`).

    Args:
        encoders: the students by stream. Each makes features (B, T, D) of (stream, lengths), and
            appends what its blocks give to a third argument.
        dim: D.
        config: of the pre-training.
        optim: of each student, which has an optimiser and a gradient norm of its own.
        probe: figures of frozen features: of each stream's (N, D) with the words and the clips that
            they belong to (N,).
    """

    def __init__(
        self,
        encoders: dict[str, nn.Module],
        dim: int,
        config: PairConfig,
        optim: OptimConfig,
        probe: Any = None,
    ) -> None:
        self.config, self.optim, self.probe = config, optim, probe
        self.students = {name: Side(name, encoders[name], dim, config) for name in STREAMS}
        self.teachers = {name: teacher_of(encoders[name]) for name in STREAMS}
        # The networks themselves, not what Fabric makes of them, which has other names.
        self.modules: nn.Module = nn.ModuleDict(
            {f"student_{name}": side for name, side in self.students.items()}
            | {f"teacher_{name}": teacher for name, teacher in self.teachers.items()}
        )
        self.encoders = dict(encoders)
        self._seen: list[tuple[dict[str, Tensor], Tensor, Tensor]] = []
        self._clips, self._warned = 0, False

    def setup(self, fabric: Any, total_steps: int) -> None:
        """Make the two optimisers and hand the students to Fabric."""
        self.fabric, self.total_steps = fabric, total_steps
        share_norms(self.modules, fabric)
        self.sides: dict[str, Any] = {}
        self.optimizers: dict[str, Any] = {}
        for name, side in self.students.items():
            made = fabric.setup(side, adamw(side, self.optim))
            self.sides[name], self.optimizers[name] = made
        for teacher in self.teachers.values():
            teacher.to(fabric.device)

    def train_step(self, batches: Sequence[PairBatch], step: int) -> dict[str, float]:
        """One update of both students, then one of both teachers."""
        counts = [
            (int(b.lengths.sum()), int(b.video_mask.sum()), int(b.audio_mask.sum()))
            for b in batches
        ]
        shares = mean_weights(self.fabric, counts)
        for optimizer in self.optimizers.values():
            rate = set_rate(optimizer, self.optim, step, self.total_steps)
            optimizer.zero_grad()
        rows = []
        for batch, share in zip(batches, shares, strict=True):
            rows.append(self._learn(batch.to(self.fabric.device), share, batch is batches[-1]))
        norms = {
            f"gradient_norm_{name}": clipped_step(
                self.fabric, self.sides[name], self.optimizers[name], self.optim.clip_norm
            )
            for name in STREAMS
        }
        momentum = cosine(self.config.momentum, 1.0, step, self.total_steps)
        for name in STREAMS:
            update_average(self.teachers[name], self.encoders[name], momentum)
        figures = mean_over_processes(self.fabric, rows)
        self._warn_of_collapse(figures, step)
        return figures | norms | {"momentum": momentum, "rate": rate}

    def eval_step(self, batch: PairBatch) -> dict[str, float]:
        """Losses summed over frames; features are kept for the probe."""
        batch = batch.to(self.fabric.device)
        wanted = self._targets(batch)
        frames = int(batch.lengths.sum())
        sums = {"frames": float(frames)}
        for name in STREAMS:
            losses = self._losses(name, self.students[name], batch, wanted)
            sums |= {path: float(loss) * frames for path, loss in losses.items()}
        if self.probe is not None:
            self._keep(batch)
        return sums

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        """Mean losses by path, and what a probe finds in the students' features."""
        frames = sums.pop("frames")
        figures = {name: value / frames for name, value in sums.items()}
        if self._seen:
            parts = [torch.cat(part) for part in zip(*(s[1:] for s in self._seen), strict=True)]
            for name in STREAMS:
                features = torch.cat([seen[0][name] for seen in self._seen])
                figures |= {
                    f"{name}_{figure}": value
                    for figure, value in self.probe(features, *parts).items()
                }
            self._seen, self._clips = [], 0
        return figures

    def state_dict(self) -> dict[str, Any]:
        """Students with their predictors, teachers and both optimisers."""
        optimizers = {name: one.state_dict() for name, one in self.optimizers.items()}
        return {"modules": self.modules.state_dict(), "optimizers": optimizers}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Undo of `state_dict`."""
        self.modules.load_state_dict(state["modules"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])

    def weights(self) -> dict[str, Tensor]:
        """What a model folder keeps: the students' encoders."""
        return {
            f"{stream}.{name}": tensor.detach().cpu()
            for stream, encoder in self.encoders.items()
            for name, tensor in encoder.state_dict().items()
        }

    def _learn(self, batch: PairBatch, share: Sequence[float], is_last: bool) -> dict[str, Tensor]:
        """Gradients of one batch; `share` is its part of all frames and of the masked ones."""
        frames, *masked = share
        wanted = self._targets(batch)
        figures: dict[str, Tensor] = {}
        for place, name in enumerate(STREAMS):
            side, weights = self.sides[name], self.config.weights.of(name)
            with self.fabric.no_backward_sync(side, enabled=not is_last):
                losses = self._losses(name, side, batch, wanted)
                parts = {
                    path: loss * (masked[place] if self._masked_only(path) else frames)
                    for path, loss in losses.items()
                }
                terms = zip(weights.values(), parts.values(), strict=True)
                self.fabric.backward(torch.stack([weight * part for weight, part in terms]).sum())
            figures |= parts
        total = batch.lengths.sum()
        for name in STREAMS:
            figures[f"spread_{name}"] = frames * spread(wanted[name][batch.valid])
            figures[f"masked_{name}"] = frames * getattr(batch, f"{name}_mask").sum() / total
        return figures

    @torch.no_grad()
    def _targets(self, batch: PairBatch) -> dict[str, Tensor]:
        """What each teacher gives, once for all paths."""
        wanted = {}
        for name, teacher in self.teachers.items():
            outputs: list[Tensor] = []
            with self.fabric.autocast():
                last = teacher(getattr(batch, name), batch.lengths, outputs)
            wanted[name] = targets(last, outputs, batch.valid, self.config.targets)
        return wanted

    def _losses(
        self, name: str, side: Any, batch: PairBatch, wanted: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Negative cosine of foreseen and wanted features, a mean over frames, by path."""
        mask = getattr(batch, f"{name}_mask")
        stream = without(getattr(batch, name), mask)
        with self.fabric.autocast():
            foreseen = side(stream, batch.lengths, batch.valid, mask)
        losses = {}
        for other, features in foreseen.items():
            path = f"{name[0]}2{other[0]}"
            counted = mask if self._masked_only(path) else batch.valid
            losses[path] = negative_cosine(features, wanted[other], counted)
        return losses

    def _masked_only(self, path: str) -> bool:
        return path[0] == path[2] or self.config.cross_masked_only

    def _keep(self, batch: PairBatch) -> None:
        known = batch.valid & (batch.words >= 0)
        clips = torch.arange(len(batch.ids), device=known.device)[:, None] + self._clips
        self._clips += len(batch.ids)
        features = {
            name: encoder(getattr(batch, name), batch.lengths)[known].float().cpu()
            for name, encoder in self.encoders.items()
        }
        clips = clips.expand_as(known)[known].cpu()
        self._seen.append((features, batch.words[known].cpu(), clips))

    def _warn_of_collapse(self, figures: dict[str, float], step: int) -> None:
        for name in STREAMS:
            if figures[f"spread_{name}"] < COLLAPSED and not self._warned:
                self._warned = True
                logger.warning(
                    "step %d: the %s teacher gives the same for every frame (spread %.3f): what "
                    "follows learns nothing; a lower rate or a lower momentum may help",
                    step,
                    name,
                    figures[f"spread_{name}"],
                )


def without(stream: Tensor, mask: Tensor) -> Tensor:
    """A stream with masked frames (B, T) zeroed: pictures (B, T, ...) or sound (B, 640 T)."""
    batch, num_frames = mask.shape
    parts = stream.reshape(batch, num_frames, -1)
    return (parts * ~mask[..., None]).reshape(stream.shape)


def negative_cosine(foreseen: Tensor, wanted: Tensor, counted: Tensor) -> Tensor:
    """Minus the mean cosine between features (B, T, D) over the counted frames (B, T)."""
    cosines = F.cosine_similarity(foreseen.float(), wanted.float(), dim=-1)
    return -(cosines * counted).sum() / counted.sum().clamp(min=1)
