"""Auto-AVSR's claim (arXiv 2303.14307) in small: labels made by a machine teach lips, too.

A reader of lips is taught by few clips with human labels, and by those and growing numbers of clips
with labels that a teacher made from their sound: an audio model taught by the same few clips, or
pocketsphinx with the corpus' grammar. True labels show what the mistakes cost, labels with a known
share of wrong words how many would be too many, and labels of other clips are the control. All arms
make the same number of updates, labels come with word times in all of them, and a few clips of the
val split, the same for all, decide when a model withholds its text.

Reader and teacher of the real corpus start from models that rendered people taught, whose labels
cost nothing; the paper, too, starts its reader of lips from one that knows words. The arms on
rendered people start from random weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from viseme.config import override
from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.experiments.claims import clearly_below, falls
from viseme.experiments.experiment import Arm, Claim, Experiment, Figures, Scale, Trial
from viseme.experiments.few_labels import Material
from viseme.experiments.plot import over_arms
from viseme.experiments.readers import SMALL_NET, for_updates, read_test, trained
from viseme.experiments.rendered import prepared_studio
from viseme.labelling.transcriber import Transcriber
from viseme.systems.auto_avsr import PRESETS
from viseme.verbs.label import label
from viseme.verbs.label.labellers import find_labeller

TIMES = (2, 4, 8)
"""Clips with a teacher's labels, for each with a human's."""
WRONG = (0.1, 0.2, 0.4)
"""Shares of wrong words in the corrupted labels."""
OWN_TEACHER = "own"
START_SEED = 0

_GRAMMAR = "grid"


@dataclass(frozen=True)
class Size:
    """What a scale means here.

    Attributes:
        num_labelled: clips with human labels.
        updates: of every reader of lips.
        teacher_updates: of the audio model.
        start_updates: of the two models that these start from.
        studio_hours: of the rendered corpus, preset `grid`.
        settings: of all trainings, over preset `grid`.
    """

    num_labelled: int
    updates: int
    teacher_updates: int
    start_updates: int
    studio_hours: float
    settings: dict[str, str] = field(default_factory=dict)


SIZES: dict[Scale, Size] = {
    # Batches of half the frames: from the same clips a model learned more (WER on val 12.5 against
    # 15.3 %, true-x8).
    "ci": Size(63, 1260, 1260, 3780, 0.5, SMALL_NET | {"training.max_frames": "350"}),
    "small": Size(63, 6300, 3150, 6300, 0.5),
}


More = Callable[[Trial, Material], list[Clip]]
"""The clips that an arm teaches besides those with human labels."""


def nothing(trial: Trial, material: Material) -> list[Clip]:
    """The few clips alone."""
    return []


def truth(trial: Trial, material: Material) -> list[Clip]:
    """All others with their true labels."""
    return material.hidden


def taught(trial: Trial, material: Material, times: int, teacher: str) -> list[Clip]:
    """Others, so many for each of the few, with the labels of `OWN_TEACHER` or pocketsphinx.

    What the teacher finds no text in is missing.
    """
    if teacher == OWN_TEACHER:
        labeller = find_labeller(str(_teacher(trial, material)), device=trial.device)
    else:
        labeller = find_labeller(teacher, _GRAMMAR)
    with trial.common(f"labels-{_corpus_name(trial)}-{teacher}-{trial.seed}") as folder:
        hidden, out = folder / "hidden.jsonl", folder / "labelled.jsonl"
        write_manifest(hidden, material.blank())
        label(hidden, out, Transcriber(labeller), workers=1)
    wanted = {clip.id for clip in material.hidden[: times * len(material.labelled)]}
    return [clip for clip in read_manifest(out) if clip.id in wanted]


def wrong(trial: Trial, material: Material, share: float) -> list[Clip]:
    """All others with true labels, of whose words a share is wrong."""
    return material.corrupted(share, trial.seed)


def of_others(trial: Trial, material: Material) -> list[Clip]:
    """All others, each with the label of the next."""
    return material.shuffled()


def read_lips(trial: Trial, more: More) -> Figures:
    """Teach a reader of lips with the few clips and more; read the test split."""
    size, material = SIZES[trial.scale], _material(trial)
    extra = more(trial, material)
    clips = [*material.labelled, *extra]
    manifest = trial.folder / "manifest.jsonl"
    write_manifest(manifest, [*(replace(c, split="train") for c in clips), *material.val])
    start, run = _start(trial, "video"), trial.folder / "run"
    model = _train(trial, manifest, clips, run, size.updates, "video", start)
    figures = read_test(trial, model, material.manifest) | {"clips": len(clips)}
    return figures | _label_figures(material, extra)


def hear(trial: Trial) -> Figures:
    """The teacher itself: its errors on the sound of the test split, and in its labels."""
    material = _material(trial)
    model = _teacher(trial, material)
    figures = read_test(trial, model, material.manifest) | {"clips": len(material.labelled)}
    return figures | _label_figures(material, taught(trial, material, TIMES[-1], OWN_TEACHER))


def _label_figures(material: Material, labelled: Sequence[Clip]) -> dict[str, float]:
    return {"label WER": material.label_wer(labelled)} if labelled else {}


def _teacher(trial: Trial, material: Material) -> Path:
    """The audio model that the few clips taught, one for all arms of a seed."""
    updates, clips = SIZES[trial.scale].teacher_updates, material.labelled
    with trial.common(f"teacher-{_corpus_name(trial)}-{trial.seed}") as folder:
        manifest = folder / "manifest.jsonl"
        write_manifest(manifest, [*clips, *material.val])
        start = _start(trial, "audio")
        return _train(trial, manifest, clips, folder / "run", updates, "audio", start)


def _start(trial: Trial, modality: str) -> str:
    """What a model of the arm's corpus starts from: for real people, what rendered ones taught."""
    if _corpus_name(trial) == "studio":
        return ""
    size, same = SIZES[trial.scale], replace(trial, seed=START_SEED)  # for all, as the corpus is
    rendered = prepared_studio(trial, "grid", size.studio_hours)
    clips = [clip for clip in read_manifest(rendered) if clip.split == "train"]
    with trial.common(f"start-{modality}") as folder:
        return str(_train(same, rendered, clips, folder / "run", size.start_updates, modality))


