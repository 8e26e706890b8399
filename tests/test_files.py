"""A file is complete or absent."""

import subprocess
import sys
from pathlib import Path

import pytest

from viseme.errors import ConfigError
from viseme.files import atomic_write, sole_writer


@pytest.mark.parametrize(("mode", "content"), [("w", "é\nb\n"), ("wb", b"\x00\xff\r\n")])
def test_writes_the_whole_content_into_new_folders(
    tmp_path: Path, mode: str, content: str | bytes
) -> None:
    path = tmp_path / "a" / "b" / "file"
    with atomic_write(path, mode) as file:
        file.write(content)
        assert not path.exists()
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_names_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("好" * 85)  # 255 bytes
    with atomic_write(path) as file:
        file.write("x")
    assert list(tmp_path.iterdir()) == [path]


def test_failure_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def write_half() -> None:
        with atomic_write(path) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "atomic") as file:
        file.write("x")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_other_modes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode"), atomic_write(tmp_path / "file", "a"):
        pass


def test_a_folder_has_one_writer_until_it_ends(tmp_path: Path) -> None:
    hold = "with sole_writer('.'): input(print(1, flush=True))"
    command = [sys.executable, "-c", f"from viseme.files import sole_writer\n{hold}"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(ConfigError, match="another process"), sole_writer(tmp_path):
            pass
        other.kill()
    with sole_writer(tmp_path):
        pass
