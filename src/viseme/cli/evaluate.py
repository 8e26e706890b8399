"""`viseme evaluate`: how well a model reads a manifest's clips, as a table and as JSON."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from viseme.cli.console import be_quiet, result, say, table
from viseme.cli.options import (
    BatchSize,
    Beam,
    Device,
    Grammar,
    Precision,
    Quiet,
    SkipBad,
    comma_list,
)
from viseme.cli.progress import progress

NOISES = ("babble", "white", "pink", "music")

SEED = 0
"""Of the noise, and of the metrics' resampling for their intervals; nothing else is random."""


def command(
    model: Annotated[str, typer.Argument(help="A bundled model or a model folder.")],
    manifest: Annotated[Path, typer.Argument(help="What `viseme prepare` wrote.")],
    split: Annotated[
        list[str] | None, typer.Option(help="Splits; may be repeated.  [default: all]")
    ] = None,
    grammar: Grammar = None,
    beam: Beam = None,
    precision: Precision = "auto",
    batch_size: BatchSize = 8,
    device: Device = "auto",
    mode: Annotated[
        Literal["auto", "video", "audio", "av"] | None,
        typer.Option(
            help="What an audio-visual model reads: lips, voice or both.  [default: auto]"
        ),
    ] = None,
    noise: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST", help="Add noise: babble, white, pink, music.  [default: none]"
        ),
    ] = None,
    snr: Annotated[
        str, typer.Option(metavar="LIST", help="Levels of the noise, dB.")
    ] = "20,10,5,0,-5,-10",
    babble_split: Annotated[
        str, typer.Option(help="Split whose sound babble is mixed of.")
    ] = "val",
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="JSON file with all figures and how.")
    ] = None,
    skip_bad: SkipBad = False,
    quiet: Quiet = False,
) -> None:
    """Score a model on clips whose words are known.

    A recogniser gets error rates, a language model perplexities, each with its 95 % interval.
    """
    if quiet:
        be_quiet()
    noises, levels_db = _noises(noise or []), _levels_db(snr)

    from viseme.data.rejects import Reject, listed, rejects_beside, write_rejects
    from viseme.kinds.recogniser.conditions import conditions
    from viseme.models.kinds import KINDS, scores_of
    from viseme.verbs.evaluate import evaluate

    rejects: list[Reject] | None = [] if skip_bad else None
    how: dict[str, Any] = {"constraint": grammar, "beam": beam, "mode": mode}
    if noises:
        noisy = conditions(noises, levels_db, manifest, babble_split, SEED, skip_bad=skip_bad)
        how["conditions"] = noisy
    with progress("evaluating", quiet=quiet) as bar:
        report = evaluate(
            model,
            manifest,
            splits=comma_list(split) if split else None,
            precision=precision,
            device=device,
            rejects=rejects,
            on_progress=lambda clip, share: bar.report(share, 1, clip),
            batch_size=batch_size,
            **{name: value for name, value in how.items() if value is not None},
        )
    result(table(scores_of(KINDS[report["kind"]]).rows(report)))
    if rejects:
        say(f"{manifest}: left out: {listed(rejects)}")
    if output is not None:
        _write(output, manifest, report)
        if rejects is not None:
            write_rejects(rejects_beside(output), rejects)


def _write(output: Path, manifest: Path, report: Mapping[str, Any]) -> None:
    """All figures, and how they came about."""
    from viseme.files import atomic_write, sha256_of
    from viseme.provenance import provenance

    data = {"manifest": str(manifest), "sha256": sha256_of(manifest)}
    record = provenance(["viseme", *sys.argv[1:]])
    record |= {"seed": SEED, "data": data, "report": report}
    with atomic_write(output) as file:
        file.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    say(f"wrote {output}")


def _noises(values: list[str]) -> list[Any]:
    kinds = comma_list(values)
    if set(kinds) - set(NOISES):
        raise typer.BadParameter(f"choose of {', '.join(NOISES)}", param_hint="--noise")
    return kinds


def _levels_db(text: str) -> list[float]:
    try:
        return [float(item) for item in comma_list([text])]
    except ValueError as error:
        raise typer.BadParameter("give numbers such as 20,0,-5", param_hint="--snr") from error
