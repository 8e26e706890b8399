"""Reading in noise: voice, lips and both, by kind and level of the noise.

The bundled models of GRID speaker s1 read its test clips; nothing is trained here, and a seed is
one of the noise. Babble is mixed of the split `val`, which no model learned from, so it is of the
same speaker: hard to tell apart. Readings that a user would not see, because the model doubts
them, count as they are, or a model would be judged by its caution.
"""

from dataclasses import dataclass, replace
from typing import get_args

from viseme.audio.noise import NoiseKind
from viseme.data.manifest import read_manifest
from viseme.experiments.experiment import Arm, Claim, Experiment, Figures, Scale, Summary, Trial
from viseme.experiments.plot import Curve, Plot
from viseme.kinds.recogniser.clips import read_clips
from viseme.kinds.recogniser.conditions import CLEAN, conditions
from viseme.kinds.recogniser.modes import Mode
from viseme.metrics.recognition import wer
from viseme.recognition.confidence import Abstention
from viseme.recognition.recognizer import Recognizer
from viseme.systems import load

KINDS: tuple[NoiseKind, ...] = get_args(NoiseKind)
SNRS_DB = (20.0, 10.0, 5.0, 0.0, -5.0, -10.0)
LEVELS = ("clean", *(f"{level:g} dB" for level in SNRS_DB))
SPLIT, BABBLE_SPLIT = "test", "val"


@dataclass(frozen=True)
class Reader:
    """A model in use.

    Attributes:
        model: name of a bundled model.
        mode: what it reads.
        what: the same in words.
        hears: whether noise can reach it.
    """

    model: str
    mode: Mode
    what: str
    hears: bool = True


READERS = {
    "voice": Reader("grid-s1-asr", "audio", "the model of the voice"),
    "lips": Reader("grid-s1-vsr", "video", "the model of the lips", hears=False),
    "both": Reader("grid-s1-av", "av", "the model of both"),
    "auto": Reader("grid-s1-av", "auto", "the model of both, with `--mode auto`"),
    "both-unseen": Reader("grid-s1-av", "audio", "the model of both without its picture"),
    "both-unheard": Reader("grid-s1-av", "video", "the model of both without its sound", False),
}
SINGLE = ("voice", "lips", "both", "both-unseen", "both-unheard")
"""All but `auto`, which chooses between ways of reading."""

CONTROLS = ("voice", "lips")
"""Models that know one stream only."""


def read_in_noise(trial: Trial) -> Figures:
    """Word error rates in percent at all levels of a noise, and the ends of their intervals."""
    manifest = trial.corpora["grid"]
    noises = [kind for kind in KINDS if trial.arm.endswith(f"-{kind}")]
    name = trial.arm.removesuffix(f"-{noises[0]}") if noises else trial.arm
    heard = conditions(noises, SNRS_DB, manifest, BABBLE_SPLIT, trial.seed) if noises else [CLEAN]
    recognizer = _outspoken(load(READERS[name].model, trial.device))
    clips = [clip for clip in read_manifest(manifest) if clip.split == SPLIT and clip.text]
    figures: dict[str, float] = {}
    for level, condition in zip(LEVELS, heard, strict=False):
        read = read_clips(recognizer, clips, mode=READERS[name].mode, condition=condition)
        texts = [item.reading.text for item in read]
        rate = wer([str(clip.text) for clip in clips], texts)
        figures |= {level: 100 * rate.rate, f"{level}, up to": 100 * rate.high}
    return figures


def _outspoken(recognizer: Recognizer) -> Recognizer:
    """The same model, that never withholds a text."""
    config = replace(recognizer.config, abstention=Abstention(0.0, 0.0))
    return Recognizer(
        recognizer.name,
        recognizer.network,
        recognizer.tokenizer,
        config,
        str(recognizer.device),
    )


def arm_name(reader: str, kind: NoiseKind) -> str:
    """The arm of a reader and a noise; a reader that does not hear has but one."""
    return f"{reader}-{kind}" if READERS[reader].hears else reader


def rate(summary: Summary, reader: str, kind: NoiseKind, level: str, bound: str = "") -> float:
    """Word error rate in percent, or with `bound` the upper end of its interval."""
    return summary.mean(
        arm_name(reader, kind), (level if READERS[reader].hears else "clean") + bound
    )


def both_help_everywhere(summary: Summary) -> bool:
    """Whether both are not worse than the voice, by its interval, at any level of any noise."""
    return all(
        rate(summary, "both", kind, level) <= rate(summary, "voice", kind, level, ", up to")
        for kind in KINDS
        for level in LEVELS
    )


def both_halve(summary: Summary) -> bool:
    """Whether both make at most half the errors of the voice in babble at -5 dB."""
    voice = rate(summary, "voice", "babble", "-5 dB")
    return rate(summary, "both", "babble", "-5 dB") <= voice / 2


def sound_is_not_needed(summary: Summary) -> bool:
    """Whether the model of both reads lips alone within 2 points of the model of lips."""
    without = summary.mean("both-unheard", "clean")
    return without <= summary.mean("lips", "clean") + 2


def auto_chooses_well(summary: Summary) -> bool:
    """Whether `auto` is within a point of the best of all the others, everywhere."""
    return all(
        rate(summary, "auto", kind, level)
        <= 1 + min(rate(summary, reader, kind, level) for reader in SINGLE)
        for kind in KINDS
        for level in LEVELS
    )


def _arms() -> list[Arm]:
    arms: dict[str, Arm] = {}
    for name, reader in READERS.items():
        for kind in KINDS:
            title = arm_name(name, kind)
            what = f"{reader.what}, {kind}" if reader.hears else reader.what
            arms[title] = Arm(title, what, read_in_noise, name in CONTROLS, needs=("grid",))
    return list(arms.values())


def _curves(kind: NoiseKind) -> tuple[Curve, ...]:
    """The readers of both and of one stream, over the levels of a noise."""
    heard = (
        Curve(name, tuple((level, arm_name(name, kind), f"{level:g} dB") for level in SNRS_DB))
        for name in ("voice", "both")
    )
    return (*heard, Curve("lips", ((0.0, "lips", "clean"),)))


_SEEDS: dict[Scale, tuple[int, ...]] = {"ci": (1,), "small": (1, 2, 3)}

EXPERIMENT = Experiment(
    name="noise",
    hours={"ci": 0.35},
    title="Lips help a voice in noise",
    arms=tuple(_arms()),
    claims=(
        Claim(
            "at every level of every noise, both are not worse than the voice (by the upper end of "
            "its 95 % interval)",
            both_help_everywhere,
        ),
        Claim("in babble at -5 dB, both make at most half the errors of the voice", both_halve),
        Claim(
            "without its sound, the model of both is within 2 points of the model of lips",
            sound_is_not_needed,
        ),
        Claim(
            "`--mode auto` is nowhere worse by more than a point than the best of the others",
            auto_chooses_well,
        ),
    ),
    seeds=_SEEDS,
    plot=Plot("WER, %", "signal to noise, dB", {kind: _curves(kind) for kind in KINDS}),
    data="GRID speaker s1, test split, bundled models of one training seed each. Word error rates "
    "in percent, open text, nothing withheld; `up to` is the upper end of the 95 % bootstrap "
    "interval over clips. Signal-to-noise ratios are over whole clips, pauses included.",
)
