"""The doctor finds what is missing, says what to do, and never falls ill itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pretence import Viseme

from viseme import assets, models
from viseme.cli import checks
from viseme.cli.checks import Finding, run
from viseme.errors import ModelError


def test_a_healthy_machine(viseme: Viseme) -> None:
    ran = viseme("doctor")
    assert ran.code == 0
    assert all(line.split()[0] in ("ok", "warn") for line in ran.out.splitlines())
    for topic in ("python", "torch", "video", "litert", "libraries", "cache", "disk"):
        assert f"  {topic}: " in ran.out


def test_a_missing_package_is_found_and_the_rest_still_looked_at(
    viseme: Viseme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setitem(sys.modules, "soxr", None)
    few = (checks.check_video, checks.check_libraries, checks.check_python)
    monkeypatch.setattr(checks, "ALL_CHECKS", few)
    ran = viseme("doctor")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (1, "")
    assert lines[0].startswith("fail  video: ")
    assert lines[1].startswith("fail  libraries: cannot be imported: soxr")
    assert lines[-1].startswith("ok    python: ")
    assert all(" -> " in line for line in lines if line.startswith("fail"))


def test_a_check_that_breaks_off_keeps_what_it_found() -> None:
    def check_something_else() -> Iterator[Finding]:
        yield Finding("ok", "first", "fine")
        raise RuntimeError("second\nline")

    assert run(check_something_else) == [
        Finding("ok", "first", "fine"),
        Finding("fail", "something else", "RuntimeError: second"),
    ]


def test_a_missing_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "DECODERS", ("h264", "smell-o-vision"))
    (finding,) = run(checks.check_video)
    assert finding.level == "fail"
    assert finding.text.endswith("lacks smell-o-vision")


def test_broken_neighbours_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda name: name)
    monkeypatch.setattr(checks, "_imports", lambda name: name == "torchaudio")
    (finding,) = run(checks.check_torch_neighbours)
    assert (finding.level, finding.topic) == ("warn", "torchvision")


def test_imports_are_tried_elsewhere() -> None:
    assert checks._imports("json")
    assert not checks._imports("json.no_such_module")


@pytest.fixture
def one_asset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the face landmarks are known."""
    name = "face_landmarker"
    monkeypatch.setattr(assets, "ASSETS", {name: assets.ASSETS[name]})


@pytest.mark.usefixtures("one_asset")
@pytest.mark.parametrize(("has_pip", "level"), [(True, "warn"), (False, "fail")])
def test_a_missing_asset(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_pip: bool, level: str
) -> None:
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path))
    monkeypatch.setattr(checks, "find_spec", lambda name: name if has_pip else None)
    (finding,) = run(checks.check_assets)
    assert (finding.level, finding.todo) == (level, "viseme assets fetch face_landmarker")


@pytest.mark.parametrize(("has_pip", "level"), [(True, "ok"), (False, "warn")])
def test_an_asset_that_only_an_extra_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_pip: bool, level: str
) -> None:
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path))
    monkeypatch.setattr(assets, "ASSETS", {"head_mesh": assets.ASSETS["head_mesh"]})
    monkeypatch.setattr(checks, "find_spec", lambda name: name if has_pip else None)
    (finding,) = run(checks.check_assets)
    assert (finding.level, finding.topic) == (level, "head_mesh")


@pytest.mark.usefixtures("one_asset")
def test_the_users_own_asset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISEME_ASSET_FACE_LANDMARKER", str(tmp_path / "own.task"))
    (finding,) = run(checks.check_assets)
    assert (finding.level, str(tmp_path) in finding.text) == ("fail", True)
    (tmp_path / "own.task").touch()
    (finding,) = run(checks.check_assets)
    assert finding.level == "ok"


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path / "file" / "cache"))
    cache, disk = run(checks.check_cache)
    assert (cache.level, "VISEME_CACHE" in cache.todo) == ("fail", True)
    assert disk.level in ("ok", "warn")


def test_a_damaged_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ModelError("was changed", path=name)

    monkeypatch.setattr(models, "bundled", lambda: {"tiny": Path("tiny")})
    monkeypatch.setattr(models, "open_model", refuse)
    assert run(checks.check_models) == [
        Finding("fail", "tiny", "tiny: was changed.", checks.INSTALL)
    ]
