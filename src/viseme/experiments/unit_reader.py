"""Reading the weights of face units off single pictures: is what the truth says to be seen?

A small network sees an upright face, cut with the landmarks of the truth, and gives
the weights of the units of eyes and mouth.
"""

import re
from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from viseme.experiments.landmark_distance import INDEX
from viseme.face.warp import warp
from viseme.nn.resnet import ResNetTrunk
from viseme.studio.performance import UNITS, Performance
from viseme.train.log import progress_bar
from viseme.train.seed import seed_everything

CROP_PX = 96  # as many as the face has in a picture of 128 px
_SIDE, _BELOW = 2.0, 0.62  # of the crop, and its middle below the eyes, in eye distances
_SHIFT_PX, _GAIN = 5, 0.2  # largest augmentation
_BATCH, _PEAK_LR, _WEIGHT_DECAY = 64, 2e-3, 0.05
_WIDTHS, _STEM_PX = (24, 48, 96, 192), 5
_SHRUNK = 16  # by the stem and the trunk
_LEAST_DEVIATION = 0.03  # units that hardly move are not blown up

READ_UNITS = tuple(name for name in UNITS if name.startswith(("eye", "jaw", "mouth", "tongue")))
"""The units of eyes and mouth, in the order of all."""

READ_INDICES = [UNITS.index(name) for name in READ_UNITS]


def _mirrored(name: str) -> str:
    sides = {"Left": "Right", "Right": "Left"}
    return re.sub("Left|Right", lambda side: sides[side[0]], name)


_MIRRORED = [READ_UNITS.index(_mirrored(name)) for name in READ_UNITS]

Faces = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""Faces (N, 96, 96, 3) and their units (N, U)."""


def face_crop(frame: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The face (96, 96, 3) in a picture (H, W, 3), for landmarks (P, 2) px of ground truth.

    Turn and size follow the eye corners alone, which no unit moves; a chin would hide the jaw.
    """
    left, right = landmarks[INDEX["eye_left_outer"]], landmarks[INDEX["eye_right_outer"]]
    across = (right - left).astype(np.float64)
    down = np.array([-across[1], across[0]])
    # Ground truth counts px from the picture's edge, `warp` from the middle of the first pixel.
    middle = (left + right) / 2 + _BELOW * down - 0.5
    axes = np.stack([across, down], axis=1) * _SIDE / CROP_PX
    shift = middle - axes @ np.full(2, (CROP_PX - 1) / 2)
    patch = warp(frame, np.concatenate([axes, shift[:, None]], axis=1), CROP_PX)
    return (patch + 0.5).astype(np.uint8)


def faces_and_units(
    frames: Iterable[NDArray[np.uint8]], landmarks: NDArray[np.float32], performance: Performance
) -> Faces:
    """Faces of the pictures of a clip, with what the truth says of their units."""
    faces = [face_crop(frame, points) for frame, points in zip(frames, landmarks, strict=True)]
    shape = (len(faces), CROP_PX, CROP_PX, 3)  # also of a clip without frames
    return np.array(faces, np.uint8).reshape(shape), performance.units[:, READ_INDICES]


def joined(parts: Iterable[Faces]) -> Faces:
    """Those of several clips, one after the other."""
    faces, units = zip(*parts, strict=True)
    return np.concatenate(faces), np.concatenate(units)


def with_mirrored(pictures: Faces) -> Faces:
    """The same and, after them, all of them mirrored, left units being right ones there."""
    faces, units = pictures
    return joined([pictures, (faces[:, :, ::-1], units[:, _MIRRORED])])


