"""`viseme assets`: weights that others made, which are fetched when first needed."""

from typing import Annotated

import typer

from viseme.cli.console import result, say, table
from viseme.cli.guard import guarded


def app() -> typer.Typer:
    """The commands of `viseme assets`."""
    commands = typer.Typer(no_args_is_help=True, help="List or fetch weights that others made.")
    commands.command("list")(guarded(list_command))
    commands.command("fetch")(guarded(fetch_command))
    commands.command("licences")(guarded(licences_command))
    return commands


def list_command() -> None:
    """Show every asset, whether it is here, and where."""
    from viseme.assets import status

    rows = [("NAME", "STATE", "WHAT FOR", "FILE")]
    rows += [(s.asset.name, s.state, s.asset.purpose, str(s.path)) for s in status()]
    result(table(rows))


def fetch_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Which.  [default: all]")
    ] = None,
) -> None:
    """Download assets into the cache; those that are there are kept."""
    from viseme.assets import ASSETS, path

    for name in names or sorted(ASSETS):
        say(f"fetching {name}")
        result(str(path(name)))


def licences_command() -> None:
    """Show where every asset comes from, and its licence."""
    from viseme.assets import ASSETS

    rows = [("NAME", "PACKAGE", "LICENCE")]
    rows += [(a.name, f"{a.registry}:{a.package} {a.version}", a.licence) for a in ASSETS.values()]
    result(table(rows))
