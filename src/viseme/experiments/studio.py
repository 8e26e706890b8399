"""How far rendered people teach a reader of lips: by hours, without lips, and towards real ones.

A reader is trained on `lrs`-style studio clips of growing length and reads people, voices and
sentences that it never met; all arms make the same number of updates. They start from a reader of
the studio's GRID-like commands, since open sentences are too hard a beginning: Auto-AVSR, too,
starts from isolated words or short clips. Controls: no such start; the test lips with the texts of
other clips. The arms called grid-... need the real corpus GRID: what a reader taught by GRID-like
studio clips alone makes of it, and whether such a start helps when there are only 100 real clips.
"""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from viseme.data.example import VIDEO_FPS
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.experiments.claims import falls
from viseme.experiments.experiment import Arm, Claim, Experiment, Figures, Scale, Trial
from viseme.experiments.plot import over_arms
from viseme.experiments.readers import SMALL_NET, read_test, trained, with_texts_of_others
from viseme.experiments.rendered import prepared_studio

SHARES = {"hours-x1": 1, "hours-x2": 2, "hours-x4": 4, "hours-x8": 8}
"""Arms by their multiple of the unit of hours; the last is the whole corpus."""
WHOLE = max(SHARES.values())
REAL_CLIPS = 100


@dataclass(frozen=True)
class Size:
    """What a scale means here.

    Attributes:
        unit_hours: of the smallest arm.
        grid_hours: of the GRID-like studio corpus.
        epochs: over the whole corpus; smaller arms make as many updates.
        grid_epochs: over the GRID-like studio corpus.
        real_epochs: over the 100 real clips.
        settings: of all trainings, over preset `grid`.
    """

    unit_hours: float
    grid_hours: float
    epochs: int
    grid_epochs: int
    real_epochs: int
    settings: dict[str, str] = field(default_factory=dict)


SIZES: dict[Scale, Size] = {
    "ci": Size(0.25, 0.25, epochs=8, grid_epochs=40, real_epochs=100, settings=SMALL_NET),
    "small": Size(0.25, 2.0, epochs=40, grid_epochs=40, real_epochs=200),
}


def read_unseen(trial: Trial) -> Figures:
    """Train on a share of the corpus, read its test split."""
    share = SHARES[trial.arm]
    figures = read_test(trial, _reader(trial, share), _corpus(trial))
    return figures | {"hours": SIZES[trial.scale].unit_hours * share}


def read_without_start(trial: Trial) -> Figures:
    """The same with the whole corpus, from random weights."""
    figures = read_test(trial, _reader(trial, WHOLE, starts=False), _corpus(trial))
    return figures | {"hours": SIZES[trial.scale].unit_hours * WHOLE}


def read_shuffled(trial: Trial) -> Figures:
    """Score the reader of the whole corpus against the texts of other test clips: chance."""
    manifest = with_texts_of_others(_corpus(trial), trial.folder / "manifest.jsonl")
    return read_test(trial, _reader(trial, WHOLE), manifest)


def read_commands(trial: Trial) -> Figures:
    """Read the test split of the GRID-like studio clips: easy sentences of unseen people."""
    return read_test(trial, _grid_reader(trial), _commands(trial))


def read_commands_shuffled(trial: Trial) -> Figures:
    """The same against the texts of other clips."""
    manifest = with_texts_of_others(_commands(trial), trial.folder / "manifest.jsonl")
    return read_test(trial, _grid_reader(trial), manifest)


def read_grid(trial: Trial) -> Figures:
    """Read real GRID with what GRID-like studio clips taught."""
    return read_test(trial, _grid_reader(trial), trial.corpora["grid"])


