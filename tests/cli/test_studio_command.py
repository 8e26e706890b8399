"""`viseme studio`: what it hands to the library, and what it prints."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pretence import Call, Viseme

from viseme.studio.corpus import CorpusReport, Progress
from viseme.studio.statistics import Statistics


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Pretends to render."""
    call = Call()

    def render_corpus(*args: Any, on_progress: Any, **options: Any) -> CorpusReport:
        call.args, call.options = args, options
        on_progress(Progress(takes=1, expected=4, resumed=0))
        whole = Statistics(40, 120, 0.125, 12, 9, 300, 80, ("en",))
        return CorpusReport(args[2], {"all": whole}, rendered=40, resumed=0)

    monkeypatch.setattr(import_module("viseme.studio.corpus"), "render_corpus", render_corpus)
    return call


def test_studio(viseme: Viseme, studio: Call) -> None:
    options = "--preset lrs --hours 0.5 --out here --seed 3 --size 96 --head drawn --workers 2"
    ran = viseme("studio", *options.split(), "--difficulty", 0.5)
    assert studio.args == ("lrs", 0.5, Path("here"))
    assert studio.options == {
        "seed": 3,
        "size_px": 96,
        "head": "drawn",
        "difficulty": 0.5,
        "workers": 2,
    }
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["SPLIT", "TAKES", "CLIPS", "HOURS", "PEOPLE", "VOICES", "WORDS"]
    assert lines[1].split() == ["all", "40", "120", "0.125", "12", "9", "300"]
    assert lines[-1].split() == ["manifest", str(Path("here/manifest.jsonl"))]


def test_what_it_does_unless_told(viseme: Viseme, studio: Call) -> None:
    viseme("studio", "--preset", "grid", "--hours", 1, "--out", "here")
    assert studio.options == {
        "seed": 0,
        "size_px": 128,
        "head": "mesh",
        "difficulty": None,
        "workers": None,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        "--preset grid --hours 1",
        "--hours 1 --out here",
        "--preset grid --hours 1 --out here --head bust",
        "--preset grid --hours 1 --out here --workers 0",
    ],
)
def test_usage_errors(viseme: Viseme, studio: Call, arguments: str) -> None:
    ran = viseme("studio", *arguments.split())
    assert (ran.code, studio.options) == (2, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--preset tv --hours 1", "no preset 'tv'"),
        ("--preset grid --hours 0", "hours is 0"),
        ("--preset grid --hours 1 --size 1024", "size_px is 1024"),
    ],
)
def test_errors_are_one_line(viseme: Viseme, tmp_path: Path, arguments: str, message: str) -> None:
    ran = viseme("studio", *arguments.split(), "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert "Traceback" not in ran.err
