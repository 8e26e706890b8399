"""How far rendered people teach a reader of lips: by hours, without lips, and towards real ones.

A reader is trained on `lrs`-style studio clips of growing length and reads people, voices and
sentences that it never met; all arms make the same number of updates. The control pairs the test
lips with the texts of other clips. The arms called grid-... need the real corpus GRID: what a
reader taught by GRID-like studio clips alone makes of it, and whether such a start helps when there
are only 100 real clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.experiments.experiment import Arm, Claim, Experiment, Figures, Scale, Trial
from viseme.experiments.rendered import prepared_studio
from viseme.verbs.evaluate import evaluate
from viseme.verbs.train import train

SHARES = {"hours-x1": 1, "hours-x2": 2, "hours-x4": 4, "hours-x8": 8}
"""Arms by their multiple of the unit of hours; the last is the whole corpus."""
REAL_CLIPS = 100


@dataclass(frozen=True)
class Size:
    """What a scale means here.

    Attributes:
        unit_hours: of the smallest arm.
        grid_hours: of the GRID-like studio corpus.
        epochs: over the whole corpus; smaller arms make as many updates.
        real_epochs: over the 100 real clips.
    """

    unit_hours: float
    grid_hours: float
    epochs: int
    real_epochs: int


SIZES: dict[Scale, Size] = {
    "ci": Size(unit_hours=0.25, grid_hours=0.5, epochs=12, real_epochs=100),
    "small": Size(unit_hours=0.25, grid_hours=2.0, epochs=40, real_epochs=200),
}


def read_unseen(trial: Trial) -> Figures:
    """Train on a share of the corpus, read its test split."""
    size, share = SIZES[trial.scale], SHARES[trial.arm]
    whole = max(SHARES.values())
    manifest = prepared_studio(trial, "lrs", size.unit_hours * whole)
    hours = size.unit_hours * share
    part = _part(manifest, trial.folder / "manifest.jsonl", hours)
    model = _train(trial, part, size.epochs * whole // share)
    return _figures(trial, model, manifest) | {"hours": hours}


def read_shuffled(trial: Trial) -> Figures:
    """Score the reader of the whole corpus against the texts of other test clips: chance."""
    size, whole = SIZES[trial.scale], max(SHARES.values())
    manifest = prepared_studio(trial, "lrs", size.unit_hours * whole)
    model = _train(replace(trial, folder=_beside(trial, "hours-x8")), manifest, size.epochs)
    clips = [clip for clip in read_manifest(manifest) if clip.split == "test"]
    texts = [clip.text for clip in clips]
    moved = [
        replace(clip, text=text, words=[])
        for clip, text in zip(clips, [*texts[1:], *texts[:1]], strict=True)
    ]
    shuffled = trial.folder / "manifest.jsonl"
    write_manifest(shuffled, moved)
    return _figures(trial, model, shuffled)


def read_grid(trial: Trial) -> Figures:
    """Read real GRID with what GRID-like studio clips taught."""
    return _figures(trial, _studio_grid_model(trial), trial.corpora["grid"])


def read_grid_from_few(trial: Trial, start_in_studio: bool) -> Figures:
    """Read real GRID after training on 100 of its clips."""
    few = trial.folder / "manifest.jsonl"
    clips = read_manifest(trial.corpora["grid"])
    train_clips = [clip for clip in clips if clip.split == "train"]
    step = len(train_clips) / REAL_CLIPS
    places = (int((i + trial.seed / 10) * step) for i in range(REAL_CLIPS))
    chosen = [train_clips[place % len(train_clips)] for place in places]
    write_manifest(few, [*chosen, *(clip for clip in clips if clip.split == "val")])
    initial = str(_studio_grid_model(trial)) if start_in_studio else ""
    model = _train(trial, few, SIZES[trial.scale].real_epochs, initial)
    return _figures(trial, model, trial.corpora["grid"])


def _studio_grid_model(trial: Trial) -> Path:
    size = SIZES[trial.scale]
    manifest = prepared_studio(trial, "grid", size.grid_hours)
    return _train(replace(trial, folder=_beside(trial, "grid-studio")), manifest, size.epochs)


def _beside(trial: Trial, arm: str) -> Path:
    """The folder of another arm of the same seed, whose finished training is used again."""
    return trial.shared / f"{arm}-{trial.seed}"


def _part(manifest: Path, path: Path, hours: float) -> Path:
    """A manifest of the first training clips that last so many hours, and all others."""
    left = hours * 3600 * VIDEO_FPS
    kept: list[Clip] = []
    for clip in read_manifest(manifest):
        if clip.split == "train":
            if left <= 0:
                continue
            left -= clip.extra["num_frames"]
        kept.append(clip)
    write_manifest(path, kept)
    return path


def _train(trial: Trial, manifest: Path, epochs: int, initial: str = "") -> Path:
    settings = {"loop.epochs": str(epochs), "loop.seed": str(trial.seed)}
    if initial:
        settings |= {"training.initial": initial}
    report = train(
        "auto_avsr",
        manifest,
        trial.folder / "run",
        preset="grid",
        settings=settings,
        device=trial.device,
    )
    return report.model


def _figures(trial: Trial, model: Path, manifest: Path) -> dict[str, float]:
    report = evaluate(model, manifest, splits=["test"], device=trial.device)["test"]
    return {"WER": report["wer"]["rate"], "CER": report["cer"]["rate"]}


def _falls(names: Sequence[str]) -> Claim:
    return Claim(
        "WER on unseen people falls with every doubling of the hours",
        lambda s: all(s.mean(a, "WER") > s.mean(b, "WER") for a, b in pairwise(names)),
    )


EXPERIMENT = Experiment(
    name="studio",
    title="Reading the lips of rendered people",
    arms=(
        *(
            Arm(name, f"lips of {share}/8 of the hours", read_unseen)
            for name, share in SHARES.items()
        ),
        Arm("shuffled", "hours-x8, against texts of other clips", read_shuffled, control=True),
        Arm("grid-studio", "real GRID, taught by studio alone", read_grid, needs=("grid",)),
        Arm(
            "grid-100",
            "real GRID, 100 real clips",
            partial(read_grid_from_few, start_in_studio=False),
            control=True,
            needs=("grid",),
        ),
        Arm(
            "grid-100-studio",
            "real GRID, studio first, then 100 real clips",
            partial(read_grid_from_few, start_in_studio=True),
            needs=("grid",),
        ),
    ),
    claims=(
        _falls(tuple(SHARES)),
        Claim(
            "with the lips of others WER is at least twice that of hours-x8",
            lambda s: s.mean("shuffled", "WER") >= 2 * s.mean("hours-x8", "WER"),
        ),
        Claim(
            "a start in the studio lowers WER on GRID with 100 real clips",
            lambda s: s.mean("grid-100-studio", "WER") < s.mean("grid-100", "WER"),
        ),
    ),
    seeds={"ci": (1,), "small": (1, 2, 3)},
    figure="WER",
    data="Rendered `lrs` corpus of the studio, test split of unseen people, voices and sentences; "
    "the arms grid-... read the test list of GRID speaker s1 (real).",
    axis={name: float(share) for name, share in SHARES.items()},
    axis_name="hours of training, in units of the smallest arm",
)
