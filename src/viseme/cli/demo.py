"""`viseme demo`: see it work on one clip."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    clip: Annotated[Path | None, typer.Option(dir_okay=False, help="A video of your own.")] = None,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for what it makes.")] = Path(
        "demo"
    ),
) -> None:
    """See it work on one clip.

    Reads the lips in it, and draws into a copy of it what was seen and read.
    """
    from viseme.verbs.demo import demo

    demo(out, clip=clip)