def read_grid_from_few(trial: Trial, start_in_studio: bool) -> Figures:
    """Read real GRID after training on 100 of its clips."""
    few = trial.folder / "manifest.jsonl"
    clips = read_manifest(trial.corpora["grid"])
    train_clips = [clip for clip in clips if clip.split == "train"]
    step = len(train_clips) / REAL_CLIPS
    places = (int((i + trial.seed / 10) * step) for i in range(REAL_CLIPS))
    chosen = [train_clips[place % len(train_clips)] for place in places]
    write_manifest(few, [*chosen, *(clip for clip in clips if clip.split == "val")])
    initial = str(_grid_reader(trial)) if start_in_studio else ""
    epochs = SIZES[trial.scale].real_epochs
    model = _train(trial, few, trial.folder / "run", epochs, initial)
    return read_test(trial, model, trial.corpora["grid"])


def _corpus(trial: Trial) -> Path:
    return prepared_studio(trial, "lrs", SIZES[trial.scale].unit_hours * WHOLE)


def _reader(trial: Trial, share: int, starts: bool = True) -> Path:
    """A model taught by a share of the corpus, one for all arms of a seed."""
    size, corpus = SIZES[trial.scale], _corpus(trial)
    initial = str(_grid_reader(trial)) if starts else ""
    name = f"reader-x{share}" if starts else f"reader-x{share}-from-nothing"
    with trial.common(f"{name}-{trial.seed}") as folder:
        part = _part(corpus, folder / "manifest.jsonl", size.unit_hours * share)
        return _train(trial, part, folder / "run", size.epochs * WHOLE // share, initial)


def _commands(trial: Trial) -> Path:
    return prepared_studio(trial, "grid", SIZES[trial.scale].grid_hours)


def _grid_reader(trial: Trial) -> Path:
    """A model taught by GRID-like studio clips, one for all arms of a seed."""
    commands = _commands(trial)
    with trial.common(f"reader-grid-{trial.seed}") as folder:
        return _train(trial, commands, folder / "run", SIZES[trial.scale].grid_epochs)


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


def _train(trial: Trial, manifest: Path, run: Path, epochs: int, initial: str = "") -> Path:
    settings = SIZES[trial.scale].settings | {"loop.epochs": str(epochs)}
    if initial:
        settings |= {"training.initial": initial}
    return trained(trial, manifest, run, settings)


_ARMS = (
    *(Arm(name, f"lips of {share}/8 of the hours", read_unseen) for name, share in SHARES.items()),
    Arm("from-nothing", "hours-x8 from random weights", read_without_start, control=True),
    Arm("shuffled", "hours-x8, against texts of other clips", read_shuffled, control=True),
    Arm("commands", "GRID-like commands of rendered people", read_commands),
    Arm(
        "commands-shuffled",
        "the same, against texts of other clips",
        read_commands_shuffled,
        control=True,
    ),
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
)

EXPERIMENT = Experiment(
    name="studio",
    title="Reading the lips of rendered people",
    arms=_ARMS,
    claims=(
        Claim("WER on unseen people falls with every doubling of the hours", falls(tuple(SHARES))),
        Claim(
            "the start helps: WER from random weights is higher",
            lambda s: s.mean("hours-x8", "WER") < s.mean("from-nothing", "WER"),
        ),
        Claim(
            "with the lips of others WER is at least twice that of hours-x8",
            lambda s: s.mean("shuffled", "WER") >= 2 * s.mean("hours-x8", "WER"),
        ),
        Claim(
            "the same of commands",
            lambda s: s.mean("commands-shuffled", "WER") >= 2 * s.mean("commands", "WER"),
        ),
        Claim(
            "a start in the studio lowers WER on GRID with 100 real clips",
            lambda s: s.mean("grid-100-studio", "WER") < s.mean("grid-100", "WER"),
        ),
    ),
    seeds={"ci": (1,), "small": (1, 2, 3)},
    plot=over_arms(
        "WER",
        "hours of training, in units of the smallest arm",
        {name: float(share) for name, share in SHARES.items()},
        (arm.name for arm in _ARMS),
    ),
    data="Rendered `lrs` corpus of the studio, test split of unseen people, voices and sentences; "
    "the arms grid-... read the test list of GRID speaker s1 (real).",
)
