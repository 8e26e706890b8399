"""One update of a recogniser: CTC and attention share the loss (Watanabe et al. 2017)."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from torch import Tensor, nn

from viseme.data.dataset import IGNORE_ID, Batch
from viseme.kinds.recogniser.validation import validation_figures, validation_sums
from viseme.recognition.heads import RecognitionLoss
from viseme.text.tokenizer import Tokenizer
from viseme.train.optim import OptimConfig, adamw, clipped_step, set_rate
from viseme.train.processes import mean_over_processes, mean_weights, share_norms


class Recipe(Protocol):
    """Settings of a training that every recogniser has."""

    @property
    def ctc_weight(self) -> float: ...
    @property
    def label_smoothing(self) -> float: ...


class WithLoss(nn.Module):
    """A network with `encode` and `heads`, as one forward pass to its losses."""

    def __init__(self, network: Any, label_smoothing: float) -> None:
        super().__init__()
        self.network, self.label_smoothing = network, label_smoothing

    def forward(
        self, video: Tensor | None, audio: Tensor | None, lengths: Tensor, tokens: Tensor
    ) -> tuple[RecognitionLoss, Tensor]:
        """Losses, and CTC log-probabilities (B, T, V)."""
        encoder_out = self.network.encode(video, audio, lengths)
        loss = self.network.heads.loss(encoder_out, lengths, tokens, self.label_smoothing)
        return loss, self.network.heads.ctc_log_probs(encoder_out)


class RecogniserTraining:
    """What the training loop asks of a recogniser (see `viseme.train.loop.TrainableSystem`).

    Args:
        network: with `encode(video, audio, lengths)` and `heads`.
        recipe: weights of the losses.
        optim: of all parameters.
        tokenizer: of the texts.
        scale: factor on the rate of a parameter, by its name in the network.
    """

    def __init__(
        self,
        network: Any,
        recipe: Recipe,
        optim: OptimConfig,
        tokenizer: Tokenizer,
        scale: Callable[[str], float] = lambda name: 1.0,
    ) -> None:
        self.network, self.recipe, self.optim, self.tokenizer = network, recipe, optim, tokenizer
        self.scale = scale
        self.modules: Any = WithLoss(network, recipe.label_smoothing)

    def setup(self, fabric: Any, total_steps: int) -> None:
        """Make the optimiser and hand both to Fabric."""
        self.fabric, self.total_steps = fabric, total_steps
        share_norms(self.modules, fabric)
        optimizer = adamw(
            self.modules, self.optim, lambda name: self.scale(name.removeprefix("network."))
        )
        self.modules, self.optimizer = fabric.setup(self.modules, optimizer)

    def train_step(self, batches: Sequence[Batch], step: int) -> dict[str, float]:
        """One update of all weights."""
        rate = set_rate(self.optimizer, self.optim, step, self.total_steps)
        weights = mean_weights(self.fabric, [_counts(batch) for batch in batches])
        self.optimizer.zero_grad()
        rows = []
        for number, batch in enumerate(batches, 1):
            is_last = number == len(batches)
            with self.fabric.no_backward_sync(self.modules, enabled=not is_last):
                total, scalars = self.losses(
                    batch.to(self.fabric.device), weights[number - 1], step
                )
                self.fabric.backward(total)
            rows.append(scalars)
        norm = clipped_step(self.fabric, self.modules, self.optimizer, self.optim.clip_norm)
        means = mean_over_processes(self.fabric, rows)
        return means | {"gradient_norm": norm, "rate": rate}

    def losses(
        self, batch: Batch, weights: Sequence[float], step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What is minimised over a batch at a step, and its parts.

        `weights` are what means over its clips, its tokens and its frames with known words count.
        """
        loss, _ = self.read(batch)
        return self.shared(loss, weights)

    def shared(
        self, loss: RecognitionLoss, weights: Sequence[float]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss that CTC and attention share, and its parts."""
        clips, tokens, _ = weights
        ctc_weight = self.recipe.ctc_weight
        total = clips * (ctc_weight * loss.ctc + (1 - ctc_weight) * loss.attention)
        return total, {
            "loss": total,
            "ctc": clips * loss.ctc,
            "attention": clips * loss.attention,
            "accuracy": tokens * loss.accuracy,
        }

    def read(self, batch: Batch) -> tuple[RecognitionLoss, Tensor]:
        """Losses of a batch, and CTC log-probabilities."""
        loss, log_probs = self.modules(batch.video, batch.audio, batch.lengths, batch.tokens)
        return loss, log_probs

    def eval_step(self, batch: Batch) -> dict[str, float]:
        """Losses and word errors of greedy CTC, summed over the batch."""
        batch = batch.to(self.fabric.device)
        return validation_sums(batch, *self.read(batch), self.tokenizer)

    def summarise(self, sums: dict[str, float]) -> dict[str, float]:
        """Mean losses per clip and the word error rate of greedy CTC."""
        return validation_figures(sums)

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimiser."""
        return {"modules": self.modules.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Undo of `state_dict`."""
        self.modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])

    def weights(self) -> dict[str, Tensor]:
        """What a model folder keeps: the network without what only training needs."""
        return {name: tensor.detach().cpu() for name, tensor in self.network.state_dict().items()}


def _counts(batch: Batch) -> tuple[int, int, int]:
    """Clips, tokens with the end of each text, and frames whose word is known."""
    clips = len(batch.ids)
    tokens = int((batch.tokens != IGNORE_ID).sum()) + clips
    return clips, tokens, int((batch.words != IGNORE_ID).sum())
