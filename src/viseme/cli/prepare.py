"""`viseme prepare`: from a raw corpus to one that can be trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from viseme.cli.console import be_quiet, result, say, table
from viseme.cli.options import AudioTrack, Quiet, SkipBad, comma_list
from viseme.cli.progress import progress

if TYPE_CHECKING:
    from viseme.data.prepare import PrepareReport

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
    split: Annotated[
        str | None,
        typer.Option(
            metavar="TRAIN,VAL,TEST",
            help="Deal these percentages to clips that have no split, such as 90,5,5.",
        ),
    ] = None,
    by: Annotated[
        Literal["clip", "speaker", "folder"],
        typer.Option(help="What --split keeps together in one split."),
    ] = "clip",
    writing: Annotated[
        Literal["keep", "viseme", "auto_avsr"],
        typer.Option(
            help="Texts as they are; in lower case without marks, numbers in words; or in upper "
            "case without marks, digits."
        ),
    ] = "keep",
    cut: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Cut more than mouth and sound: face:128, head:256 (any even size), sound:24000, "
            "mel:16000, mel:24000; may be repeated.",
        ),
    ] = None,
    skip_bad: SkipBad = False,
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
    if split is None and by != "clip":
        raise typer.BadParameter("needs --split", param_hint="--by")
    if quiet:
        be_quiet()

    from viseme.data.clip_content import PrepareConfig
    from viseme.data.cuts import parse_cuts
    from viseme.data.prepare import Progress, prepare
    from viseme.data.splits import parse_shares

    cuts = parse_cuts(comma_list(cut or []))
    with progress("preparing", "clip", quiet) as bar:

        def on_progress(now: Progress) -> None:
            bar.report(now.done, now.total, f"{now.rejected} rejected")

        report = prepare(
            source,
            out,
            corpus=corpus,
            skip_bad=skip_bad,
            shares=None if split is None else parse_shares(split, by),
            writing=None if writing == "keep" else writing,
            workers=workers,
            resume=resume,
            min_acceptance=min_acceptance,
            config=PrepareConfig(audio_track=audio_track, cuts=cuts),
            on_progress=on_progress,
        )
    result(table(_rows(report)))
    if not report.is_enough:
        say(_too_few(report))
    return 0 if report.is_enough else TOO_FEW


def _too_few(report: "PrepareReport") -> str:
    return (
        f"only {report.acceptance_rate:.0%} of the clips are usable, "
        f"{report.min_acceptance:.0%} are wanted; see {report.out / 'rejects.jsonl'}"
    )


def _rows(report: "PrepareReport") -> list[tuple[str, str]]:
    rows = [("accepted", str(report.accepted)), ("rejected", str(report.rejected))]
    rows += [(f"  {code}", str(count)) for code, count in report.reasons.items()]
    rows += [(f"split {split}", str(count)) for split, count in report.splits.items()]
    rows += [("hours", f"{report.hours:.3g}"), ("manifest", str(report.out / "manifest.jsonl"))]
    return rows
