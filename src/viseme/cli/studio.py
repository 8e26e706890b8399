"""`viseme studio`: a corpus of rendered people, with everything about it known."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from viseme.cli.console import be_quiet, result, table
from viseme.cli.options import Quiet
from viseme.cli.progress import progress


def command(
    preset: Annotated[str, typer.Option(help="grid, lrs, multilingual, feed or laugh.")],
    hours: Annotated[float, typer.Option(help="Of the train split; val and test come on top.")],
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder to fill; a half-filled one is completed.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other clips.")] = 0,
    size: Annotated[int, typer.Option(help="Side of the pictures, 64 to 512 px.")] = 128,
    head: Annotated[
        Literal["mesh", "drawn"],
        typer.Option(help="A mesh, which looks better, or formulas, which need no extra."),
    ] = "mesh",
    difficulty: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Of light, noise and poses.  [default: the preset's]"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.  [default: one per core]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Make a corpus of people who do not exist.

    Renders talking heads with synthetic voices: video, sound, and a file per clip with all that is
    known about it. The same options give the same corpus; stopped, it goes on where it was.
    """
    if quiet:
        be_quiet()

    from viseme.studio.corpus import Progress, render_corpus

    with progress("rendering", "take", quiet) as bar:

        def on_progress(now: Progress) -> None:
            bar.report(now.takes, now.expected)

        report = render_corpus(
            preset,
            hours,
            out,
            seed=seed,
            size_px=size,
            head=head,
            difficulty=difficulty,
            workers=workers,
            on_progress=on_progress,
        )
    columns = ("takes", "clips", "hours", "people", "voices", "words")
    rows = [("SPLIT", *(column.upper() for column in columns))]
    rows += [
        (name, *(f"{getattr(part, column):g}" for column in columns))
        for name, part in report.statistics.items()
    ]
    result(table(rows))
    result("")
    result(table([("manifest", str(report.out / "manifest.jsonl"))]))
