"""From lengths to masks."""

import torch

from viseme.shapes import valid_mask


def test_the_mask_is_true_on_real_frames() -> None:
    assert valid_mask(torch.tensor([2, 0, 3])).int().tolist() == [[1, 1, 0], [0, 0, 0], [1, 1, 1]]


def test_the_mask_can_be_longer_than_all() -> None:
    assert valid_mask(torch.tensor([1]), 3).tolist() == [[True, False, False]]
