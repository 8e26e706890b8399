"""`viseme reproduce`: a paper's claim, measured again with controls and several seeds."""

import sys
import textwrap
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from viseme.cli.console import result, say
from viseme.cli.options import Device, comma_list

if TYPE_CHECKING:
    from viseme.experiments.experiment import Experiment


def command(
    name: Annotated[
        str | None, typer.Argument(help="The experiment.  [default: none, which lists all]")
    ] = None,
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
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", help="Print what would run, and how long it takes by a timed first step."
        ),
    ] = False,
    device: Device = "auto",
) -> None:
    """Measure a claim again: arms, seeds, a table, a plot, JSON.

    Without a name, list the experiments. The same command again goes on where it was stopped.
    Prints the table.
    """
    if name is None:
        _list()
        return

    from viseme.experiments import experiment
    from viseme.experiments.report import TABLE
    from viseme.experiments.run import reproduce
    from viseme.provenance import provenance

    folder = out or Path("runs") / f"{name}-{scale}"
    chosen, seeds = comma_list(arm) if arm else (), seed or ()
    if plan:
        _plan(experiment(name), scale, folder, chosen, seeds, _corpora(corpus or ()), device)
        return
    with redirect_stdout(sys.stderr):  # the training libraries say things on stdout
        reproduce(
            experiment(name),
            scale,
            folder,
            arms=chosen,
            seeds=seeds,
            corpora=_corpora(corpus or ()),
            device=device,
            origin=provenance(["viseme", *sys.argv[1:]]),
            on_progress=lambda trial, done, total: say(f"trial {done + 1} of {total}: {trial}"),
        )
    result((folder / TABLE).read_text(encoding="utf-8"))
    say(f"everything is in {folder}")


def _list() -> None:
    """The experiments with claims, arms, corpora and time."""
    from viseme.experiments import EXPERIMENTS, experiment

    for name in EXPERIMENTS:
        found = experiment(name)
        result(f"{name}: {found.title}")
        for claim in found.claims:
            result(f"    claims that {claim.text}")
        arms = [arm.name + (" (control)" if arm.control else "") for arm in found.arms]
        result(
            textwrap.fill(
                f"arms: {', '.join(arms)}",
                100,
                initial_indent=" " * 4,
                subsequent_indent=" " * 8,
                break_on_hyphens=False,
            )
        )
        result(f"    real corpora: {', '.join(found.needs) or 'none'}")
        for scale, seeds in found.seeds.items():
            hours = found.hours.get(scale)
            took = "time not recorded" if hours is None else f"about {hours:g} h on two cores"
            count = f"{len(seeds)} seed" + ("s" if len(seeds) != 1 else "")
            result(f"    {scale}: {count}, {took}")
        result("")


def _plan(
    found: "Experiment",
    scale: Literal["ci", "small", "paper"],
    folder: Path,
    arms: Sequence[str],
    seeds: Sequence[int],
    corpora: dict[str, Path],
    device: str,
) -> None:
    """What would run, and for how long."""
    from viseme.experiments.run import planned, seconds_of_first

    plan = planned(found, scale, folder, arms=arms, seeds=seeds, corpora=corpora)
    missing = plan.missing
    for arm, seed in plan.trials:
        state = "to run" if (arm, seed) in missing else "done"
        result(f"{state}  {arm.name}, seed {seed}: {arm.what}")
    if plan.left_out:
        say(plan.left_out)
    if not missing:
        result("nothing is left to run")
        return
    say(f"timing the first updates of {missing[0][0].name}; what they need is made first, and kept")
    with redirect_stdout(sys.stderr):
        seconds = seconds_of_first(plan, device)
    result(
        f"{len(missing)} trials to run; {missing[0][0].name} takes {seconds / 60:.1f} min here; "
        f"if all are like it, {len(missing) * seconds / 3600:.1f} h"
    )


def _corpora(named: Sequence[str]) -> dict[str, Path]:
    """Manifests by name from NAME=MANIFEST."""
    corpora = {}
    for item in named:
        name, equals, manifest = item.partition("=")
        if not (name and equals and Path(manifest).is_file()):
            raise typer.BadParameter(f"--corpus {item!r} is not NAME=MANIFEST of a file")
        corpora[name] = Path(manifest)
    return corpora
