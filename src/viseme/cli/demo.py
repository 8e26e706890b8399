"""`viseme demo`: see it work on one clip."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from viseme.cli.console import result, say, table
from viseme.cli.options import DEFAULT_MODEL, Device, Model

if TYPE_CHECKING:
    from viseme.verbs.demo import DemoReport


def command(
    clip: Annotated[Path | None, typer.Option(dir_okay=False, help="A video of your own.")] = None,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the files.")] = Path(
        "demo"
    ),
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """See it work on one clip.

    Reads the lips in it, and draws into a copy of it what was seen and read.
    """
    from viseme.verbs.demo import demo

    say("reading a clip; this takes some seconds")
    for part in describe(demo(clip, out, model=model, device=device)):
        result(part)


def describe(report: "DemoReport") -> list[str]:
    """The report as tables: the whole, the words, the files."""
    read = report.transcript
    whole = [("clip", str(report.clip))]
    whole += [("said", report.said)] if report.said else []
    whole += [
        ("read", read.text or "(nothing readable)"),
        ("confidence", f"{read.confidence:.0%}"),
        ("real-time factor", f"{read.rtf:.2f} ({read.duration_s:.1f} s of video)"),
    ]
    whole += [("remark", warning) for warning in read.warnings]
    words = [("WORD", "START", "END", "CONFIDENCE")]
    words += [
        (word.word, f"{word.start_s:.2f} s", f"{word.end_s:.2f} s", f"{word.confidence:.0%}")
        for word in read.words
    ]
    files = [
        ("subtitles", str(report.subtitles)),
        ("record", str(report.record)),
        ("video", str(report.video)),
        ("picture", str(report.still)),
    ]
    return [table(whole), "", table(words), "", table(files)]
