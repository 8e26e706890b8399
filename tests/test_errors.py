"""What an error says: one full stop after what is wrong, the same in every process."""

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import viseme
from viseme import errors
from viseme.errors import ConfigError, VisemeError
from viseme.workers import work_through

ALL = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, VisemeError)
]


@pytest.mark.parametrize("stops", ["", ".", "..."])
def test_one_full_stop_whoever_wrote_the_message(stops: str) -> None:
    error = VisemeError(f"no room{stops}", path="a.mp4", todo="Make some.")
    assert str(error) == "a.mp4: no room. Make some."
    assert str(VisemeError(str(VisemeError("no room")))) == "no room."


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("options", [{}, {"path": Path("a")}, {"path": "a", "todo": "Stop."}])
def test_an_error_survives_the_way_between_processes(
    kind: type[VisemeError], options: dict[str, str]
) -> None:
    error = kind("no room", **options)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_an_error_of_a_worker_says_the_same() -> None:
    said = []
    for workers in (1, 2):
        with pytest.raises(ConfigError) as caught:
            list(work_through(_fail, ["a", "b"], workers))
        said.append(str(caught.value))
    assert said[0] == said[1] == "espeak-ng is missing. Install it."


def _fail(job: str) -> None:
    raise ConfigError("espeak-ng is missing", todo="Install it.")


def _literals() -> Iterator[tuple[str, str, str]]:
    """Place, argument and last piece of every message that the source makes an error of."""
    for path in sorted(Path(viseme.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not _is_error(node.func):
                continue
            told = {"what": node.args[0]} if node.args else {}
            told |= {word.arg: word.value for word in node.keywords if word.arg == "todo"}
            for name, value in told.items():
                last = value.values[-1] if isinstance(value, ast.JoinedStr) else value
                if isinstance(last, ast.Constant) and last.value:
                    yield f"{path.name}:{node.lineno}", name, str(last.value)


def _is_error(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in {kind.__name__ for kind in ALL}


def test_the_source_writes_clauses_and_sentences() -> None:
    literals = list(_literals())
    assert len(literals) > 200
    for place, name, text in literals:
        is_sentence = text.endswith((".", "?", "]'"))  # pip's arguments take no full stop
        assert is_sentence == (name == "todo"), f"{place}: {name} {text!r}"
