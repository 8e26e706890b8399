"""`viseme prepare`: from a raw corpus to one that can be trained on."""

from pathlib import Path
from typing import Annotated

import typer

from viseme.cli.console import be_quiet, result, say, table
from viseme.cli.options import AudioTrack, Quiet
from viseme.cli.progress import progress

TOO_FEW = 1


def command(
    source: Annotated[Path, typer.Argument(help="Folder of videos, corpus folder or manifest.")],
    out: Annotated[Path, typer.Argument(help="Folder to fill; a half-filled one is completed.")],
    corpus: Annotated[
        str,
        typer.Option(
            help="How to read a folder without a manifest: folder, grid, lrs2, lrs3, voxceleb2, "
            "avspeech; docs/corpora.md has the others."
        ),
    ] = "folder",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.  [default: one per core]")
    ] = None,
    min_acceptance: Annotated[
        float, typer.Option(min=0, max=1, help="Fail when a smaller share of clips is usable.")
    ] = 0.5,
    audio_track: AudioTrack = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Keep what an earlier run has done.")
    ] = True,
    quiet: Quiet = False,
) -> int:
    """Make a corpus fit to train on.

    Cuts mouth crops and sound out of its clips, and lists those that are of no use and why.

    Exit status: 0, or 1 if too few clips are usable.
    """
    if quiet:
        be_quiet()

    from viseme.data.clip_content import PrepareConfig
    from viseme.data.prepare import Progress, prepare

    with progress("preparing", "clip", quiet) as bar:

        def on_progress(now: Progress) -> None:
            bar.report(now.done, now.total, f"{now.rejected} rejected")

        report = prepare(
            source,
            out,
            corpus=corpus,
            workers=workers,
            resume=resume,
            min_acceptance=min_acceptance,
            config=PrepareConfig(audio_track=audio_track),
            on_progress=on_progress,
        )
    rows = [("accepted", str(report.accepted)), ("rejected", str(report.rejected))]
    rows += [(f"  {code}", str(count)) for code, count in report.reasons.items()]
    rows += [(f"split {split}", str(count)) for split, count in report.splits.items()]
    rows += [("hours", f"{report.hours:.3g}"), ("manifest", str(report.out / "manifest.jsonl"))]
    result(table(rows))
    if report.is_enough:
        return 0
    say(
        f"only {report.acceptance_rate:.0%} of the clips are usable, "
        f"{report.min_acceptance:.0%} are wanted; see {report.out / 'rejects.jsonl'}"
    )
    return TOO_FEW
