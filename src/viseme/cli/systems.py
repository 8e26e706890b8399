"""`viseme systems`: the papers, what each does, its presets; and what `train NAME --help` adds."""

import textwrap
from collections.abc import Iterator

from viseme.cli.console import result, say

_WIDTH = 100


def command() -> None:
    """List the systems: paper, what it does, presets with size, data and time."""
    from viseme.systems import SYSTEMS

    for name in SYSTEMS:
        result("\n".join(_about(name)) + "\n")
    say("`viseme train NAME --help` shows every setting; `viseme import` fills what is not trained")


def _about(name: str) -> Iterator[str]:
    from viseme.systems import num_parameters, system

    module = system(name)
    about = module.ABOUT
    yield f"{name}: {about.paper} (arXiv {about.arxiv})"
    trained = "" if hasattr(module, "job") else "; not trained here yet"
    yield from _wrapped(f"{about.kind}: {about.does}{trained}", 4)
    for preset, what in about.presets.items():
        size = f"{num_parameters(name, preset) / 1e6:.2f} M"
        yield f"    {preset:<16} {size:>8}  {what}"


def help_of(name: str, preset: str | None) -> str:
    """What the help of `viseme train` says of a system: its presets and every setting.

    Args:
        name: of the system.
        preset: whose values are shown; the first one's if it is none of the system's.
    """
    from viseme.settings import groups_of
    from viseme.systems import system

    module = system(name)
    lines = ["", *_about(name)]
    if not hasattr(module, "job"):
        return "\n".join(lines)
    shown = preset if preset in module.PRESETS else next(iter(module.PRESETS))
    lines += ["", f"Settings of {name}, with the values of preset {shown}:"]
    for group in groups_of(module.PRESETS[shown]):
        lines += ["", *_wrapped(group.about, 0)]
        for setting in group.settings:
            other = setting.value != setting.default
            default = f"; default {setting.default or 'none'}" if other else ""
            lines.append(f"  --{setting.name} {setting.value or '(empty)'}")
            lines += _wrapped(f"{setting.meaning} [{setting.kind}{default}]", 6)
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(text, _WIDTH, initial_indent=margin, subsequent_indent=margin)
