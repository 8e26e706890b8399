"""Settings that explain themselves: every one has a meaning, and a value that reads back."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from viseme.config import flatten, override
from viseme.settings import groups_of
from viseme.systems import SYSTEMS, system


@dataclass(frozen=True)
class Inner:
    """What is inside; the paper's values.

    Attributes:
        width, depth: of the network,
            which has both.
        names: (B,) of its parts: a few.
    """

    width: int = 3
    depth: int = 2
    names: tuple[str, ...] = ("a", "b")


@dataclass(frozen=True)
class Outer:
    """All of it.

    More about it.

    Attributes:
        rate: of learning.
        unsure: may be none.

    Raises:
        inner: never.
    """

    rate: float
    unsure: int | None = None
    inner: Inner = field(default_factory=Inner)


def test_meanings_come_from_the_docstrings() -> None:
    outer, inner = groups_of(Outer(rate=0.5))
    assert (outer.about, inner.about) == ("All of it.", "What is inside; the paper's values.")
    rate, unsure = outer.settings
    assert (rate.name, rate.value, rate.default) == ("rate", "0.5", "")
    assert (rate.kind, rate.meaning) == ("a number", "of learning.")
    assert (unsure.value, unsure.default, unsure.meaning) == ("none", "none", "may be none.")
    width, depth, names = inner.settings
    assert width.meaning == depth.meaning == "of the network, which has both."
    assert (names.name, names.value, names.meaning) == (
        "inner.names",
        "a,b",
        "(B,) of its parts: a few.",
    )


CONFIGS = [
    pytest.param(config, id=f"{name}-{preset}")
    for name in SYSTEMS
    for preset, config in getattr(system(name), "PRESETS", {}).items()
]


@pytest.mark.parametrize("config", CONFIGS)
def test_every_setting_of_every_preset_has_a_meaning_and_reads_back(config: Any) -> None:
    settings = [setting for group in groups_of(config) for setting in group.settings]
    assert [setting.name for setting in settings if not setting.meaning] == []
    assert {setting.name for setting in settings} == set(flatten(config))
    for setting in settings:
        assert override(config, {setting.name: setting.value}) == config, setting.name


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_says_what_it_is_and_what_its_presets_are_for(name: str) -> None:
    module = system(name)
    about = module.ABOUT
    assert all((about.paper, about.arxiv, about.does))
    assert set(about.presets) == set(getattr(module, "PRESETS", {}))
