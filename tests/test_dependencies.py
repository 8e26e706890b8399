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
