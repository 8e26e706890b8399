"""The loss of Auto-AVSR, slowly: a second way from pixels, samples and tokens to one number.

Written from the description of the model, not from the fast code, of which it shares only the names
of the parameters. Convolutions are sums over their taps, attention goes frame by frame with the
distance as an index, CTC is its recursion, heads and texts are taken one by one. Double precision,
differentiable, without dropout.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

SILENT = torch.tensor(-1e30, dtype=torch.float64)
"""Log of a probability of zero, without its gradients that are not numbers."""


@dataclass(frozen=True)
class Scope:
    """Parameters and statistics below a name: scope / "a" / "b" has those that start with a.b."""

    tensors: Mapping[str, Tensor]
    name: str = ""

    def __truediv__(self, part: object) -> "Scope":
        return Scope(self.tensors, f"{self.name}.{part}" if self.name else str(part))

    def __getitem__(self, leaf: str) -> Tensor:
        return self.tensors[f"{self.name}.{leaf}"]

    def __contains__(self, leaf: str) -> bool:
        return f"{self.name}.{leaf}" in self.tensors

    def parts(self) -> list["Scope"]:
        """The numbered parts, in order."""
        start = f"{self.name}."
        inside = (name.removeprefix(start) for name in self.tensors if name.startswith(start))
        return [self / number for number in sorted({int(name.split(".")[0]) for name in inside})]


@dataclass(frozen=True)
class Reference:
    """The model as functions of its parameters.

    Attributes:
        scope: all parameters and statistics by name.
        num_heads: of every attention.
        mask_padding: whether padding is zeroed before every kernel and kept out of the fusion.
        training: whether BatchNorm takes its statistics from the batch.
    """

    scope: Scope
    num_heads: int
    mask_padding: bool
    training: bool

    def loss(
        self,
        video: Tensor | None,
        audio: Tensor | None,
        valid: Tensor,
        texts: list[list[int]],
        ctc_weight: float,
        smoothing: float,
    ) -> Tensor:
        """Mean over clips of ctc_weight * CTC + (1 - ctc_weight) * attention (equation 1)."""
        total = torch.zeros((), dtype=torch.float64)
        for frames, real, text in zip(self.encode(video, audio, valid), valid, texts, strict=True):
            encoded = frames[real]
            log_probs = affine(encoded, self.scope / "heads.ctc_head").log_softmax(-1)
            next_log_probs = self.read(text, encoded).log_softmax(-1)
            end = next_log_probs.shape[1] - 1
            attention = divergence(next_log_probs, [*text, end], smoothing)
            total = total + ctc_weight * ctc_loss(log_probs, text) + (1 - ctc_weight) * attention
        return total / len(texts)

    def encode(self, video: Tensor | None, audio: Tensor | None, valid: Tensor) -> Tensor:
        """Features (B, T, D) of video (B, T, H, W), audio (B, 640 T), or both joined."""
        streams = []
        if video is not None:
            streams.append(self.conform(self.see(video), valid, self.scope / "video"))
        if audio is not None:
            streams.append(self.conform(self.hear(audio, valid), valid, self.scope / "audio"))
        return streams[0] if len(streams) == 1 else self.fuse(torch.cat(streams, -1), valid)

    def see(self, video: Tensor) -> Tensor:
        """Pixels (B, T, H, W) to (B, T, C)."""
        scope = self.scope / "video.frontend"
        x = convolve(video[:, None], scope / "stem", stride=(1, 2, 2), padding=(2, 3, 3))
        x = x.transpose(1, 2).flatten(0, 1)  # a picture per frame
        x = largest_of_nine(silu(self.batch_norm(x, scope / "norm")))
        return self.trunk(x, scope / "trunk", None).mean((-1, -2)).unflatten(0, video.shape[:2])

    def hear(self, audio: Tensor, valid: Tensor) -> Tensor:
        """Samples (B, 640 T) to (B, T, C)."""
        scope = self.scope / "audio.frontend"
        x = convolve(audio[:, None], scope / "stem", stride=(4,), padding=(38,))
        x = self.silence(silu(self.batch_norm(x, scope / "norm")), valid)
        x = self.trunk(x, scope / "trunk", valid)
        return x.unflatten(2, (valid.shape[1], 20)).mean(3).transpose(1, 2)

    def silence(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """Zero x (B, C, S), of any rate, outside of valid frames (B, T); pictures have none."""
        if valid is None or not self.mask_padding:
            return x
        return x * valid.repeat_interleave(x.shape[2] // valid.shape[1], dim=1)[:, None]

    def trunk(self, x: Tensor, scope: Scope, valid: Tensor | None) -> Tensor:
        """Four stages of residual blocks: two convolutions of three taps around a shortcut."""
        for number, stage in enumerate((scope / "stages").parts()):
            for index, block in enumerate((stage / "blocks").parts()):
                axes = x.ndim - 2
                stride = (2 if number > 0 and index == 0 else 1,) * axes
                y = convolve(x, block / "conv1", stride, padding=(1,) * axes)
                y = self.silence(silu(self.batch_norm(y, block / "norm1")), valid)
                y = convolve(y, block / "conv2", (1,) * axes, padding=(1,) * axes)
                y = self.batch_norm(y, block / "norm2")
                if "shortcut.0.weight" in block:
                    x = convolve(x, block / "shortcut.0", stride, padding=(0,) * axes)
                    x = self.batch_norm(x, block / "shortcut.1")
                x = self.silence(silu(x + y), valid)
        return x

    def conform(self, x: Tensor, valid: Tensor, scope: Scope) -> Tensor:
        """Projection and Conformer blocks on (B, T, C)."""
        x = affine(x, scope / "project")
        x = x * math.sqrt(x.shape[-1])
        for block in (scope / "encoder.blocks").parts():
            y = layer_norm(x, block / "norm_feed_forward_in")
            x = x + feed_forward(y, block / "feed_forward_in") / 2
            y = layer_norm(x, block / "norm_attention")
            clips = zip(y, valid, strict=True)
            x = x + torch.stack([self.look_around(*clip, block / "attention") for clip in clips])
            y = layer_norm(x, block / "norm_convolution")
            x = x + self.mix_neighbours(y, valid, block / "convolution")
            y = layer_norm(x, block / "norm_feed_forward_out")
            x = x + feed_forward(y, block / "feed_forward_out") / 2
            x = layer_norm(x, block / "norm_out")
        x = layer_norm(x, scope / "encoder.norm")
        return x * valid[..., None] if self.mask_padding else x

    def look_around(self, x: Tensor, valid: Tensor, scope: Scope) -> Tensor:
        """Self-attention of one clip (T, D), with a bias by signed distance (Dai et al. 2019)."""
        dim, width = x.shape[1], x.shape[1] // self.num_heads
        query, key, value = (affine(x, scope / part) for part in ("query", "key", "value"))
        rows = []
        for frame in range(len(x)):
            heads = []
            for head in range(self.num_heads):
                part = slice(head * width, (head + 1) * width)
                by_content = query[frame, part] + scope["content_bias"][head]
                by_distance = query[frame, part] + scope["position_bias"][head]
                scores, values = [], []
                for other in range(len(x)):
                    if valid[other]:
                        distance = scope["position.weight"][part] @ sinusoid(frame - other, dim)
                        score = by_content @ key[other, part] + by_distance @ distance
                        scores.append(score / math.sqrt(width))
                        values.append(value[other, part])
                heads.append(torch.stack(scores).softmax(0) @ torch.stack(values))
            rows.append(torch.cat(heads))
        return affine(torch.stack(rows), scope / "out")

    def mix_neighbours(self, x: Tensor, valid: Tensor, scope: Scope) -> Tensor:
        """The Conformer's convolution on (B, T, D)."""
        x = convolve(x.transpose(1, 2), scope / "expand", (1,), (0,))
        half = x.shape[1] // 2
        x = self.silence(x[:, :half] * torch.sigmoid(x[:, half:]), valid)
        x = convolve(x, scope / "depthwise", (1,), (scope["depthwise.weight"].shape[2] // 2,))
        x = silu(self.batch_norm(x, scope / "norm"))
        return convolve(x, scope / "contract", (1,), (0,)).transpose(1, 2)

    def fuse(self, both: Tensor, valid: Tensor) -> Tensor:
        """Both streams (B, T, 2 D) joined, as a list of frames."""
        chosen = valid if self.mask_padding else torch.ones_like(valid)
        x = affine(both[chosen], self.scope / "fusion.expand")
        x = self.batch_norm(x, self.scope / "fusion.norm").clamp(min=0)
        x = affine(x, self.scope / "fusion.contract")
        joined = torch.zeros(*valid.shape, x.shape[-1], dtype=x.dtype)
        return joined.index_put(tuple(chosen.nonzero().T), x)

    def read(self, text: list[int], memory: Tensor) -> Tensor:
        """Logits (L+1, V) of the next token after each prefix, given the clip's frames (T, D)."""
        scope = self.scope / "heads.text_decoder"
        table = scope["embedding.weight"]
        start, dim = len(table) - 1, table.shape[1]
        x = torch.stack(
            [
                table[token] * math.sqrt(dim) + sinusoid(place, dim)
                for place, token in enumerate([start, *text])
            ]
        )
        for layer in (scope / "layers").parts():
            y = layer_norm(x, layer / "norm_self")
            seen = [y[: place + 1] for place in range(len(y))]
            x = x + self.attend(y, seen, layer / "self_attention")
            y = layer_norm(x, layer / "norm_memory")
            x = x + self.attend(y, [memory] * len(y), layer / "memory_attention")
            x = x + feed_forward(layer_norm(x, layer / "norm_feed_forward"), layer / "feed_forward")
        return affine(layer_norm(x, scope / "norm"), scope / "head")

    def attend(self, x: Tensor, seen: list[Tensor], scope: Scope) -> Tensor:
        """Attention of each row of x (L, D) over the rows that it sees."""
        width = x.shape[1] // self.num_heads
        rows = []
        for row, others in zip(x, seen, strict=True):
            query = affine(row, scope / "query")
            key, value = affine(others, scope / "key"), affine(others, scope / "value")
            heads = []
            for head in range(self.num_heads):
                part = slice(head * width, (head + 1) * width)
                scores = key[:, part] @ query[part] / math.sqrt(width)
                heads.append(scores.softmax(0) @ value[:, part])
            rows.append(torch.cat(heads))
        return affine(torch.stack(rows), scope / "out")

    def batch_norm(self, x: Tensor, scope: Scope) -> Tensor:
        """Normalise (N, C, ...) by channel, padding included."""
        others = [axis for axis in range(x.ndim) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(x.ndim)]
        mean, variance = scope["running_mean"], scope["running_var"]
        if self.training:
            mean = x.mean(others)
            variance = ((x - mean.view(shape)) ** 2).mean(others)
        x = (x - mean.view(shape)) / torch.sqrt(variance.view(shape) + 1e-5)
        return x * scope["weight"].view(shape) + scope["bias"].view(shape)


def affine(x: Tensor, scope: Scope) -> Tensor:
    """x (..., D) times the matrix, plus the bias."""
    return x @ scope["weight"].T + scope["bias"]


def silu(x: Tensor) -> Tensor:
    """x * sigmoid(x)."""
    return x * torch.sigmoid(x)


def layer_norm(x: Tensor, scope: Scope) -> Tensor:
    """Normalise the last axis, epsilon 1e-12."""
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-12)
    return scaled * scope["weight"] + scope["bias"]


def feed_forward(x: Tensor, scope: Scope) -> Tensor:
    """Linear, ReLU, linear."""
    return affine(affine(x, scope / "expand").clamp(min=0), scope / "contract")


def convolve(x: Tensor, scope: Scope, stride: tuple[int, ...], padding: tuple[int, ...]) -> Tensor:
    """Convolution of (B, C, sizes) as the sum of its taps; one input channel means depthwise."""
    weight = scope["weight"]
    edges = [edge for size in reversed(padding) for edge in (size, size)]
    padded = torch.nn.functional.pad(x, edges)
    kernel = weight.shape[2:]
    sizes = [
        (size - taps) // step + 1
        for size, taps, step in zip(padded.shape[2:], kernel, stride, strict=True)
    ]
    total = torch.zeros(len(x), len(weight), *sizes, dtype=x.dtype)
    for tap in product(*map(range, kernel)):
        window = padded
        for axis, (first, size, step) in enumerate(zip(tap, sizes, stride, strict=True), 2):
            window = window.index_select(axis, first + step * torch.arange(size))
        here = weight[(slice(None), slice(None), *tap)]  # (O, C)
        if here.shape[1] == window.shape[1]:
            total = total + torch.einsum("bc...,oc->bo...", window, here)
        else:
            total = total + window * here.view(1, -1, *[1] * len(kernel))
    if "bias" in scope:
        total = total + scope["bias"].view(1, -1, *[1] * len(kernel))
    return total


def largest_of_nine(x: Tensor) -> Tensor:
    """Max pooling of pictures (N, C, H, W), 3x3, every second place."""
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), value=-math.inf)
    height, width = ((size - 1) // 2 + 1 for size in x.shape[2:])
    windows = [
        padded[:, :, down : down + 2 * height : 2, right : right + 2 * width : 2][
            :, :, :height, :width
        ]
        for down, right in product(range(3), range(3))
    ]
    return torch.stack(windows).amax(0)


def sinusoid(position: int, dim: int) -> Tensor:
    """Sine and cosine of a position or distance, in turn, ever slower."""
    values = []
    for pair in range(dim // 2):
        angle = position / 10000 ** (2 * pair / dim)
        values += [math.sin(angle), math.cos(angle)]
    return torch.tensor(values, dtype=torch.float64)


def ctc_loss(log_probs: Tensor, text: list[int]) -> Tensor:
    """Minus the log-probability of a text, summed over its paths (Graves et al. 2006)."""
    states = [0]
    for token in text:
        states += [token, 0]
    score = [log_probs[0, state] if index < 2 else SILENT for index, state in enumerate(states)]
    for frame in log_probs[1:]:
        arrived = []
        for index, state in enumerate(states):
            ways = [score[index]]
            if index >= 1:
                ways.append(score[index - 1])
            if index >= 2 and state not in (0, states[index - 2]):
                ways.append(score[index - 2])
            arrived.append(torch.logsumexp(torch.stack(ways), 0) + frame[state])
        score = arrived
    return -torch.logsumexp(torch.stack(score[-2:]), 0)


def divergence(log_probs: Tensor, wanted: list[int], smoothing: float) -> Tensor:
    """KL divergence from smoothed one-hot targets, summed over tokens (L, V)."""
    total = torch.zeros((), dtype=torch.float64)
    vocab_size = log_probs.shape[1]
    for row, token in zip(log_probs, wanted, strict=True):
        for other in range(vocab_size):
            target = 1 - smoothing if other == token else smoothing / (vocab_size - 1)
            if target:
                total = total + target * (math.log(target) - row[other])
    return total
