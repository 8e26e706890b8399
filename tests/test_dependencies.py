"""What pyproject.toml asks of other packages."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = tomllib.loads(
    (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8")
)["project"]
NEEDED = {wanted.name: wanted for wanted in map(Requirement, PROJECT["dependencies"])}


@pytest.mark.parametrize("version", ["2.5.1", "2.9.1"])
def test_no_torch_whose_restricted_unpickler_can_be_tricked(version: str) -> None:
    assert version not in NEEDED["torch"].specifier


def test_no_typer_that_loads_pydantic() -> None:
    """Which took more time than all the rest of `viseme transcribe --help`."""
    assert "0.28.0" in NEEDED["typer"].specifier
    assert "0.29.0" not in NEEDED["typer"].specifier
