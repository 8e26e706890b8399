"""What an experiment is: arms that each give figures for a seed, and claims about their means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Literal

from viseme.errors import ConfigError
from viseme.experiments.plot import Plot
from viseme.files import sole_writer

Scale = Literal["ci", "small", "paper"]
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Trial:
    """One run of one arm.

    Attributes:
        arm: name of the arm.
        seed: of everything random in it.
        scale: how large.
        folder: its own, kept between interrupted runs.
        shared: for what several trials use, such as a rendered corpus.
        corpora: prepared manifests of real corpora by name, as far as the user has them.
        device: "auto", "cpu" or "cuda".
    """

    arm: str
    seed: int
    scale: Scale
    folder: Path
    shared: Path
    corpora: Mapping[str, Path]
    device: str

    @contextmanager
    def common(self, name: str) -> Iterator[Path]:
        """A folder for what several trials use; each waits while another process is in it."""
        folder = self.shared / name
        folder.mkdir(parents=True, exist_ok=True)
        with sole_writer(folder, wait=True):
            yield folder


@dataclass(frozen=True)
class Arm:
    """One way of doing it.

    Attributes:
        name: short, the row of the table.
        what: what is done, a clause.
        run: does it and returns its figures; called again after an interruption, it goes on.
        control: True for an arm that shows what the others owe to what.
        needs: names of the real corpora without which it cannot be run.
    """

    name: str
    what: str
    run: Callable[[Trial], Figures]
    control: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds; the latter is 0 for a single one."""

    mean: float
    deviation: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value."""
        return cls(mean(values), stdev(values) if len(values) > 1 else 0.0, len(values))

    def __str__(self) -> str:
        text = f"{self.mean:.0f}" if abs(self.mean) >= 100 else f"{self.mean:.3g}"
        return text + (f" ± {self.deviation:.2g}" if self.count > 1 else "")


@dataclass(frozen=True)
class Summary:
    """The figures of all arms that were run, over their seeds."""

    spreads: Mapping[str, Mapping[str, Spread]]

    @classmethod
    def of(cls, trials: Mapping[str, Mapping[int, Figures]]) -> "Summary":
        """From figures by arm and seed; a figure that a seed lacks is left out of its mean."""
        spreads: dict[str, dict[str, Spread]] = {}
        for arm, by_seed in trials.items():
            names = dict.fromkeys(name for figures in by_seed.values() for name in figures)
            spreads[arm] = {
                name: Spread.of([figures[name] for figures in by_seed.values() if name in figures])
                for name in names
            }
        return cls(spreads)

    def mean(self, arm: str, figure: str) -> float:
        """Mean of a figure.

        Raises:
            KeyError: the arm was not run, or has no such figure.
        """
        return self.spreads[arm][figure].mean

    def standard_error(self, arm: str, figure: str) -> float:
        """Standard error of a figure's mean over seeds.

        Raises:
            KeyError: as `mean`, or there is one seed alone, which says nothing of it.
        """
        spread = self.spreads[arm][figure]
        if spread.count < 2:
            raise KeyError(f"{arm} was run with one seed")
        return spread.deviation / sqrt(spread.count)


@dataclass(frozen=True)
class Claim:
    """What the experiment is to show, as a condition on the means of its figures."""

    text: str
    holds: Callable[[Summary], bool]

    def verdict(self, summary: Summary) -> str:
        """ "holds", "fails", or "not run here" where arms or seeds are missing."""
        try:
            return "holds" if self.holds(summary) else "fails"
        except KeyError:
            return "not run here"


@dataclass(frozen=True)
class Experiment:
    """A claim of a paper, or of this project, as arms to run.

    Attributes:
        name: of the command line and of the files.
        title: one line.
        arms: in the order of the table.
        claims: what is to be shown.
        seeds: of each scale.
        plot: what is drawn.
        paper: figures that a paper reports, by arm; they stand in columns of their own.
        data: what it was measured on, a sentence for the table's head.
        hours: what all arms and seeds of a scale took on two CPU cores, where that is known.
    """

    name: str
    title: str
    arms: tuple[Arm, ...]
    claims: tuple[Claim, ...]
    seeds: Mapping[Scale, tuple[int, ...]]
    plot: Plot
    data: str
    paper: Mapping[str, Figures] = field(default_factory=dict)
    hours: Mapping[Scale, float] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the real corpora that arms of it need."""
        return tuple(dict.fromkeys(name for arm in self.arms for name in arm.needs))

    def arm(self, name: str) -> Arm:
        """The arm of that name.

        Raises:
            ConfigError: there is none.
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        known = ", ".join(arm.name for arm in self.arms)
        raise ConfigError(f"{self.name} has no arm {name!r}", todo=f"Choose one of: {known}.")
