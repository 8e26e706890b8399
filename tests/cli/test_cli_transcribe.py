"""The contract of `viseme transcribe`: what goes where, and what the exit code says."""

import json
from pathlib import Path
from typing import Any

import pytest
from pretence import Call, Stub, Viseme

from viseme.errors import ModelError
from viseme.text.subtitles import FORMATS

FIELDS = [
    "path",
    "text",
    "words",
    "confidence",
    "mode",
    "model",
    "duration_s",
    "rtf",
    "warnings",
    "error",
]


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder of files that only have names."""
    for name in (
        "red.mp4",
        "sub/blue.MKV",
        "sub/bad.webm",
        "notes.txt",
        ".hidden.mp4",
        "voice.wav",
    ):
        (tmp_path / "clips" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clips" / name).touch()
    return tmp_path / "clips"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["a.mp4"], 0),
        (["a.mp4", "b.mp4"], 0),
        (["a.mp4", "bad.mp4"], 1),
        (["bad.mp4"], 2),
        (["bad.mp4", "bad2.mp4"], 2),
    ],
)
def test_exit_code(viseme: Viseme, transcribing: Call, names: list[str], code: int) -> None:
    assert viseme("transcribe", *names).code == code


def test_one_file_gives_the_bare_text(viseme: Viseme, transcribing: Call) -> None:
    ran = viseme("transcribe", "red.mp4")
    assert ran.out == "bin red\n"
    assert ran.err == "viseme: red.mp4: dark picture\n"


def test_several_files_give_a_line_each(viseme: Viseme, transcribing: Call) -> None:
    ran = viseme("transcribe", "red.mp4", "bad.mp4", "x/blue.mp4", "--quiet")
    assert ran.out == "red.mp4\tbin red\nx/blue.mp4\tbin blue\n"
    assert ran.err == "viseme: bad.mp4: cannot be read. Record it again.\n"


def test_one_file_in_a_format_of_choice(viseme: Viseme, transcribing: Call) -> None:
    ran = viseme("transcribe", "red.mp4", "--format", "srt")
    assert ran.out.startswith("1\n00:00:00,100 --> ")


def test_json_lines(viseme: Viseme, transcribing: Call) -> None:
    ran = viseme("transcribe", "red.mp4", "bad.mp4", "--jsonl", "-")
    good, bad = map(json.loads, ran.out.splitlines())
    assert list(good) == list(bad) == FIELDS
    assert good["words"][0] == {"word": "bin", "start_s": 0.1, "end_s": 0.4, "confidence": 0.75}
    assert (good["text"], good["error"], good["warnings"]) == ("bin red", None, ["dark picture"])
    assert (bad["path"], bad["text"]) == ("bad.mp4", "")
    assert "cannot be read" in bad["error"]


def test_json_lines_in_a_file(viseme: Viseme, transcribing: Call, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("of an earlier batch\n")
    ran = viseme("transcribe", "gr\udcfcn.mp4", "red.mp4", "--jsonl", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["gr\udcfcn.mp4", "red.mp4"]
    assert (ran.code, ran.out) == (0, "")


def test_files_of_a_folder(viseme: Viseme, transcribing: Call, clips: Path, tmp_path: Path) -> None:
    ran = viseme("transcribe", clips, "--output-dir", tmp_path / "new" / "out", "--jsonl", "-")
    written = {path.name for path in (tmp_path / "new" / "out").iterdir()}
    formats = ["txt", "srt", "vtt", "tsv", "json"]
    expected = {f"{stem}.{format}" for stem in ("red", "blue", "voice") for format in formats}
    assert written == expected | {"bad.json"}, "a failed file leaves the reason alone"
    assert (ran.code, len(ran.out.splitlines())) == (1, 4)


def test_every_format_is_written(viseme: Viseme, transcribing: Call, tmp_path: Path) -> None:
    ran = viseme("transcribe", "a.mp4", "--output-dir", tmp_path, "--format", ",".join(FORMATS))
    assert {path.name for path in tmp_path.iterdir()} == {f"a.{format}" for format in FORMATS}
    record = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (list(record), ran.out) == (FIELDS, "")


def test_options_reach_the_verb(viseme: Viseme, transcribing: Call) -> None:
    options = (
        "--model m --mode video --device cpu --beam 4 --ctc-weight 0.2 --lm n --lm-weight 0.4 "
        "--precision bfloat16 --batch-size 2 --grammar grid --face 1 --audio-track eng"
    )
    assert viseme("transcribe", "a.mp4", *options.split()).code == 0
    assert transcribing.options is not None
    del transcribing.options["on_progress"]
    assert transcribing.args == ([Path("a.mp4")],)
    assert transcribing.options == {
        "model": "m",
        "mode": "video",
        "device": "cpu",
        "beam": 4,
        "ctc_weight": 0.2,
        "language_model": "n",
        "lm_weight": 0.4,
        "precision": "bfloat16",
        "batch_size": 2,
        "constraint": "grid",
        "select": 1,
        "audio_track": "eng",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["a.mp4", "--format", "docx"], "choose of txt, srt"),
        (["a.mp4", "--format", ","], "choose of txt, srt"),
        (["a.mp4", "--format", "srt,vtt"], "several need --output-dir"),
        (["a.mp4", "b.mp4", "--format", "srt"], "of several files needs --output-dir"),
        (["a.mp4", "--format", "srt", "--jsonl", "-"], "beside --jsonl needs --output-dir"),
        (["a.mp4", "--mode", "smell"], "--mode"),
        (["a.mp4", "--device", "abacus"], "--device"),
        (["a.mp4", "--beam", "0"], "--beam"),
        (["a.mp4", "--ctc-weight", "2"], "--ctc-weight"),
        (["a.mp4", "--precision", "int4"], "--precision"),
        (["a.mp4", "--face", "smallest"], "choose largest, speaking or a number"),
        (["a.mp4", "--batchsize", "3"], "--batch-size"),
    ],
)
def test_usage_errors(
    viseme: Viseme, transcribing: Call, arguments: list[str], message: str
) -> None:
    ran = viseme("transcribe", *arguments)
    assert (ran.code, ran.out, transcribing.options) == (2, "", None)
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("argument", ["empty", "empty/*.mp4", "none.jsonl"])
def test_an_argument_that_stands_for_nothing(
    viseme: Viseme, transcribing: Call, tmp_path: Path, argument: str
) -> None:
    (tmp_path / "empty").mkdir()
    ran = viseme("transcribe", tmp_path / argument)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert str(tmp_path) in ran.err


def test_nothing_is_read_without_a_model(viseme: Viseme, stub: Stub, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ModelError("there is no model 'x'", todo="Choose another.")

    stub("viseme.verbs.transcribe.transcribe_files", refuse)
    lines = tmp_path / "earlier.jsonl"
    lines.write_text("{}\n")
    ran = viseme("transcribe", "a.mp4", "--model", "x", "--jsonl", lines)
    assert lines.read_text() == "{}\n", "what an earlier batch wrote is kept"
    assert (ran.code, ran.err) == (2, "viseme: there is no model 'x'. Choose another.\n")
