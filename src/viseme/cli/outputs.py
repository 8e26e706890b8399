"""Where transcripts go: to stdout as text, to a folder as files, to a stream as JSON lines."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from viseme.cli.console import result
from viseme.files import atomic_write, naming_output
from viseme.text import subtitles
from viseme.text.transcript import Transcript

Sink = Callable[[int, Transcript], None]
"""Takes the transcript of the file with this number, from 0 on in order."""

STDOUT = "-"


def text_sink(num_files: int, format: str) -> Sink:
    """Prints what was read; of several files one line each, after the file's name and a tab."""

    def write(_: int, transcript: Transcript) -> None:
        if transcript.error is None:
            content = subtitles.render(transcript, format).rstrip("\n")
            result(content if num_files == 1 else f"{transcript.path}\t{content}")

    return write


def folder_sink(folder: Path, files: Sequence[Path], formats: Sequence[str]) -> Sink:
    """Writes a file per format; of a failed recording only the record that says why (json).

    The files of one recording appear together or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = output_names(files)

    def write(index: int, transcript: Transcript) -> None:
        with ExitStack() as stack:
            for format in formats:
                if transcript.error is None or format == "json":
                    path = folder / f"{names[index]}.{format}"
                    file = stack.enter_context(atomic_write(path))
                    file.write(subtitles.render(transcript, format))
                    file.flush()  # a full disk is to be met before the first file has its name

    return write


@contextmanager
def jsonl_sink(target: str) -> Iterator[Sink]:
    """Writes a JSON line per recording to a file or, for "-", to stdout.

    The file grows line by line rather than appearing at the end: a batch of hours that is
    interrupted keeps what it has done. What an earlier one wrote there goes with the first line.
    """
    if target == STDOUT:
        yield lambda _, transcript: result(_json_line(transcript))
        return
    with Path(target).open("a", encoding="utf-8", errors="backslashreplace", buffering=1) as file:

        def write(index: int, transcript: Transcript) -> None:
            with naming_output(target):
                if index == 0:
                    file.truncate(0)
                file.write(f"{_json_line(transcript)}\n")

        yield write


def output_names(files: Sequence[Path]) -> list[PurePosixPath]:
    """A name for the results of every file: its stem, or as much more as tells it from the others.

    `a.mp4` and `a.avi` keep their suffix, which gives `a.mp4.srt` and `a.avi.srt`; equal names in
    two folders keep their folder as well, as `x/a.mp4.srt`. Letter case alone tells nothing apart,
    because it does not on every disk. The files must differ from each other.
    """
    longest = [len(file.resolve().parts) - 1 for file in files]
    num_parts = [0] * len(files)  # 0 stands for the stem
    while True:
        names = [_name(file, count) for file, count in zip(files, num_parts, strict=True)]
        counts = Counter(str(name).casefold() for name in names)
        clashes = [
            index
            for index, name in enumerate(names)
            if counts[str(name).casefold()] > 1 and num_parts[index] < longest[index]
        ]
        if not clashes:
            return names
        for index in clashes:
            num_parts[index] += 1


def _name(file: Path, num_parts: int) -> PurePosixPath:
    return PurePosixPath(*file.resolve().parts[-num_parts:] if num_parts else [file.stem])


def _json_line(transcript: Transcript) -> str:
    return json.dumps(transcript.as_dict(), ensure_ascii=False)
