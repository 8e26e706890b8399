"""`viseme transcribe`: from files to text, subtitles and JSON."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from viseme.cli.console import be_quiet, say
from viseme.cli.inputs import expand
from viseme.cli.options import (
    DEFAULT_MODEL,
    AudioTrack,
    BatchSize,
    Beam,
    Device,
    Grammar,
    Model,
    Precision,
    Quiet,
    comma_list,
)
from viseme.cli.outputs import Sink, folder_sink, jsonl_sink, text_sink
from viseme.cli.progress import Progress, progress
from viseme.text.subtitles import FORMATS
from viseme.text.transcript import Transcript

DEFAULT_FORMATS = "txt,srt,vtt,tsv,json"
SOME_FAILED, ALL_FAILED = 1, 2


Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="Video or audio files, folders, patterns or manifests."),
]
OutputDir = Annotated[
    Path | None, typer.Option(file_okay=False, help="Write files there instead of printing.")
]
Formats = Annotated[
    str | None, typer.Option(metavar="LIST", help=f"Of {', '.join(FORMATS)}; comma-separated.")
]
Mode = Annotated[
    Literal["auto", "video", "audio", "av"], typer.Option(help="Read lips, voice or both.")
]
CtcWeight = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Share of CTC; 1 is CTC alone.  [default: the model's]"),
]
LanguageModel = Annotated[
    str | None, typer.Option("--lm", metavar="FOLDER", help="Language model of the same units.")
]
LmWeight = Annotated[
    float | None,
    typer.Option(min=0, help="Weight of the language model.  [default: the model's, or 0.3]"),
]
JsonLines = Annotated[
    str | None, typer.Option(metavar="FILE", help="A JSON line for every file; - is stdout.")
]
Face = Annotated[
    str,
    typer.Option(metavar="largest|speaking|INDEX", help="Whose lips; INDEX counts from the left."),
]


def command(
    files: Files,
    model: Model = DEFAULT_MODEL,
    output_dir: OutputDir = None,
    format: Formats = None,
    mode: Mode = "auto",
    device: Device = "auto",
    beam: Beam = None,
    ctc_weight: CtcWeight = None,
    lm: LanguageModel = None,
    lm_weight: LmWeight = None,
    precision: Precision = "auto",
    batch_size: BatchSize = 8,
    jsonl: JsonLines = None,
    grammar: Grammar = None,
    face: Face = "largest",
    audio_track: AudioTrack = None,
    quiet: Quiet = False,
) -> int:
    """Print what is said in recordings.

    It is read from the lips, the voice or both; a folder stands for the recordings in it.

    Exit status: 0 all files were read, 1 some failed, 2 all failed.
    """
    formats, select = _formats(format, output_dir), _face(face)
    if format and jsonl and output_dir is None:
        raise typer.BadParameter("beside --jsonl needs --output-dir", param_hint="--format")
    if quiet:
        be_quiet()
    inputs = expand(files)
    if output_dir is None and len(inputs) > 1 and formats != ["txt"]:
        raise typer.BadParameter("of several files needs --output-dir", param_hint="--format")

    from viseme.verbs.transcribe import transcribe_files

    with ExitStack() as stack:
        sinks = _sinks(inputs, output_dir, formats, jsonl, stack)
        bar = stack.enter_context(progress("reading", "file", quiet))
        share_done = _ShareDone(inputs, bar)
        transcripts = transcribe_files(
            inputs,
            model=model,
            mode=mode,
            beam=beam,
            ctc_weight=ctc_weight,
            language_model=lm,
            lm_weight=lm_weight,
            precision=precision,
            batch_size=batch_size,
            device=device,
            select=select,
            constraint=grammar,
            audio_track=audio_track,
            on_progress=share_done,
        )
        num_failed = 0
        for index, transcript in enumerate(transcripts):
            share_done(transcript.path, 1.0)
            num_failed += transcript.error is not None
            _comment(transcript, quiet)
            with bar.paused():
                for sink in sinks:
                    sink(index, transcript)
    if num_failed == 0:
        return 0
    return ALL_FAILED if num_failed == len(inputs) else SOME_FAILED


class _ShareDone:
    """Adds up the shares that are done of all files, which may advance side by side."""

    def __init__(self, files: Sequence[Path], bar: Progress) -> None:
        self._shares = dict.fromkeys(map(str, files), 0.0)
        self._bar = bar

    def __call__(self, file: str, share: float) -> None:
        self._shares[file] = share
        self._bar.report(sum(self._shares.values()), len(self._shares), Path(file).name)


def _formats(text: str | None, output_dir: Path | None) -> list[str]:
    formats = comma_list([text or (DEFAULT_FORMATS if output_dir else "txt")])
    unknown = [format for format in formats if format not in FORMATS]
    if unknown or not formats:
        raise typer.BadParameter(f"choose of {', '.join(FORMATS)}", param_hint="--format")
    if output_dir is None and len(formats) > 1:
        raise typer.BadParameter("several need --output-dir", param_hint="--format")
    return formats


def _face(text: str) -> int | Literal["largest", "speaking"]:
    match text:
        case "largest" | "speaking":
            return text
        case _ if text.isdecimal():
            return int(text)
    raise typer.BadParameter("choose largest, speaking or a number", param_hint="--face")


def _sinks(
    files: Sequence[Path],
    output_dir: Path | None,
    formats: Sequence[str],
    jsonl: str | None,
    stack: ExitStack,
) -> list[Sink]:
    sinks = []
    if output_dir is not None:
        sinks.append(folder_sink(output_dir, files, formats))
    if jsonl is not None:
        sinks.append(stack.enter_context(jsonl_sink(jsonl)))
    return sinks or [text_sink(len(files), formats[0])]


def _comment(transcript: Transcript, quiet: bool) -> None:
    """Say what went wrong with a file, and unless `quiet` what is remarkable about it."""
    if transcript.error is not None:
        where = "" if transcript.path in transcript.error else f"{transcript.path}: "
        say(f"{where}{transcript.error}")
    elif not quiet:
        for warning in transcript.warnings:
            say(f"{transcript.path}: {warning}")
