"""A result's record says with what it was made."""

import json
import shlex
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from viseme import provenance as module
from viseme.provenance import provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_record() -> None:
    record = provenance(["viseme", "evaluate", "a b"])
    assert shlex.split(record["command"]) == ["viseme", "evaluate", "a b"]
    assert datetime.fromisoformat(record["date"]).utcoffset() == timedelta(0)
    assert record["machine"]["cores"] >= 1
    assert record["machine"]["packages"]["torch"]
    assert json.loads(json.dumps(record)) == record


def test_the_commit_is_that_of_the_code(tmp_path: Path) -> None:
    file = tmp_path / "package" / "code.py"
    file.parent.mkdir()
    file.touch()
    git(tmp_path, "init", "-q")
    assert module._commit(file) is None, "merely lying inside a checkout is not enough"
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert module._commit(file) == commit
    file.write_text("x = 1")
    assert module._commit(file) == f"{commit}+changes"


def test_a_machine_without_git_or_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._commit(Path(module.__file__)) is None
    assert module._version("no-such-package-anywhere") is None
