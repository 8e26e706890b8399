"""The step of a pair: who learns from whom, over which frames, and how teachers follow."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from viseme.nn.attention import RelativeAttention
from viseme.pretraining.masks import MaskConfig
from viseme.pretraining.pair import (
    PairBatch,
    PairConfig,
    PairTraining,
    PathWeights,
    negative_cosine,
    without,
)
from viseme.pretraining.predictor import PredictorConfig
from viseme.pretraining.teacher import spread, targets
from viseme.shapes import valid_mask
from viseme.systems.raven import ModelConfig, RavenPair
from viseme.train.loop import LoopConfig, make_fabric
from viseme.train.optim import OptimConfig
from viseme.train.schedule import cosine

SIDE, STEPS = 32, 5
MODEL = ModelConfig(
    "av", SIDE, (4, 8, 12, 16), 1, dim=16, num_heads=2, hidden_dim=24, num_layers=2, decoder=None
)
CONFIG = PairConfig(predictor=PredictorConfig(dim=16, num_heads=2, hidden_dim=24), momentum=0.5)


def pair(config: PairConfig = CONFIG, model: ModelConfig = MODEL, steps: int = STEPS) -> Any:
    torch.manual_seed(0)
    made = RavenPair(model)
    encoders: dict[str, nn.Module] = {"video": made.video, "audio": made.audio}
    training = PairTraining(encoders, model.dim, config, OptimConfig(peak_lr=1e-2))
    training.setup(make_fabric(LoopConfig(precision="32-true"), "cpu"), steps)
    training.modules.train()
    return training


def batch(lengths: tuple[int, ...] = (12, 9), total: int = 16, seed: int = 0) -> PairBatch:
    g = torch.Generator().manual_seed(seed)
    counts = torch.tensor(lengths)
    valid = valid_mask(counts, total)
    video = torch.randn(len(lengths), total, 1, SIDE, SIDE, generator=g)
    audio = torch.randn(len(lengths), total, 640, generator=g) * 0.1
    mask = torch.zeros(len(lengths), total, dtype=torch.bool)
    mask[:, 2:5] = True
    return PairBatch(
        ids=[str(n) for n in range(len(lengths))],
        video=video * valid[..., None, None, None],
        audio=(audio * valid[..., None]).flatten(1),
        lengths=counts,
        video_mask=mask,
        audio_mask=mask.roll(2, 1),
        words=torch.full((len(lengths), total), -1),
    )


def state(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def test_teachers_follow_their_students_in_parameters_alone_and_take_no_gradient() -> None:
    training = pair()
    before = {name: state(teacher) for name, teacher in training.teachers.items()}
    figures = training.train_step([batch()], 0)
    assert figures["momentum"] == CONFIG.momentum
    for name, teacher in training.teachers.items():
        student = dict(training.encoders[name].named_parameters())
        for key, value in teacher.named_parameters():
            assert value.grad is None
            wanted = 0.5 * before[name][key] + 0.5 * student[key]
            torch.testing.assert_close(value, wanted)
        for (key, own), other in zip(
            teacher.named_buffers(), training.encoders[name].buffers(), strict=True
        ):
            if key.endswith("running_mean"):
                assert not torch.equal(own, other)  # of what it saw itself, without a mask


def test_the_momentum_ends_at_one_and_so_do_the_teachers_stay() -> None:
    training = pair()
    before = state(training.teachers["video"])
    figures = training.train_step([batch()], STEPS - 1)
    assert figures["momentum"] == cosine(0.5, 1.0, STEPS - 1, STEPS) == 1.0
    for key, value in training.teachers["video"].named_parameters():
        assert torch.equal(value, before[key])


def test_every_student_weight_learns_and_all_predictors_do() -> None:
    training = pair()
    for name in ("video", "audio"):
        wanted = training._targets(batch())
        losses = training._losses(name, training.students[name], batch(), wanted)
        torch.stack(list(losses.values())).sum().backward()
        missing = [
            key
            for key, value in training.students[name].named_parameters()
            if value.grad is None or not value.grad.any()
        ]
        assert all(key.endswith("attention.key.bias") for key in missing)
    assert set(training.students["video"].predictors) == {"audio"}
    assert set(training.students["audio"].predictors) == {"video", "audio"}


def test_teachers_are_without_dropout_and_keep_their_drop_path() -> None:
    training = pair(model=replace(MODEL, drop_path=0.3))
    for teacher in training.teachers.values():
        assert {part.p for part in teacher.modules() if isinstance(part, nn.Dropout)} == {0.0}
        weights = {p.dropout for p in teacher.modules() if isinstance(p, RelativeAttention)}
        assert weights == {0.0}, "of attention's weights, too"
        rates = {getattr(part, "rate", None) for part in teacher.modules()} - {None}
        assert rates == {0.3}
    assert any(
        part.p for part in training.students["video"].modules() if isinstance(part, nn.Dropout)
    )


def test_within_a_stream_masked_frames_alone_count_and_across_all_do() -> None:
    given = batch()
    foreseen, wanted = torch.randn(2, 16, 4), torch.randn(2, 16, 4)
    moved = torch.where(given.audio_mask[..., None], wanted, torch.randn_like(wanted))
    assert torch.equal(
        negative_cosine(foreseen, wanted, given.audio_mask),
        negative_cosine(foreseen, moved, given.audio_mask),
    )
    training = pair()
    assert training._masked_only("a2a")
    assert not training._masked_only("a2v")
    assert pair(replace(CONFIG, cross_masked_only=True))._masked_only("v2a")


def test_what_is_masked_is_whole_frames_of_pictures_and_of_sound() -> None:
    mask = torch.tensor([[False, True, False]])
    assert without(torch.ones(1, 3, 1, 2, 2), mask).sum((2, 3, 4)).tolist() == [[4.0, 0.0, 4.0]]
    heard = without(torch.ones(1, 3 * 640), mask)[0]
    assert not heard[640:1280].any()
    assert heard[:640].all()
    assert heard[1280:].all()


def test_masked_input_does_not_reach_the_student() -> None:
    training, given = pair(), batch()
    training.modules.eval()
    other = given.video.clone()
    other[given.video_mask] = 7.0
    wanted = training._targets(given)
    sides = training.students["video"]
    own = training._losses("video", sides, given, wanted)
    assert own == training._losses("video", sides, replace(given, video=other), wanted)
    seen = training._targets(replace(given, video=other))
    assert not torch.equal(seen["video"], wanted["video"]), "teachers see whole clips"


def test_losses_are_those_of_the_paths() -> None:
    training, given = pair(), batch()
    training.modules.eval()
    wanted = training._targets(given)
    side = training.students["audio"]
    losses = training._losses("audio", side, given, wanted)
    heard = without(given.audio, given.audio_mask)
    foreseen = side(heard, given.lengths, given.valid, given.audio_mask)
    cosines = {name: F.cosine_similarity(foreseen[name], wanted[name], -1) for name in foreseen}
    torch.testing.assert_close(losses["a2a"], -cosines["audio"][given.audio_mask].mean())
    torch.testing.assert_close(losses["a2v"], -cosines["video"][given.valid].mean())


def test_a_batch_split_in_two_gives_the_losses_of_one() -> None:
    """What counts masked frames, and what counts all, is weighted by their numbers."""
    whole = pair(replace(CONFIG, momentum=1.0))
    for part in whole.modules.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    for side in whole.students.values():
        side.eval()
    for teacher in whole.teachers.values():
        teacher.eval()
    given = batch()
    halves = [
        replace(
            given,
            ids=given.ids[i : i + 1],
            **{
                name: getattr(given, name)[i : i + 1]
                for name in ("video", "audio", "lengths", "video_mask", "audio_mask", "words")
            },
        )
        for i in range(2)
    ]
    saved = {name: value.clone() for name, value in whole.modules.state_dict().items()}
    one = whole.train_step([given], 0)
    whole.modules.load_state_dict(saved)
    two = whole.train_step(halves, 0)
    for path in ("v2a", "a2v", "a2a"):
        assert one[path] == pytest.approx(two[path], abs=1e-4)
    assert one["masked_video"] == pytest.approx(6 / 21)


@pytest.mark.parametrize("name", ["video", "audio"])
def test_evaluated_features_do_not_depend_on_the_batch(name: str) -> None:
    encoder = pair().encoders[name].eval()
    given = batch()
    together = encoder(getattr(given, name), given.lengths)
    alone = encoder(getattr(given, name)[1:], given.lengths[1:])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=1e-4)


def test_a_resumed_pre_training_goes_on_bit_for_bit() -> None:
    batches = [batch(seed=n) for n in range(4)]
    through = pair()
    for step in range(2):
        through.train_step([batches[step]], step)
    saved = deepcopy(through.state_dict())
    resumed = pair()
    resumed.load_state_dict(saved)
    for step in (2, 3):
        torch.manual_seed(step)
        through.train_step([batches[step]], step)
        torch.manual_seed(step)
        resumed.train_step([batches[step]], step)
    own, other = through.modules.state_dict(), resumed.modules.state_dict()
    assert all(torch.equal(own[name], other[name]) for name in own)


def test_targets_of_the_mean_are_normalised_over_real_frames_of_each_clip() -> None:
    lengths = torch.tensor([6, 3])
    valid = valid_mask(lengths, 8)
    outputs = [torch.randn(2, 8, 4) * 3 + 1 for _ in range(3)]
    made = targets(outputs[-1], outputs, valid, "mean")
    for row, length in zip(made, lengths, strict=True):
        torch.testing.assert_close(row[:length].mean(0), torch.zeros(4), atol=1e-5, rtol=0)
        deviation = row[:length].std(0, correction=0)
        torch.testing.assert_close(deviation, torch.ones(4), atol=1e-3, rtol=0)
        assert not row[length:].any()
    assert targets(outputs[0], outputs, valid, "last") is outputs[0]


def test_collapse_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    assert spread(torch.ones(10, 8)) == pytest.approx(0.0, abs=1e-6)
    assert spread(torch.randn(5000, 64)) == pytest.approx(1.0, abs=0.05)
    training = pair()
    for teacher in training.teachers.values():
        nn.init.zeros_(teacher.transformer.norm.weight)
        nn.init.ones_(teacher.transformer.norm.bias)
    for step in range(2):
        training.train_step([batch()], step)
    told = [record for record in caplog.records if "gives the same for every frame" in record.msg]
    assert len(told) == 1


def test_losses_fall() -> None:
    training = pair(replace(CONFIG, momentum=1.0), steps=40)
    first = training.train_step([batch()], 0)
    for step in range(1, 30):
        last = training.train_step([batch()], step)
    assert all(last[path] < first[path] - 0.1 for path in ("v2a", "a2v", "a2a"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PairConfig(weights=PathWeights(v2a=0.0)), "without anything to foresee"),
        (lambda: PairConfig(momentum=1.5), "momentum 1.5"),
        (lambda: PredictorConfig(dim=30, num_heads=4), "dim 30"),
        (lambda: MaskConfig(span_frames=0), "span_frames"),
    ],
)
def test_settings_of_a_pre_training_that_cannot_be_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
