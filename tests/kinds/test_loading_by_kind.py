"""Loading a model: its kind is asked for, and its files are hashed once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tiny_corpus import write_corpus
from viseme.models import folder
from viseme.systems import load, load_recognizer
from viseme.verbs.evaluate import evaluate

MODEL = "grid-s1-asr"


@pytest.mark.parametrize("use", [load, load_recognizer, evaluate])
def test_the_files_of_a_model_are_hashed_once(
    use: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Path] = []
    check = folder._check
    monkeypatch.setattr(folder, "_check", lambda path: (checked.append(path), check(path)))
    arguments = (write_corpus(tmp_path, 1, 1),) if use is evaluate else ()
    use(MODEL, *arguments, device="cpu")
    assert [path.name for path in checked] == [MODEL]
