"""RAVEn's and BRAVEn's claims in small: unlabelled video and sound teach lips and voice.

One speaker's clips without their texts pre-train a pair of encoders, and few of them with their
texts fine-tune each. All compared readers make the same number of updates, and so do all
pre-trainings but those whose name says otherwise. A teacher of random weights that never learns and
the sound of other clips are controls of what pre-training owes to teachers and to sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from viseme.data.manifest import Clip, read_manifest, write_manifest
from viseme.experiments.claims import clearly_below, falls
from viseme.experiments.experiment import Arm, Claim, Experiment, Figures, Scale, Trial
from viseme.experiments.few_labels import Material
from viseme.experiments.plot import Curve, Plot
from viseme.experiments.readers import epochs_for, for_updates, read_test, trained
from viseme.experiments.rendered import prepared_studio
from viseme.labelling.transcriber import Transcriber
from viseme.verbs.label import label
from viseme.verbs.label.labellers import find_labeller

LABELLED = (25, 50, 100)
"""Clips with texts that fine-tune a reader of lips; the voice gets the fewest."""
TIMES = (1, 2, 4, 8)
"""Unlabelled clips, as multiples of an eighth of all."""
STUDIO_HOURS = 0.5

_MODALITIES = {"lips": "video", "voice": "audio"}


@dataclass(frozen=True)
class Size:
    """What a scale means here.

    Attributes:
        updates: of a pre-training.
        reading_updates: of every fine-tuning.
        max_frames: frame budget of a batch of a pre-training.
        reading_frames: of a fine-tuning.
        settings: of all encoders, over preset `small`.
    """

    updates: int
    reading_updates: int
    max_frames: int
    reading_frames: int
    settings: dict[str, str] = field(default_factory=dict)


SIZES: dict[Scale, Size] = {
    # Half of the preset's widths: a step of a pre-training takes 0.6 s on one core. After 600
    # updates of 350 frames CTC read nothing yet (pilots on val), so readers make more of fewer.
    "ci": Size(
        updates=600,
        reading_updates=1500,
        max_frames=350,
        reading_frames=150,
        settings={
            "model.frontend_widths": "[8,16,32,64]",
            "model.dim": "96",
            "model.hidden_dim": "384",
            "model.num_heads": "2",
            "model.num_layers": "3",
        },
    ),
    "small": Size(3000, 3000, 700, 350),
}


@dataclass(frozen=True)
class Pretraining:
    """How encoders are made.

    Attributes:
        system: "raven" or "braven", preset `small`.
        settings: over the preset.
        of_others: every clip has the sound of the next.
        times: share of the unlabelled clips, in eighths.
        grows: the number of updates grows with them, up to that of all other arms.
    """

    system: str
    settings: dict[str, str] = field(default_factory=dict)
    of_others: bool = False
    times: int = TIMES[-1]
    grows: bool = False


def read(trial: Trial, made: Pretraining | None) -> Figures:
    """Pre-train, fine-tune on few clips, read the test split."""
    material = _material(trial)
    encoder = None if made is None else _encoder(trial, made, material)
    figures: dict[str, float] = {}
    for modality, counts in (("lips", LABELLED), ("voice", LABELLED[:1])):
        for count in counts:
            labelled = material.labelled[:count]
            model = _reader(trial, f"{modality}-{count}", labelled, material, modality, encoder)
            scores = read_test(trial, model, material.manifest)
            figures |= {f"{modality} {name} {count}": value for name, value in scores.items()}
    return figures


def self_trained(trial: Trial, made: Pretraining) -> Figures:
    """Lips fine-tuned on few clips and on what the voice, fine-tuned on these, heard in others."""
    material = _material(trial)
    encoder = _encoder(trial, made, material)
    figures: dict[str, float] = {}
    few = LABELLED[0]
    labelled = material.labelled[:few]
    voice = _reader(trial, f"voice-{few}", labelled, material, "voice", encoder)
    hidden, out = trial.folder / "hidden.jsonl", trial.folder / "labelled.jsonl"
    write_manifest(hidden, material.blank())
    label(hidden, out, Transcriber(find_labeller(str(voice), device=trial.device)), workers=1)
    heard = read_manifest(out)
    figures["label WER"] = material.label_wer(heard)
    lips = _reader(trial, f"lips-{few}", [*labelled, *heard], material, "lips", encoder)
    scores = read_test(trial, lips, material.manifest)
    return figures | {f"lips {name} {few}": value for name, value in scores.items()}


def _encoder(trial: Trial, made: Pretraining, material: Material) -> Path:
    size = SIZES[trial.scale]
    pool = [*material.labelled, *material.hidden]
    clips = pool[: len(pool) * made.times // TIMES[-1]]
    if made.of_others:
        moved = zip(clips, [*clips[1:], *clips[:1]], strict=True)
        clips = [replace(clip, audio=other.audio) for clip, other in moved]
    manifest = trial.folder / "unlabelled.jsonl"
    plain = [replace(clip, text=None, words=[], split="train") for clip in clips]
    write_manifest(manifest, [*plain, *material.val])
    updates = size.updates * made.times // TIMES[-1] if made.grows else size.updates
    epochs = str(epochs_for(updates, clips, size.max_frames, trial.seed))
    settings = size.settings | {
        "data.max_frames": str(size.max_frames),
        "loop.epochs": epochs,
        "loop.eval_every_epochs": epochs,
    }
    run = trial.folder / "encoder"
    return trained(trial, manifest, run, settings | made.settings, made.system, "small")


def _reader(
    trial: Trial,
    name: str,
    clips: Sequence[Clip],
    material: Material,
    modality: str,
    encoder: Path | None,
) -> Path:
    """A reader fine-tuned on clips; without an encoder all parts learn at one rate."""
    size, max_frames = SIZES[trial.scale], SIZES[trial.scale].reading_frames
    manifest = trial.folder / f"{name}.jsonl"
    write_manifest(manifest, [*(replace(c, split="train") for c in clips), *material.val])
    settings = for_updates(size.reading_updates, clips, max_frames, trial.seed)
    settings |= size.settings | {"model.modality": _MODALITIES[modality]}
    settings["data.max_frames"] = str(max_frames)
    if encoder is None:
        settings |= {"training.layer_decay": "1", "training.head_rate": "1"}
    else:
        settings["training.initial"] = str(encoder)
    return trained(trial, manifest, trial.folder / name, settings, "raven_reader", "small")


def _material(trial: Trial) -> Material:
    return Material.of(_corpus(trial), LABELLED[-1], 1_000_000, trial.seed)


def _corpus(trial: Trial) -> Path:
    if trial.arm.startswith("studio-"):
        return prepared_studio(trial, "grid", STUDIO_HOURS)
    return trial.corpora["grid"]


def _arm(
    name: str, what: str, made: Pretraining | None, *, control: bool = False, corpus: bool = True
) -> Arm:
    return Arm(name, what, partial(read, made=made), control, ("grid",) if corpus else ())


_RAVEN, _BRAVEN = Pretraining("raven"), Pretraining("braven")


def _braven(**settings: str) -> Pretraining:
    dotted = {f"pair.{name.replace('__', '.')}": value for name, value in settings.items()}
    return replace(_BRAVEN, settings=dotted)


_FEWER = TIMES[:-1]

_ARMS = (
    _arm("scratch", "no pre-training", None, control=True),
    _arm("raven", "RAVEn", _RAVEN),
    _arm("braven", "BRAVEn", _BRAVEN),
    _arm("random-teacher", "BRAVEn, teachers stay random", _braven(momentum="1.0"), control=True),
    _arm(
        "sound-of-others",
        "BRAVEn, each clip with the sound of the next",
        replace(_BRAVEN, of_others=True),
        control=True,
    ),
    _arm("v2v", "BRAVEn, lips foresee lips", _braven(weights__v2v="1.0", weights__v2a="0.0")),
    _arm("a2a", "BRAVEn, voice foresees voice alone", _braven(weights__a2v="0.0")),
    _arm("last", "BRAVEn, the last block is the target", _braven(targets="last")),
    _arm("mask-0.2", "BRAVEn, voice masked as lips", _braven(audio_mask__probability="0.2")),
    _arm("deeper", "BRAVEn, two blocks foresee from lips", _braven(predictor__video_layers="2")),
    *(
        _arm(f"x{n}", f"BRAVEn, {n}/8 of the clips, as many updates", replace(_BRAVEN, times=n))
        for n in _FEWER
    ),
    *(
        _arm(
            f"x{n}-shorter",
            f"BRAVEn, {n}/8 of the clips, {n}/8 of the updates",
            replace(_BRAVEN, times=n, grows=True),
        )
        for n in _FEWER
    ),
    Arm(
        "self-trained",
        "BRAVEn, and what the voice heard in the other clips",
        partial(self_trained, made=_BRAVEN),
        needs=("grid",),
    ),
    _arm("studio-scratch", "rendered people, no pre-training", None, control=True, corpus=False),
    _arm("studio-raven", "rendered people, RAVEn", _RAVEN, corpus=False),
    _arm("studio-braven", "rendered people, BRAVEn", _BRAVEN, corpus=False),
)

_COUNTS = [f"lips WER {count}" for count in LABELLED]


def _curve(arm: str) -> Curve:
    points = zip(LABELLED, _COUNTS, strict=True)
    return Curve(arm, tuple((float(count), arm, figure) for count, figure in points))


EXPERIMENT = Experiment(
    name="braven",
    title="Lips and voice that taught each other without texts",
    arms=_ARMS,
    claims=(
        *(
            Claim(
                f"{arm} is better than no pre-training with {count} labelled clips, by more than "
                "two standard errors",
                clearly_below(arm, "scratch", f"lips WER {count}"),
            )
            for arm in ("raven", "braven")
            for count in LABELLED[:2]
        ),
        Claim(
            "so it is for the voice, 25 labelled clips",
            clearly_below("braven", "scratch", f"voice WER {LABELLED[0]}"),
        ),
        Claim("BRAVEn is better than RAVEn, 25 clips", falls(["raven", "braven"], _COUNTS[0])),
        Claim("teachers that learn are better", falls(["random-teacher", "braven"], _COUNTS[0])),
        Claim("the clip's own sound is better", falls(["sound-of-others", "braven"], _COUNTS[0])),
        *(
            Claim(f"{what}, 25 clips", falls([arm, "braven"], figure))
            for arm, what, figure in (
                ("v2v", "lips that foresee the voice are better", _COUNTS[0]),
                ("a2a", "a voice that foresees lips too is better", f"voice WER {LABELLED[0]}"),
                ("last", "the mean over blocks is the better target", _COUNTS[0]),
                ("mask-0.2", "the stronger mask of the voice is better", _COUNTS[0]),
                ("deeper", "the shallower predictor is better", _COUNTS[0]),
            )
        ),
        Claim(
            "more unlabelled clips are better",
            falls([*(f"x{n}" for n in _FEWER), "braven"], _COUNTS[0]),
        ),
        Claim("self-training adds to it", falls(["braven", "self-trained"], _COUNTS[0])),
        Claim(
            "on rendered people it is better than no pre-training, 25 clips, by more than two "
            "standard errors",
            clearly_below("studio-braven", "studio-scratch", _COUNTS[0]),
        ),
    ),
    seeds={"ci": (1, 2, 3), "small": (1, 2, 3)},
    plot=Plot(
        "WER",
        "clips with texts",
        {"lips": tuple(map(_curve, ("scratch", "raven", "braven", "random-teacher")))},
    ),
    data="GRID speaker s1 (real): its train clips without texts, 25 to 100 of them with texts, its "
    "test list read. The arms studio-...: rendered people, preset `grid`.",
)
