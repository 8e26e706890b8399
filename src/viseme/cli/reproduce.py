"""`viseme reproduce`: a paper's claim, measured again with controls and several seeds."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Literal

import typer

from viseme.cli.console import result, say
from viseme.cli.options import Device, comma_list


def command(
    name: Annotated[str, typer.Argument(help="The experiment, such as studio.")],
    scale: Annotated[
        Literal["ci", "small", "paper"],
        typer.Option(help="ci: two CPU cores; small: one GPU; paper: the paper's data."),
    ] = "ci",
    out: Annotated[
        Path | None, typer.Option(help="Folder to fill.  [default: runs/NAME-SCALE]")
    ] = None,
    arm: Annotated[
        list[str] | None, typer.Option(help="Arms to run; may be repeated.  [default: all]")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Seeds; may be repeated.  [default: the experiment's]")
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=MANIFEST",
            help="A prepared real corpus; grid=GRID/manifest.jsonl.",
        ),
    ] = None,
    device: Device = "auto",
) -> None:
    """Measure a claim again: arms, seeds, a table, a plot, JSON.

    The same command again goes on where it was stopped. Prints the table.
    """
    from viseme.experiments import experiment
    from viseme.experiments.report import TABLE
    from viseme.experiments.run import reproduce
    from viseme.provenance import provenance

    folder = out or Path("runs") / f"{name}-{scale}"
    with redirect_stdout(sys.stderr):  # the training libraries say things on stdout
        reproduce(
            experiment(name),
            scale,
            folder,
            arms=comma_list(arm) if arm else (),
            seeds=seed or (),
            corpora=_corpora(corpus or ()),
            device=device,
            origin=provenance(["viseme", *sys.argv[1:]]),
            on_progress=lambda trial, done, total: say(f"trial {done + 1} of {total}: {trial}"),
        )
    result((folder / TABLE).read_text(encoding="utf-8"))
    say(f"everything is in {folder}")


def _corpora(named: Sequence[str]) -> dict[str, Path]:
    """Manifests by name from NAME=MANIFEST."""
    corpora = {}
    for item in named:
        name, equals, manifest = item.partition("=")
        if not (name and equals and Path(manifest).is_file()):
            raise typer.BadParameter(f"--corpus {item!r} is not NAME=MANIFEST of a file")
        corpora[name] = Path(manifest)
    return corpora
