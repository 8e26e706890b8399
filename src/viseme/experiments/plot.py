"""What the plot of an experiment shows: curves over something that grows, or a bar for each arm."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Curve:
    """Figures over a quantity.

    Attributes:
        label: of the legend.
        points: place on the horizontal axis, arm and figure of each; a single one is drawn as a
            level, from side to side.
    """

    label: str
    points: tuple[tuple[float, str, str], ...]


@dataclass(frozen=True)
class Plot:
    """One or several panels of curves.

    Attributes:
        y: what is plotted; without panels the figure that every arm has a bar of.
        x: what the horizontal axis shows.
        panels: curves by the title of their panel.
    """

    y: str
    x: str = ""
    panels: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict)


def over_arms(figure: str, x: str, places: Mapping[str, float], others: Iterable[str]) -> Plot:
    """A figure of the arms that have a place on the axis, and the levels of other arms."""
    curve = Curve("", tuple((place, arm, figure) for arm, place in places.items()))
    levels = (Curve(arm, ((0.0, arm, figure),)) for arm in others if arm not in places)
    return Plot(figure, x, {"": (curve, *levels)})
