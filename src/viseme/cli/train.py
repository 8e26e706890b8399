"""`viseme train`: a system, a preset, a manifest, and any setting by its name."""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from viseme.cli.console import result, say
from viseme.cli.options import Device, SkipBad, comma_list
from viseme.errors import ConfigError

MANIFEST_VARIABLE = "VISEME_MANIFEST"
_NAMED = "viseme.named"


class Command(TyperCommand):
    """`viseme train`, whose help also tells of the system that is named before `--help`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep what was named, since help is printed before anything is parsed."""
        ctx.meta[_NAMED] = list(args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The presets and settings of the system."""
        from viseme.cli.systems import help_of
        from viseme.systems import SYSTEMS

        named = ctx.meta.get(_NAMED, [])
        system = next((argument for argument in named if argument in SYSTEMS), None)
        if system is not None:
            preset = dict(pairwise(named)).get("--preset")
            formatter.write(help_of(system, preset) + "\n")


def command(
    context: typer.Context,
    system: Annotated[
        str, typer.Argument(help="The paper's name; `viseme systems` lists them all.")
    ],
    preset: Annotated[str, typer.Option(help="A complete set of settings, such as grid.")],
    manifest: Annotated[
        list[Path] | None,
        typer.Option(
            envvar=MANIFEST_VARIABLE, help="What `viseme prepare` wrote; may be repeated."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run.  [default: runs/SYSTEM-PRESET]")
    ] = None,
    modality: Annotated[
        Literal["video", "audio", "av"] | None,
        typer.Option(help="Short for --model.modality.  [default: the preset's]"),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Splits to train on; may be repeated.  [default: train]"),
    ] = None,
    val_split: Annotated[str, typer.Option(help="Split to evaluate on.")] = "val",
    skip_bad: SkipBad = False,
    device: Device = "auto",
) -> None:
    """Train a model on a prepared corpus.

    The same command again continues a run that was stopped. Every setting of the preset can be
    changed: --loop.epochs 10 --model.dim=256; `viseme train NAME --help` lists them. Prints the
    folder of the finished model.
    """
    settings = parse_settings(context.args)
    if modality is not None:
        settings["model.modality"] = modality
    name = "-".join(filter(None, (system, preset, modality)))

    if not manifest:
        from viseme.verbs.train import configured

        configured(system, preset, settings)  # what is wrong with these is told first
        raise ConfigError(
            "no manifest is given",
            todo="Make one with `viseme prepare CORPUS OUT`, then add "
            f"--manifest OUT/manifest.jsonl or set {MANIFEST_VARIABLE}.",
        )

    from viseme.verbs.train import train

    with redirect_stdout(sys.stderr):  # the training libraries say things on stdout
        report = train(
            system,
            manifest,
            out or Path("runs") / name,
            preset=preset,
            settings=settings,
            train_splits=comma_list(split or ["train"]),
            val_split=val_split,
            skip_bad=skip_bad,
            device=device,
        )
    if os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) != "0":
        return  # the other processes of torchrun or Lightning have nothing else to say
    for figure, value in report.figures.items():
        say(f"{val_split} {figure} {value:.4g}")
    result(str(report.model))


def parse_settings(arguments: Sequence[str]) -> dict[str, str]:
    """The settings in arguments such as `--loop.epochs 10 --model.dim=256`, by full name.

    Raises:
        typer.BadParameter: an argument that is no option, or an option without a value.
    """
    settings: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("--"):
            raise typer.BadParameter(f"unexpected argument {argument!r}; settings are --NAME VALUE")
        name, equals, value = argument[2:].partition("=")
        if not equals:
            value = next(rest, "--")
            if value.startswith("--"):
                raise typer.BadParameter(f"setting --{name} needs a value")
        settings[name.replace("-", "_")] = value
    return settings
