"""BRAVEn: what it changes in the pre-training of RAVEn (arXiv 2404.02098).

- Targets are the mean of what all blocks of a teacher give, not the last one's.
- The predictor of the lips is shallower, one block instead of two.
- The voice is masked more strongly than the lips.
- The voice counts more as a target of the student of the voice than the lips do.

Fine-tuning is RAVEn's: `viseme train raven_reader --preset base-30h --training.initial FOLDER`.

The paper's text could not be read here. The number of the stronger mask (0.4), the normalisation of
targets and the rates and epochs are those of the same authors' later code; the two weights (0.7 and
0.3) are inferred from it.
"""

from dataclasses import replace

from viseme.models.folder import ENCODER
from viseme.pretraining.masks import MaskConfig
from viseme.pretraining.pair import PairConfig, PathWeights
from viseme.pretraining.predictor import PredictorConfig
from viseme.systems import About
from viseme.systems.raven import (
    BASE,
    BASE_PLUS,
    CI,
    LARGE,
    SMALL,
    Config,
    job,
    load,
    network,
    pretraining,
    small,
)

__all__ = ["ABOUT", "PRESETS", "Config", "job", "load", "network"]

ABOUT = About(
    paper="BRAVEn",
    arxiv="2404.02098",
    does="as raven, with other targets, stronger masks, a shallower predictor",
    kind=ENCODER,
    presets={
        "ci": "pre-training on any few clips; seconds on a CPU, to see that all runs",
        "small": "on an hour of video; about two hours on two CPU cores (estimated)",
        "base": "on LRS3, 433 h; not run here",
        "base-plus": "on LRS3 and English VoxCeleb2, 1,759 h; not run here",
        "large": "on the same and AVSpeech, 3,052 h; not run here",
    },
)

PAIR = PairConfig(
    weights=PathWeights(v2a=1.0, a2v=0.3, a2a=0.7),
    targets="mean",
    audio_mask=MaskConfig(probability=0.4),
    predictor=PredictorConfig(video_layers=1),
)


def _braven(config: Config, drop_path: float = 0.1) -> Config:
    return replace(config, pair=PAIR, model=replace(config.model, drop_path=drop_path))


PRESETS: dict[str, Config] = {
    "ci": small(_braven(Config(), 0.0), CI, epochs=2, max_frames=300),
    "small": small(_braven(Config(), 0.0), SMALL, epochs=40, max_frames=700),
    "base": _braven(pretraining(BASE, lr=5e-3)),
    "base-plus": _braven(pretraining(BASE_PLUS, epochs=75, warmup=20, lr=2e-3, max_frames=1800)),
    "large": _braven(
        pretraining(LARGE, epochs=75, warmup=20, lr=2e-3, max_frames=900, saves_memory=True),
        drop_path=0.2,
    ),
}
