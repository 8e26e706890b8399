"""The other commands: what they hand to the library, print and return."""

import hashlib
import json
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pretence import Call, Stub, Viseme, transcript_of

from viseme import assets, models
from viseme.cli.models import summary
from viseme.data.clip_content import PrepareConfig
from viseme.data.rejects import Reject
from viseme.data.splits import Shares
from viseme.errors import AssetError, ConfigError


def test_version(viseme: Viseme) -> None:
    ran = viseme("--version")
    assert (ran.code, ran.out) == (0, "viseme 0.1.0\n")


@pytest.mark.parametrize("arguments", [["transmogrify"], ["doctor", "--fast"], ["prepare", "x"]])
def test_usage_errors(viseme: Viseme, arguments: list[str]) -> None:
    ran = viseme(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


@pytest.fixture
def training(stub: Stub) -> Call:
    def train(*_: Any, **__: Any) -> SimpleNamespace:
        sys.stdout.write("chatter of a library\n")
        return SimpleNamespace(model=Path("runs/x/model"), figures={"wer": 0.04321})

    return stub("viseme.verbs.train.train", train)


def test_train(viseme: Viseme, training: Call) -> None:
    arguments = "auto_avsr --preset grid --modality video --manifest m.jsonl --split a,b --split c"
    ran = viseme("train", *arguments.split(), "--loop.epochs", 3, "--model.mask-padding=no")
    assert training.args == ("auto_avsr", [Path("m.jsonl")], Path("runs/auto_avsr-grid-video"))
    assert training.options == {
        "preset": "grid",
        "settings": {
            "loop.epochs": "3",
            "model.mask_padding": "no",
            "model.modality": "video",
        },
        "train_splits": ["a", "b", "c"],
        "val_split": "val",
        "skip_bad": False,
        "device": "auto",
    }
    assert (ran.code, ran.out) == (0, "runs/x/model\n")
    assert ran.err == "chatter of a library\nviseme: val wer 0.04321\n"


def test_train_takes_the_manifest_from_the_environment(
    viseme: Viseme, training: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISEME_MANIFEST", "all.jsonl")
    viseme("train", "auto_avsr", "--preset", "grid", "--out", "here", "--optim.rate", "-1")
    assert training.args == ("auto_avsr", [Path("all.jsonl")], Path("here"))
    assert training.options is not None
    assert training.options["settings"] == {"optim.rate": "-1"}


def test_train_takes_several_manifests(viseme: Viseme, training: Call) -> None:
    viseme("train", "auto_avsr", "--preset", "grid", "--manifest", "a", "--manifest", "b")
    assert training.args == ("auto_avsr", [Path("a"), Path("b")], Path("runs/auto_avsr-grid"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "viseme prepare"),
        (["--loop.epoch", "3"], "Did you mean loop.epochs"),
        (["--model.dim", "wide"], "setting model.dim must be a whole number"),
    ],
)
def test_train_tells_wrong_settings_before_a_missing_manifest(
    viseme: Viseme, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.delenv("VISEME_MANIFEST", raising=False)
    ran = viseme("train", "auto_avsr", "--preset", "grid", *options)
    assert (ran.code, message in ran.err) == (1, True)
    ran = viseme("train", "auto_avsr", "--preset", "gird", *options)
    assert "there is no preset 'gird'. Choose one of: ci, grid" in ran.err
    assert "no system is called" in viseme("train", "auto", "--preset", "grid").err


def test_the_help_of_train_explains_the_system_that_is_named(viseme: Viseme) -> None:
    plain = viseme("train", "--help")
    assert (plain.code, "--loop.seed" in plain.out) == (0, False)
    of_system = viseme("train", "auto_avsr", "--help").out
    assert "--loop.epochs 2\n" in of_system
    assert "passes over the training clips. [a whole number; default 75]" in of_system
    assert "GRID, 800 clips" in of_system
    assert "--loop.epochs 80\n" in viseme("train", "auto_avsr", "--preset", "grid", "-h").out
    assert "LRS3, 433 h; not run here" in viseme("train", "raven", "--help").out


def test_systems(viseme: Viseme) -> None:
    ran = viseme("systems")
    assert ran.code == 0
    assert "auto_avsr: Auto-AVSR (arXiv 2303.14307)" in ran.out
    assert " 250.38 M  LRS3" in ran.out
    assert "language model: scores texts" in ran.out


@pytest.mark.parametrize("extra", [["more"], ["--loop.epochs"], ["--loop.epochs", "--x", "1"]])
def test_train_refuses_what_is_no_setting(viseme: Viseme, training: Call, extra: list[str]) -> None:
    ran = viseme("train", "auto_avsr", "--preset", "grid", "--manifest", "m", *extra)
    assert (ran.code, training.options) == (2, None)


def prepare_report(out: Path, accepted: int, rejected: int) -> SimpleNamespace:
    rate = accepted / (accepted + rejected)
    return SimpleNamespace(
        out=out,
        accepted=accepted,
        rejected=rejected,
        reasons={"no_face": rejected},
        splits={"train": accepted},
        hours=0.25,
        min_acceptance=0.5,
        acceptance_rate=rate,
        is_enough=rate >= 0.5,
    )


@pytest.mark.parametrize(("accepted", "code"), [(3, 0), (1, 1)])
def test_prepare(viseme: Viseme, monkeypatch: pytest.MonkeyPatch, accepted: int, code: int) -> None:
    call = Call()

    def prepare(*args: Any, on_progress: Any, **options: Any) -> SimpleNamespace:
        call.args, call.options = args, options
        on_progress(SimpleNamespace(done=1, total=4, rejected=1))
        return prepare_report(args[1], accepted, 4 - accepted)

    monkeypatch.setattr(import_module("viseme.data.prepare"), "prepare", prepare)
    options = ["--corpus", "grid", "--workers", 2, "--no-resume", "--skip-bad"]
    options += ["--audio-track", "eng"]
    ran = viseme("prepare", "src", "out", *options, "--split", "80,10,10", "--by", "folder")
    assert call.args == (Path("src"), Path("out"))
    assert call.options == {
        "corpus": "grid",
        "skip_bad": True,
        "shares": Shares(80, 10, 10, by="folder"),
        "writing": None,
        "workers": 2,
        "resume": False,
        "min_acceptance": 0.5,
        "config": PrepareConfig(audio_track="eng"),
    }
    assert ran.code == code
    assert f"accepted     {accepted}" in ran.out
    assert ("rejects.jsonl" in ran.err) == bool(code)


def test_prepare_by_what_but_not_how(viseme: Viseme) -> None:
    ran = viseme("prepare", "src", "out", "--by", "speaker")
    assert (ran.code, "needs --split" in ran.err) == (2, True)


RATE = {"rate": 0.05, "low": 0.04, "high": 0.065, "edits": 5}
REPORT = {
    "model": "tiny",
    "kind": "recogniser",
    "test": {"clips": 9, "wer": RATE, "cer": RATE, "withheld": 1, "texts": []},
}


def test_evaluate(viseme: Viseme, stub: Stub, tmp_path: Path) -> None:
    manifest, output = tmp_path / "m.jsonl", tmp_path / "new" / "figures.json"
    manifest.write_text("{}")
    call = stub("viseme.verbs.evaluate.evaluate", lambda *_, **__: REPORT)
    options = ["--split", "test", "--grammar", "grid", "--output", output]
    ran = viseme("evaluate", "tiny", manifest, *options)
    assert ran.code == 0
    assert ran.out.splitlines()[1].split() == ["test", "9", "5.0%", "4.0%-6.5%", "5.0%", "1"]
    assert call.args == ("tiny", manifest)
    assert call.options is not None
    assert (call.options["splits"], call.options["constraint"]) == (["test"], "grid")
    record = json.loads(output.read_text(encoding="utf-8"))
    assert record["command"].startswith("viseme evaluate tiny ")
    assert record["data"]["sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert record["report"] == REPORT
    assert {"commit", "seed", "machine", "date"} <= record.keys()


def test_evaluate_lists_the_lines_that_are_left_out(
    viseme: Viseme, stub: Stub, tmp_path: Path
) -> None:
    def evaluate(*_: Any, rejects: list[Reject], **__: Any) -> dict[str, Any]:
        rejects.append(Reject("a", "line 3", "bad_line", "not UTF-8."))
        return REPORT

    manifest, output = tmp_path / "m.jsonl", tmp_path / "figures.json"
    manifest.write_text("{}")
    stub("viseme.verbs.evaluate.evaluate", evaluate)
    ran = viseme("evaluate", "tiny", manifest, "--skip-bad", "--output", output)
    assert ran.code == 0
    assert "left out: line 3 is not a clip (not UTF-8)" in ran.err
    (line,) = (tmp_path / "figures.rejects.jsonl").read_text().splitlines()
    assert json.loads(line)["source"] == "line 3"


def test_evaluate_in_noise(viseme: Viseme, stub: Stub, tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text("")
    call = stub("viseme.verbs.evaluate.evaluate", lambda *_, **__: REPORT)
    options = ["--noise", "pink,white", "--snr", "5,-5", "--mode", "audio"]
    assert viseme("evaluate", "tiny", manifest, *options).code == 0
    assert call.options is not None
    names = [condition.name for condition in call.options["conditions"]]
    assert names == ["clean", "pink 5 dB", "pink -5 dB", "white 5 dB", "white -5 dB"]
    assert call.options["mode"] == "audio"


@pytest.mark.parametrize("options", [["--noise", "traffic"], ["--snr", "loud"]])
def test_evaluate_refuses_unknown_noise(
    viseme: Viseme, stub: Stub, tmp_path: Path, options: list[str]
) -> None:
    stub("viseme.verbs.evaluate.evaluate", lambda *_, **__: REPORT)
    (tmp_path / "m.jsonl").write_text("")
    ran = viseme("evaluate", "tiny", tmp_path / "m.jsonl", *options)
    assert ran.code == 2
    assert options[0] in ran.err


def test_demo(viseme: Viseme, stub: Stub) -> None:
    report = SimpleNamespace(
        clip=Path("a.mpg"),
        said="bin red",
        transcript=transcript_of(Path("red.mpg"), "video"),
        subtitles=Path("demo/a.srt"),
        record=Path("demo/a.json"),
        video=Path("demo/a.mp4"),
        still=Path("demo/demo.png"),
    )
    call = stub("viseme.verbs.demo.demo", lambda *_, **__: report)
    ran = viseme("demo", "--model", "tiny")
    assert call.args == (None, Path("demo"))
    assert call.options == {"model": "tiny", "device": "auto"}
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines()]
    assert ["read", "bin", "red"] in rows
    assert ["red", "0.40", "s", "0.90", "s", "50%"] in rows
    assert ["video", "demo/a.mp4"] in rows


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("viseme.verbs.transcribe.transcribe_files", ["transcribe", "a.mp4"]),
        ("viseme.verbs.evaluate.evaluate", ["evaluate", "m", __file__]),
        ("viseme.verbs.train.train", ["train", "s", "--preset", "p", "--manifest", "m"]),
        ("viseme.data.prepare.prepare", ["prepare", "a", "b"]),
        ("viseme.verbs.demo.demo", ["demo"]),
    ],
)
def test_verbs_accept_what_the_commands_hand_them(
    viseme: Viseme, monkeypatch: pytest.MonkeyPatch, function: str, arguments: list[str]
) -> None:
    """The stubs of the other tests would not notice that a verb has changed."""
    module_name, _, name = function.rpartition(".")
    module = import_module(module_name)
    expected = signature(getattr(module, name))
    calls = []

    def check(*args: Any, **options: Any) -> None:
        calls.append(expected.bind(*args, **options))
        raise ConfigError("far enough")

    monkeypatch.setattr(module, name, check)
    assert viseme(*arguments).err.endswith("viseme: far enough.\n")
    assert len(calls) == 1


def test_models(viseme: Viseme, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    config = {"system": "auto_avsr", "kind": "recogniser", "config": {"modality": "video"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(bytes(1_200_000))
    (folder / "README.md").write_text("# tiny\n\nReads the lips of\none speaker. More below.\n")
    monkeypatch.setattr(models, "bundled", lambda: {"tiny": folder})
    row = viseme("models").out.splitlines()[1]
    assert row.split("  ")[:4] == ["tiny", "auto_avsr", "recogniser", "video"]
    assert row.endswith("Reads the lips of one speaker")


def test_no_models(viseme: Viseme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "bundled", dict)
    ran = viseme("models")
    assert (ran.code, ran.out) == (0, "")


def test_a_card_without_text_is_no_error() -> None:
    assert summary("") == summary("# title\n") == ""


def test_assets(viseme: Viseme, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path))
    assert "face_landmarker  missing" in viseme("assets", "list").out
    assert "Apache-2.0" in viseme("assets", "licences").out
    monkeypatch.setattr(assets, "fetch", lambda name: tmp_path / name)
    everything = "".join(f"{tmp_path / name}\n" for name in sorted(assets.ASSETS))
    assert viseme("assets", "fetch").out == everything
    assert viseme("assets", "fetch", "head_mesh").out == f"{tmp_path / 'head_mesh'}\n"


def test_an_asset_that_cannot_be_had(viseme: Viseme, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Path:
        raise AssetError(f"asset {name} could not be downloaded", todo="Go online.")

    monkeypatch.setattr(assets, "path", refuse)
    ran = viseme("assets", "fetch", "face_landmarker")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("asset face_landmarker could not be downloaded. Go online.\n")


def test_reproduce_without_its_corpus_is_an_error(viseme: Viseme, tmp_path: Path) -> None:
    ran = viseme("reproduce", "noise", "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (1, "")
    assert "without corpus grid the arms voice-babble" in ran.err
    assert "everything is in" not in ran.err


def test_reproduce_alone_lists_the_experiments(viseme: Viseme) -> None:
    ran = viseme("reproduce")
    assert ran.code == 0
    for words in (
        "noise: Lips help",
        "claims that in babble",
        "real corpora: grid",
        "few (control)",
    ):
        assert words in ran.out
    assert "ci: 1 seed, about 0.35 h on two cores" in ran.out


def test_reproduce_plan(viseme: Viseme, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("viseme.experiments.run.seconds_of_first", lambda *_: 90.0)
    ran = viseme("reproduce", "studio-truth", "--plan", "--arm", "sync", "--out", tmp_path)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("to run  sync, seed ")
    assert lines[-1] == "1 trials to run; sync takes 1.5 min here; if all are like it, 0.0 h"
    assert list(tmp_path.iterdir()) == []
