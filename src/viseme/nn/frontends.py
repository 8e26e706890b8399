"""Frontends: pixels or waveform to one feature vector per video frame (25 Hz).

Sizes of Auto-AVSR (arXiv 2303.14307): 64-channel stem, widths 64/128/256/512, two blocks per stage.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.nn.resnet import ResNetTrunk, norm_of
from viseme.shapes import valid_mask

SAMPLES_PER_FRAME = 640  # 16 kHz sound at 25 frames per second
BLOCK_FRAMES = 128  # pictures that go through the trunk at once, but in training
_MOST_SHAPES, _LEAST_SAVED = 32, 0.1
VIDEO_MEAN, VIDEO_STD = 0.421, 0.165  # of grey mouth ROIs in [0, 1]


class VisualFrontend(nn.Module):
    """3-D convolution, max pooling and a per-frame ResNet: (B, T, 1, H, W) -> (B, T, D)."""

    def __init__(
        self, widths: Sequence[int], blocks_per_stage: int, kernel: tuple[int, int, int] = (5, 7, 7)
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
        self.stem = nn.Conv3d(1, widths[0], kernel, (1, 2, 2), padding, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        self.trunk = ResNetTrunk(2, widths, blocks_per_stage)
        self.out_dim = widths[-1]

    def forward(self, video: Tensor, lengths: Tensor) -> Tensor:
        """Features of clips of lengths (B,) frames.

        What lies after a clip's end must be zero, as the convolution's own padding is: then no
        mask is needed for a clip to give the same features alone and in any batch.
        """
        batch = len(video)
        windows = self._windows(video[:, :, 0].to(self.stem.weight.dtype))
        if self.training:  # the statistics of BatchNorm need the whole batch at once
            return self._of_batch(windows, lengths).to(video.dtype)
        size = max(1, BLOCK_FRAMES // batch)
        blocks = [
            self._features(block.flatten(0, 1)).unflatten(0, block.shape[:2])
            for block in windows.split(size, 1)
        ]
        return torch.cat(blocks, 1).to(video.dtype)

    def _of_batch(self, windows: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D) of windows (B, T, H, W, depth); empty windows are one in the trunk.

        After a clip's end, as far as no window reaches back into it, all pictures are equally
        empty: one of them stands for the others. Where there are few of them, all go through.
        """
        batch, time = windows.shape[:2]
        seen = valid_mask(lengths + self.stem.kernel_size[0] // 2, time).flatten()
        order = torch.argsort(seen.logical_not(), stable=True)
        # Few different numbers of rows, as each is a shape that kernels are compiled for.
        step = max(1, batch * time // _MOST_SHAPES)
        rows = -(-(int(seen.sum()) + 1) // step) * step
        if rows > (1 - _LEAST_SAVED) * batch * time:
            return self._features(windows.flatten(0, 1)).unflatten(0, (batch, time))
        kept = order[:rows]
        features = self._features(windows[kept // time, kept % time], batch * time - rows + 1)
        place = torch.argsort(order).clamp(max=rows - 1)
        return features[place].unflatten(0, (batch, time))

    def _features(self, windows: Tensor, repeats: int = 1) -> Tensor:
        """Features (N, D) of windows (N, H, W, depth), the last of which stands for `repeats`."""
        x = F.silu(norm_of(self.norm, self._stem(windows), repeats))
        x = self.trunk(F.max_pool2d(x, 3, stride=2, padding=1), repeats)
        return x.mean((2, 3))

    def _windows(self, video: Tensor) -> Tensor:
        """Each frame of (B, T, H, W) with its neighbours, (B, T, H, W, depth), without a copy."""
        depth = self.stem.kernel_size[0]
        reach = depth // 2
        return F.pad(video, (0, 0, 0, 0, reach, reach)).unfold(1, depth, 1)

    def _stem(self, windows: Tensor) -> Tensor:
        """The 3-D convolution as a 2-D one over stacked neighbours: (N, C, H/2, W/2).

        Same weights and result. The 3-D kernel with its single input channel and channels-last
        layout was the slowest part of training on CPU; this form halves it.
        """
        stacked = windows.permute(0, 3, 1, 2)
        stacked = stacked.contiguous(memory_format=torch.channels_last)
        padding = tuple(edge // 2 for edge in self.stem.kernel_size[1:])
        weight, bias = self.stem.weight[:, 0], self.stem.bias
        return F.conv2d(stacked, weight, bias, stride=2, padding=padding)


class AudioFrontend(nn.Module):
    """1-D ResNet on the raw waveform: (B, S) with S a multiple of 640 -> (B, S/640, D).

    Padding is zeroed before every kernel; `mask_padding=False` leaves it in, as the original does.
    """

    def __init__(
        self, widths: Sequence[int], blocks_per_stage: int, mask_padding: bool = True
    ) -> None:
        super().__init__()
        self.mask_padding = mask_padding
        self.stem = nn.Conv1d(1, widths[0], 80, stride=4, padding=38, bias=False)
        self.norm = nn.BatchNorm1d(widths[0])
        self.trunk = ResNetTrunk(1, widths, blocks_per_stage)
        self.out_dim = widths[-1]

    def forward(self, audio: Tensor, lengths: Tensor) -> Tensor:
        """Features of waveforms (B, S), zero after their lengths (B,) in frames of 640 samples."""
        num_frames = audio.shape[1] // SAMPLES_PER_FRAME
        x = audio[:, None].to(self.stem.weight.dtype)
        x = F.silu(self.norm(self.stem(x)))  # (B, C, S/4)
        per_frame = SAMPLES_PER_FRAME // 4
        if not self.mask_padding:
            return F.avg_pool1d(self.trunk(x), per_frame // 8).transpose(1, 2).to(audio.dtype)
        x = x * valid_mask(lengths * per_frame, num_frames * per_frame)[:, None]
        for index, stage in enumerate(self.trunk.stages):
            per_frame = per_frame if index == 0 else per_frame // 2
            valid = valid_mask(lengths * per_frame, num_frames * per_frame)[:, None]
            x = stage(x, valid)
        return F.avg_pool1d(x, per_frame).transpose(1, 2).to(audio.dtype)
