"""The command line: one file per verb, put together here.

The commands import what they need when they run, so that `--help` answers at once.
"""

import os
from typing import Annotated

import typer

from viseme import __version__
from viseme.cli import (
    assets,
    calibrate,
    console,
    demo,
    doctor,
    evaluate,
    import_model,
    label,
    models,
    prepare,
    reproduce,
    studio,
    systems,
    train,
    transcribe,
)
from viseme.cli.guard import DEBUG_VARIABLE, guarded

_FREE_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}


def main() -> None:
    """Run the command that `sys.argv` holds, and exit."""
    console.set_up()
    app()(prog_name="viseme")


def app() -> typer.Typer:
    """All commands, each with its errors turned into lines and exit codes."""
    viseme = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_options,
    )
    viseme.command("transcribe")(guarded(transcribe.command, failure=transcribe.ALL_FAILED))
    viseme.command("prepare")(guarded(prepare.command, resumable=True))
    training = viseme.command("train", cls=train.Command, context_settings=_FREE_OPTIONS)
    training(guarded(train.command, resumable=True))
    viseme.command("systems")(guarded(systems.command))
    viseme.command("evaluate")(guarded(evaluate.command))
    viseme.command("calibrate")(guarded(calibrate.command))
    viseme.command("label")(guarded(label.command, resumable=True, failure=label.ALL_FAILED))
    viseme.command("import")(guarded(import_model.command))
    viseme.command("reproduce")(guarded(reproduce.command, resumable=True))
    viseme.command("studio")(guarded(studio.command, resumable=True))
    viseme.command("models")(guarded(models.command))
    viseme.add_typer(assets.app(), name="assets")
    viseme.command("doctor")(guarded(doctor.command))
    viseme.command("demo")(guarded(demo.command))
    return viseme


def _version(wanted: bool) -> None:
    if wanted:
        console.result(f"viseme {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Read lips from video, and train the models that do."""
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"
