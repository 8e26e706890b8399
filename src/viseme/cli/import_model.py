"""`viseme import`: published checkpoints become model folders."""

from pathlib import Path
from typing import Annotated

import typer

from viseme.cli.console import be_quiet, result, say
from viseme.cli.options import Quiet


def command(
    source: Annotated[
        str,
        typer.Argument(
            help="auto, or the family: auto_avsr, vsr_multilingual, raven, espnet_lm.",
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            help="A .pth, .ckpt or .safetensors file, a folder of shards, or a zip with model.json."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Model folder to write.")
    ],
    tokenizer: Annotated[
        Path | None,
        typer.Option(help="Sentencepiece .model with its _units.txt beside it, or that list."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call the model.  [default: the folder's name]")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Import what fits, start the rest at random.")
    ] = False,
    table: Annotated[
        str | None,
        typer.Option(
            help="Which weights of several in the file, such as ema.  [default: no average]"
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Turn a checkpoint of other code into a model folder.

    Nothing that the file holds is run. Prints the folder, which `viseme transcribe --model` takes.
    """
    if quiet:
        be_quiet()

    from viseme.verbs.import_model import import_model

    report = import_model(
        file, output, source=source, tokenizer=tokenizer, name=name, partial=partial, table=table
    )
    if not quiet:
        say(f"a model of {report.source} with {report.num_parameters / 1e6:.2f} M parameters")
        if report.writes_ids:
            say("no tokenizer was given: it writes token ids; --tokenizer FILE makes it write text")
    result(str(report.model))
