"""The rules of the source tree: who may import whom, how long things get, what never appears."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "viseme"

LEVELS = (
    (
        "errors",
        "config",
        "settings",
        "files",
        "shapes",
        "assets",
        "provenance",
        "workers",
        "ahead",
        "processor",
    ),
    ("media", "audio", "face", "text", "nn", "train"),
    (
        "data",
        "recognition",
        "synthesis",
        "animation",
        "diffusion",
        "pretraining",
        "sparsity",
        "metrics",
        "models",
    ),
    ("kinds", "interop", "studio", "labelling"),
    ("systems",),
    ("verbs", "experiments", "cli", "app", "__init__", "__main__"),
)
LEVEL_OF_ROOM = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
BASE, TOP = 0, len(LEVELS) - 1

MAX_FILE_LINES = 500
MAX_SYSTEM_LINES = 600
MAX_FUNCTION_LINES = 50
"""Of what a function does; its signature and its docstring say what it is for."""

UNWANTED = {"torchvision", "torchaudio", "timm", "mediapipe"}

FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in FILES}


def module_parts(path: Path) -> tuple[str, ...]:
    """The module's name below `viseme`: ("text", "cues"), ("text",) for a package's own file."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts


def imported(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The parts of every name that a module imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")
            yield from ((*module, alias.name) for alias in node.names)


def import_is_allowed(importer: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Whether one module may import another; both are parts below `viseme`."""
    here, there = LEVEL_OF_ROOM[importer[0]], LEVEL_OF_ROOM.get(target[0] if target else "__init__")
    if there is None:  # a name of the package root, such as __version__
        there = TOP
    same_room = bool(target) and importer[0] == target[0]
    return there < here or same_room or here == there == BASE or here == TOP


def place(path: Path, line: int = 0) -> str:
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")


def test_every_room_has_a_level() -> None:
    rooms = {module_parts(path)[0] for path in FILES}
    assert rooms <= set(LEVEL_OF_ROOM), "name new rooms in LEVELS, and in the design"


@pytest.mark.parametrize(
    ("importer", "target", "allowed"),
    [
        ("text.cues", "errors", True),
        ("text.cues", "text.transcript", True),
        ("metrics.recognition", "text.normalise", True),
        ("config", "files", True),
        ("cli", "verbs.transcribe", True),
        ("systems.msrs", "systems.auto_avsr", True),
        ("text.cues", "face.align", False),
        ("data.manifest", "metrics.recognition", False),
        ("media.probe", "data.manifest", False),
        ("models.bundle", "studio.render", False),
        ("errors", "text.transcript", False),
        ("data.manifest", "__version__", False),
        ("systems.msrs", "verbs.transcribe", False),
    ],
)
def test_the_rule_itself(importer: str, target: str, allowed: bool) -> None:
    assert import_is_allowed(tuple(importer.split(".")), tuple(target.split("."))) is allowed


def test_imports_point_downwards() -> None:
    wrong = [
        f"{place(path)} imports {'.'.join(target)}"
        for path, tree in TREES.items()
        for target in imported(tree)
        if target[0] == "viseme" and not import_is_allowed(module_parts(path), target[1:])
    ]
    assert wrong == []


def test_imports_are_absolute() -> None:
    wrong = [
        place(path, node.lineno)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


def test_a_system_extends_one_base_at_most() -> None:
    systems = {path.stem for path in (PACKAGE / "systems").glob("[a-z]*.py")}
    for path in FILES:
        if len(parts := module_parts(path)) > 1 and parts[0] == "systems":
            bases = {target[2] for target in imported(TREES[path]) if target[1:2] == ("systems",)}
            assert len(bases & systems - {path.stem}) <= 1, place(path)


def test_unwanted_packages_and_wildcards_stay_out() -> None:
    wrong = [
        f"{place(path)} imports {'.'.join(target)}"
        for path, tree in TREES.items()
        for target in imported(tree)
        if target[0] in UNWANTED or target[-1] == "*"
    ]
    assert wrong == []


def test_nothing_prints() -> None:
    wrong = [
        place(path, node.lineno)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert wrong == []


def test_every_module_says_what_it_is() -> None:
    assert [place(path) for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_files_stay_short() -> None:
    wrong = []
    for path in FILES:
        limit = MAX_SYSTEM_LINES if path.parent == PACKAGE / "systems" else MAX_FILE_LINES
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > limit:
            wrong.append(f"{place(path)} has {length} lines of {limit}")
    assert wrong == []


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the statements, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_stay_short() -> None:
    wrong = [
        f"{place(path, node.lineno)} {node.name} has {length} lines"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := body_lines(node)) > MAX_FUNCTION_LINES
    ]
    assert wrong == []


def test_every_system_has_its_page_and_its_test() -> None:
    systems = [path.stem for path in (PACKAGE / "systems").glob("[a-z]*.py")]
    wanted = [
        path
        for name in systems
        for path in (
            ROOT / "docs" / "systems" / f"{name}.md",
            ROOT / "tests" / "systems" / f"test_{name}.py",
        )
    ]
    assert [place(path) for path in wanted if not path.is_file()] == []
