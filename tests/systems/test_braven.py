"""BRAVEn: what it changes of RAVEn's pre-training, and nothing else."""

from viseme.config import flatten
from viseme.systems import braven, raven

CHANGED = {
    "pair.targets": ("last", "mean"),
    "pair.weights.a2v": (1.0, 0.3),
    "pair.weights.a2a": (1.0, 0.7),
    "pair.audio_mask.probability": (0.2, 0.4),
    "pair.predictor.video_layers": (2, 1),
}


def differences(preset: str) -> dict[str, tuple[object, object]]:
    theirs, own = (flatten(one.PRESETS[preset]) for one in (raven, braven))
    return {name: (theirs[name], own[name]) for name in theirs if theirs[name] != own[name]}


def test_small_presets_differ_in_what_the_paper_changes_alone() -> None:
    assert differences("small") == differences("ci") == CHANGED


def test_base_differs_in_rate_and_drop_path_too() -> None:
    rates = {"optim.peak_lr": (3e-3, 5e-3), "model.drop_path": (0.0, 0.1)}
    assert differences("base") == CHANGED | rates