def _train(
    trial: Trial,
    manifest: Path,
    clips: Sequence[Clip],
    run: Path,
    updates: int,
    modality: str,
    start: str = "",
) -> Path:
    """A model taught by so many updates on the clips of a manifest, up to a part of an epoch."""
    settings = SIZES[trial.scale].settings
    max_frames = override(PRESETS["grid"], settings).training.max_frames
    settings = settings | for_updates(updates, clips, max_frames, trial.seed)
    settings |= {"model.modality": modality, "training.initial": start, "augment.noises": "[]"}
    return trained(trial, manifest, run, settings)


def _material(trial: Trial) -> Material:
    few = SIZES[trial.scale].num_labelled
    return Material.of(_corpus(trial), few, TIMES[-1] * few, trial.seed)


def _corpus_name(trial: Trial) -> str:
    return "studio" if trial.arm.startswith("studio-") else "grid"


def _corpus(trial: Trial) -> Path:
    """The manifest of the arm's corpus; the rendered one is the same for all seeds and arms."""
    if _corpus_name(trial) == "grid":
        return trial.corpora["grid"]
    return prepared_studio(trial, "grid", SIZES[trial.scale].studio_hours)


_MORE = [f"pseudo-x{times}" for times in TIMES]
_MOST = _MORE[-1]
_CORRUPTED = [f"wrong-{round(100 * share)}" for share in WRONG]
_FEW, _ALL = "the few labelled clips", f"{TIMES[-1]} more for each"


def _arm(name: str, what: str, more: More, *, corpus: bool = True, control: bool = False) -> Arm:
    return Arm(name, what, partial(read_lips, more=more), control, ("grid",) if corpus else ())


_ARMS = (
    Arm("teacher", f"the voices of {_FEW}, heard", hear, control=True, needs=("grid",)),
    _arm("few", _FEW, nothing, control=True),
    *(
        _arm(f"pseudo-x{n}", f"and {n} more for each, labelled by the teacher", more)
        for n in TIMES
        for more in [partial(taught, times=n, teacher=OWN_TEACHER)]
    ),
    _arm(
        "pocketsphinx-x8",
        f"and {_ALL}, labelled by pocketsphinx with the grammar",
        partial(taught, times=TIMES[-1], teacher="pocketsphinx"),
    ),
    _arm("true-x8", f"and {_ALL}, with their true labels", truth),
    *(
        _arm(
            name,
            f"and {_ALL}, {share:.0%} of their words wrong",
            partial(wrong, share=share),
        )
        for name, share in zip(_CORRUPTED, WRONG, strict=True)
    ),
    _arm("others-x8", f"and {_ALL}, with the labels of others", of_others, control=True),
    _arm("studio-few", f"rendered people, {_FEW}", nothing, corpus=False, control=True),
    _arm(
        "studio-pseudo-x8",
        f"and {_ALL}, labelled by pocketsphinx with the grammar",
        partial(taught, times=TIMES[-1], teacher="pocketsphinx"),
        corpus=False,
    ),
    _arm("studio-true-x8", f"and {_ALL}, with their true labels", truth, corpus=False),
)

EXPERIMENT = Experiment(
    name="auto_avsr",
    title="Lips taught by labels that a machine made",
    arms=_ARMS,
    claims=(
        Claim(
            "the teacher's labels lower WER by more than two standard errors",
            clearly_below(_MOST, "few"),
        ),
        Claim("WER falls with every doubling of them", falls(["few", *_MORE])),
        Claim("true labels are better than the teacher's", falls([_MOST, "true-x8"])),
        Claim("WER grows with the share of wrong words", falls([*_CORRUPTED[::-1], "true-x8"])),
        Claim("labels with 20 % of wrong words still help", falls(["few", "wrong-20"])),
        Claim("labels of other clips do not", lambda s: not falls(["few", "others-x8"])(s)),
        Claim(
            "on rendered people pocketsphinx's labels lower WER by more than two standard errors",
            clearly_below("studio-pseudo-x8", "studio-few"),
        ),
    ),
    seeds={"ci": (1, 2, 3), "small": (1, 2, 3)},
    plot=over_arms(
        "WER",
        "clips labelled by the teacher, for each with a human label",
        {"few": 0.0} | {f"pseudo-x{times}": float(times) for times in TIMES},
        (arm.name for arm in _ARMS),
    ),
    data="GRID speaker s1 (real): few clips of its train list with labels, those of the others "
    "hidden, its test list read. The arms studio-...: rendered people, preset `grid`. label WER is "
    "that of the labels that were added.",
)