class UnitReader(nn.Module):
    """Faces (B, 3, 96, 96), 0 to 1, to weights (B, U): a small ResNet and two linear layers.

    Args:
        mean, deviation: (U,) of the units that it learns from. Each unit counts alike in its
            learning, however far it moves.
    """

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation.clamp(min=_LEAST_DEVIATION))
        self.stem = nn.Conv2d(3, _WIDTHS[0], _STEM_PX, stride=2, padding=_STEM_PX // 2, bias=False)
        self.norm = nn.BatchNorm2d(_WIDTHS[0])
        self.trunk = ResNetTrunk(2, _WIDTHS, blocks_per_stage=1)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear((CROP_PX // _SHRUNK) ** 2 * _WIDTHS[-1], 256),
            nn.SiLU(),
            nn.Linear(256, len(mean)),
        )

    def forward(self, faces: Tensor) -> Tensor:
        """The weights, each less its mean and in units of its deviation."""
        x = (faces - 0.5).contiguous(memory_format=torch.channels_last)
        with torch.autocast(faces.device.type, torch.bfloat16):
            standard: Tensor = self.head(self.trunk(F.silu(self.norm(self.stem(x)))))
        return standard.float()

    def standardised(self, units: Tensor) -> Tensor:
        """What `forward` should give for these units (B, U)."""
        return (units - self.mean) / self.deviation

    def read(self, faces: Tensor) -> Tensor:
        """The units (B, U) of faces: what is seen on them and on their mirror images, averaged."""
        seen, mirrored = (self(x) * self.deviation + self.mean for x in (faces, faces.flip(-1)))
        units: Tensor = (seen + mirrored[:, _MIRRORED]) / 2
        return units


def train_reader(
    faces: NDArray[np.uint8],
    units: NDArray[np.float32],
    epochs: int,
    seed: int,
    device: torch.device,
) -> UnitReader:
    """A reader taught by faces (N, 96, 96, 3) and their units (N, U)."""
    seed_everything(seed)
    table = torch.from_numpy(units)
    reader = UnitReader(table.mean(0), table.std(0)).to(device).train()
    optimizer = torch.optim.AdamW(reader.parameters(), weight_decay=_WEIGHT_DECAY)
    batches = max(1, len(faces) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _PEAK_LR, epochs * batches)
    with progress_bar() as progress:
        task = progress.add_task("reader of units", total=epochs * batches, note="")
        for _ in range(epochs):
            for chosen in torch.randperm(len(faces)).tensor_split(batches):
                batch = _augmented(_as_input(faces[chosen.numpy()], device))
                wanted = reader.standardised(table[chosen].to(device))
                loss = F.mse_loss(reader(batch), wanted)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                progress.advance(task)
    return reader.eval()


@torch.inference_mode()
def read_units(
    reader: UnitReader, faces: NDArray[np.uint8], device: torch.device
) -> NDArray[np.float32]:
    """The units (N, U) that a reader sees on faces (N, 96, 96, 3)."""
    parts = [
        reader.read(_as_input(faces[start : start + _BATCH], device)).cpu().numpy()
        for start in range(0, len(faces), _BATCH)
    ]
    return np.concatenate(parts)


def r_squared(
    truth: NDArray[np.floating], read: NDArray[np.floating], min_deviation: float
) -> tuple[float, NDArray[np.float64]]:
    """How much of the units' variance was read: pooled, and by unit.

    Args:
        truth: weights (N, U).
        read: what was read (N, U).
        min_deviation: units whose truth varies less are left out.

    Returns:
        One less the errors' sum of squares over that of the deviations from the mean, over all
        units together (the mean of the units' values, weighted by variance), and for each unit.
    """
    varied = truth.std(0) >= min_deviation
    truth, read = truth[:, varied].astype(np.float64), read[:, varied].astype(np.float64)
    wrong = ((truth - read) ** 2).sum(0)
    varying = ((truth - truth.mean(0)) ** 2).sum(0)
    return float(1 - wrong.sum() / varying.sum()), 1 - wrong / varying


def _as_input(faces: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Faces (N, 3, 96, 96), 0 to 1."""
    return torch.from_numpy(faces).to(device).permute(0, 3, 1, 2).float() / 255


def _augmented(faces: Tensor) -> Tensor:
    """Each face in another light and a little aside."""
    count, _, height, width = faces.shape
    light = 1 + _GAIN * (2 * torch.rand(count, 3, 1, 1) - 1)
    shift = (2 * torch.rand(count, 2) - 1) * 2 * _SHIFT_PX / width
    turns = torch.eye(2).expand(count, 2, 2)
    grid = F.affine_grid(
        torch.cat([turns, shift[:, :, None]], dim=2), [count, 1, height, width], align_corners=False
    )
    moved = F.grid_sample(faces, grid.to(faces.device), padding_mode="border", align_corners=False)
    return (moved * light.to(faces.device)).clamp(0, 1)
