"""`viseme import` on the command line: what it hands to the verb, what it says, and where."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pretence import Stub, Viseme

from viseme.errors import ModelError


def report(file: Path, out: Path, **options: Any) -> SimpleNamespace:
    writes_ids = options["tokenizer"] is None
    return SimpleNamespace(
        model=out, source="auto_avsr", num_parameters=250_380_000, writes_ids=writes_ids
    )


def test_options_reach_the_verb_and_the_folder_is_the_result(viseme: Viseme, stub: Stub) -> None:
    call = stub("viseme.verbs.import_model.import_model", report)
    ran = viseme(
        *("import", "auto_avsr", "a.pth", "-o", "out", "--tokenizer", "u.model", "--partial"),
        *("--name", "mine", "--table", "ema"),
    )
    assert (ran.code, ran.out) == (0, "out\n")
    assert "250.38 M parameters" in ran.err
    assert "token ids" not in ran.err
    assert call.args == (Path("a.pth"), Path("out"))
    assert call.options == {
        "source": "auto_avsr",
        "tokenizer": Path("u.model"),
        "name": "mine",
        "partial": True,
        "table": "ema",
    }


def test_without_tokenizer_it_says_what_that_means(viseme: Viseme, stub: Stub) -> None:
    call = stub("viseme.verbs.import_model.import_model", report)
    ran = viseme("import", "auto", "a.pth", "--output", "out")
    assert (ran.code, ran.out) == (0, "out\n")
    assert "it writes token ids; --tokenizer FILE" in ran.err
    assert call.options is not None
    assert call.options["partial"] is False
    assert viseme("import", "auto", "a.pth", "-o", "out", "--quiet").err == ""


def test_a_checkpoint_of_no_use_is_an_error_without_a_traceback(viseme: Viseme, stub: Stub) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ModelError("does not fit:\n  2 missing:\n    a.*.b (2 times)\n", path="a.pth")

    stub("viseme.verbs.import_model.import_model", refuse)
    ran = viseme("import", "auto", "a.pth", "-o", "out")
    assert (ran.code, ran.out) == (1, "")
    assert "2 missing:\n    a.*.b (2 times)" in ran.err
    assert "Traceback" not in ran.err


def test_an_output_folder_is_needed(viseme: Viseme) -> None:
    assert viseme("import", "auto", "a.pth").code == 2
