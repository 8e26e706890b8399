"""Options that several commands share."""

from typing import Annotated, Literal

import typer

DEFAULT_MODEL = "grid-vsr"

Model = Annotated[str, typer.Option(help="A bundled model or a model folder.")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute; auto takes a GPU if any.")
]
Beam = Annotated[
    int | None, typer.Option(min=1, help="Hypotheses kept while decoding.  [default: the model's]")
]
Precision = Annotated[
    Literal["auto", "float32", "bfloat16"],
    typer.Option(help="Of the network; auto takes bfloat16 for large ones where it is faster."),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Pieces read at once; changes speed only.")]
Grammar = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="Allow only such sentences: a bundled grammar (grid), a .grammar or a .words file.",
    ),
]
SkipBad = Annotated[
    bool,
    typer.Option("--skip-bad", help="Leave out lines of the manifest that are wrong; list them."),
]
AudioTrack = Annotated[
    str | None,
    typer.Option(
        metavar="N|LANGUAGE",
        help="Which of several sound tracks: its number from 1, or eng, fr, ...  "
        "[default: the one that the file marks]",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


def comma_list(values: list[str]) -> list[str]:
    """The items of an option that may be repeated and may hold several, comma-separated."""
    return [item.strip() for value in values for item in value.split(",") if item.strip()]
