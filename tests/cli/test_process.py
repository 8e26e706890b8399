"""The command as a process of its own: how fast it answers, and how it meets the shell."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import viseme

MAX_HELP_S = 0.4
NUM_RUNS = 3
FOREIGN = {"typer", "annotated_doc", "shellingham"}
"""All packages of others that `--help` loads; the first needs the rest."""

OWN = {"viseme", "viseme.cli", "viseme.errors", "viseme.files", "viseme.text"}
"""All of our packages and modules outside `viseme.cli` and `viseme.text` that `--help` loads."""

SLOW_STANDARD = {"asyncio", "ctypes", "email", "http", "importlib.metadata", "multiprocessing"}
SLOW_STANDARD |= {"tarfile", "tempfile", "unittest", "xml", "zipfile"}

PRETENDING = dedent("""
    import sys, types, time
    from viseme.text.transcript import Transcript

    def transcribe_files(paths, **options):
        for path in paths:
            if path.name == "slow":
                print("waiting", file=sys.stderr, flush=True)
                time.sleep(60)
            yield Transcript(str(path), "text " * 2000)

    stub = types.ModuleType("viseme.verbs.transcribe")
    stub.transcribe_files = transcribe_files
    sys.modules[stub.__name__] = stub
    from viseme.cli import main
    main()
""")

HELP = """
from viseme.cli import main
try:
    main()
except SystemExit:
    pass
"""


def environment() -> dict[str, str]:
    """One in which a process finds this very package."""
    source = str(Path(viseme.__file__).parents[1])
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path}


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """`viseme` with a pretended transcription; arguments as on the command line."""
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", PRETENDING, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def cpu_s(arguments: list[str]) -> float:
    """Processor time of `python -m viseme`; the wall clock would measure what else runs here."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "viseme", *arguments]
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize("arguments", [["--help"], ["transcribe", "--help"]])
def test_help_is_quick(arguments: list[str]) -> None:
    assert min(cpu_s(arguments) for _ in range(NUM_RUNS)) < MAX_HELP_S


def modules_after(code: str, *arguments: str) -> set[str]:
    """What a new process has loaded when `code` has run."""
    code = f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["transcribe", "--help"]])
def test_help_loads_little(arguments: list[str]) -> None:
    """By name, not by time, which on a busy machine says nothing of the cause."""
    loaded = modules_after(HELP, *arguments) - modules_after("pass")
    assert "viseme.cli.transcribe" in loaded
    packages = {name.partition(".")[0] for name in loaded}
    assert packages - sys.stdlib_module_names - {"viseme"} <= FOREIGN
    own = {name for name in loaded if name.startswith("viseme")}
    assert {n for n in own if not n.startswith(("viseme.cli.", "viseme.text."))} <= OWN
    assert "viseme.cli.checks" not in loaded
    assert not loaded & SLOW_STANDARD


def test_an_error_has_no_traceback() -> None:
    command = [sys.executable, "-m", "viseme", "transcribe", "gone.jsonl"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "viseme: gone.jsonl: no such manifest. Make one with `viseme prepare`.\n"


def test_a_reader_that_leaves() -> None:
    """As in `viseme transcribe * | head -1`."""
    with start("transcribe", *(f"{number}.mp4" for number in range(100))) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("0.mp4\ttext")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_ctrl_c() -> None:
    with start("transcribe", "slow") as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "viseme: interrupted\n"
    assert process.returncode == 130


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_closed_streams(closed: int) -> None:
    with start("transcribe", "a.mp4", preexec_fn=lambda: os.close(closed)) as process:
        out, err = process.communicate()
    assert process.returncode == 0
    assert (len(out) > 1000, err) == (closed != 1, "")
