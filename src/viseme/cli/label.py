"""`viseme label`: texts for clips without, by a model or somebody else's recogniser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from viseme.cli.console import be_quiet, result, table
from viseme.cli.options import AudioTrack, Device, Grammar, Quiet, SkipBad
from viseme.cli.progress import progress

if TYPE_CHECKING:
    from viseme.verbs.label import LabelReport

SOME_FAILED, ALL_FAILED = 1, 2


def command(
    manifest: Annotated[Path, typer.Argument(help="Clips; `viseme prepare` writes such lists.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The manifest to write.")],
    labeller: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="pocketsphinx, whisper-base, whisper-tiny.en, whisper:FOLDER, or a model of ours.",
        ),
    ] = None,
    align: Annotated[
        bool, typer.Option("--align", help="Instead, find word times of texts that are there.")
    ] = False,
    grammar: Grammar = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="What should be spoken.  [default: as each row says]"),
    ] = None,
    writing: Annotated[
        Literal["viseme", "auto_avsr"],
        typer.Option(help="viseme: lower case, numbers in words; auto_avsr: upper case, digits."),
    ] = "viseme",
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Take no text that is less sure.")
    ] = 0.0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.  [default: one per core]")
    ] = None,
    audio_track: AudioTrack = None,
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Keep what an earlier run has done.")
    ] = True,
    skip_bad: SkipBad = False,
    quiet: Quiet = False,
) -> int:
    """Write down what is said in clips that have no text.

    Clips that cannot be labelled are left out, and listed beside the new manifest with the reason.

    Exit status: 0 all clips were labelled, 1 some failed, 2 all failed.
    """
    if (labeller is None) != align:
        raise typer.BadParameter("give either this or --align", param_hint="--labeller")
    if align and (grammar or language or min_confidence or writing != "viseme"):
        raise typer.BadParameter("texts that are there stay as they are", param_hint="--align")
    if quiet:
        be_quiet()

    from viseme.data.prepare import Progress
    from viseme.labelling.aligner import Aligner
    from viseme.labelling.annotator import Annotator
    from viseme.labelling.transcriber import LabelConfig, Transcriber
    from viseme.verbs.label import label
    from viseme.verbs.label.labellers import find_labeller

    config = LabelConfig(language, writing, min_confidence=min_confidence, audio_track=audio_track)
    annotator: Annotator = Aligner(audio_track)
    if labeller is not None:
        annotator = Transcriber(find_labeller(labeller, grammar, device), config)
    with progress("labelling", "clip", quiet) as bar:

        def on_progress(now: Progress) -> None:
            bar.report(now.done, now.total, f"{now.rejected} rejected")

        report = label(
            manifest,
            out,
            annotator,
            skip_bad=skip_bad,
            workers=workers,
            resume=resume,
            on_progress=on_progress,
        )
    result(table(_rows(report, align)))
    if not report.rejected:
        return 0
    return SOME_FAILED if report.annotated else ALL_FAILED


def _rows(report: "LabelReport", align: bool) -> list[tuple[str, str]]:
    rows = [("aligned" if align else "labelled", str(report.annotated))]
    if report.confidence is not None and not align:
        rows.append(("confidence", f"{report.confidence:.3f}"))
    rows += [("untouched", str(report.untouched)), ("rejected", str(report.rejected))]
    rows += [(f"  {code}", str(count)) for code, count in report.reasons.items()]
    rows.append(("manifest", str(report.out)))
    if report.rejected:
        rows.append(("rejects", str(report.rejects)))
    return rows
