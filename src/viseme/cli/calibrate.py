"""`viseme calibrate`: how sure a model is, and when words begin and end."""

from pathlib import Path
from typing import Annotated

import typer

from viseme.cli.console import result
from viseme.cli.options import Device, comma_list


def command(
    model: Annotated[Path, typer.Argument(help="A model folder, which is changed.")],
    manifest: Annotated[Path, typer.Argument(help="What `viseme prepare` wrote.")],
    confidence: Annotated[
        list[str] | None,
        typer.Option(help="Split to fit confidences on: clips that it did not learn from."),
    ] = None,
    times: Annotated[
        list[str] | None, typer.Option(help="Split to learn word times from; may be repeated.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Fit how sure a model is, and when words begin and end.

    `viseme train` ends with it. For models from elsewhere, and for other recordings than those that
    a model was made for.
    """
    from viseme.verbs.calibrate import calibrate_model

    calibrate_model(
        model,
        manifest,
        confidence_splits=comma_list(confidence or []),
        times_splits=comma_list(times or []),
        device=device,
    )
    result(str(model))
