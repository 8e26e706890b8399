"""Joining lips and voice: padding stays out, also of BatchNorm."""

import torch

from viseme.recognition.fusion import Fusion
from viseme.shapes import valid_mask

DIM = 6
LENGTHS = torch.tensor([5, 2])


def fusion() -> Fusion:
    torch.manual_seed(0)
    return Fusion(DIM, 16)


@torch.no_grad()
def test_a_clip_gives_the_same_alone_and_in_a_batch() -> None:
    model = fusion().eval()
    model.norm.running_mean.normal_()
    video, audio = torch.randn(2, 5, DIM), torch.randn(2, 5, DIM)
    together = model(video, audio, valid_mask(LENGTHS))
    alone = model(video[1:, :2], audio[1:, :2], valid_mask(LENGTHS[1:]))
    torch.testing.assert_close(together[1, :2], alone[0])
    assert (together[1, 2:] == 0).all()


def test_padding_stays_out_of_the_statistics() -> None:
    video, audio = torch.randn(2, 5, DIM), torch.randn(2, 5, DIM)
    valid = valid_mask(LENGTHS)
    clean, garbage = fusion(), fusion()
    clean(video, audio, valid)
    garbage(torch.where(valid[..., None], video, 1e3), audio, valid)
    torch.testing.assert_close(clean.norm.running_mean, garbage.norm.running_mean)
    torch.testing.assert_close(clean.norm.running_var, garbage.norm.running_var)


def test_both_streams_learn() -> None:
    video = torch.randn(2, 5, DIM, requires_grad=True)
    audio = torch.randn(2, 5, DIM, requires_grad=True)
    fusion()(video, audio, valid_mask(LENGTHS)).square().sum().backward()
    for stream in (video, audio):
        assert stream.grad is not None
        assert stream.grad[0].abs().sum() > 0
        assert (stream.grad[1, 2:] == 0).all()
