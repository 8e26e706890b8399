"""`viseme evaluate`: how well a model reads a manifest's clips, as a table and as JSON."""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from viseme.cli.console import be_quiet, result, say, table
from viseme.cli.options import BatchSize, Beam, Device, Grammar, Quiet, comma_list
from viseme.cli.progress import progress


def command(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    manifest: Annotated[Path, typer.Argument(help="What `viseme prepare` wrote.")],
    split: Annotated[
        list[str] | None, typer.Option(help="Splits; may be repeated.  [default: all]")
    ] = None,
    grammar: Grammar = None,
    beam: Beam = None,
    batch_size: BatchSize = 8,
    device: Device = "auto",
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="JSON file with all figures and how.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Score a model on clips whose words are known."""
    if quiet:
        be_quiet()

    from viseme.files import atomic_write
    from viseme.provenance import provenance
    from viseme.verbs.evaluate import evaluate

    options = {} if beam is None else {"beam": beam}
    with progress("evaluating", "clip", quiet) as bar:
        report = evaluate(
            model,
            manifest,
            splits=comma_list(split) if split else None,
            constraint=grammar,
            batch_size=batch_size,
            device=device,
            on_progress=bar.report,
            **options,
        )
    result(table(list(rows(report))))
    if output is not None:
        data = {"manifest": str(manifest), "sha256": _sha256(manifest)}
        record = provenance(["viseme", *sys.argv[1:]]) | {"data": data, "report": report}
        with atomic_write(output) as file:
            file.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        say(f"wrote {output}")


def rows(report: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every single figure of a report by its full name; lists are left to the JSON."""
    for name, value in report.items():
        if isinstance(value, Mapping):
            yield from rows(value, f"{prefix}{name}.")
        elif isinstance(value, float):
            yield f"{prefix}{name}", f"{value:.4g}"
        elif isinstance(value, str | int):
            yield f"{prefix}{name}", str(value)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
