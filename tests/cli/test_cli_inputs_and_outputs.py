"""What stands for files, and the names of what is made of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viseme.cli.inputs import expand
from viseme.cli.outputs import output_names
from viseme.errors import ManifestError, MediaError


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.mp4", "a.MOV", "sub/c.webm", "sub/d.wav", "text.txt", ".e.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(files: Sequence[Path]) -> list[str]:
    return [file.as_posix() for file in files]


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["."], ["a.MOV", "b.mp4", "sub/c.webm", "sub/d.wav"]),
        (["sub/*.w*"], ["sub/c.webm", "sub/d.wav"]),
        (["**/*.mp4"], ["b.mp4"]),
        (["s?b"], ["sub/c.webm", "sub/d.wav"]),
        (["text.txt", "gone.mp4"], ["text.txt", "gone.mp4"]),
        (["b.mp4", "sub/../b.mp4", "."], ["b.mp4", "a.MOV", "sub/c.webm", "sub/d.wav"]),
    ],
)
def test_expand(tree: Path, arguments: list[str], files: list[str]) -> None:
    assert names(expand(arguments)) == files


def test_a_file_whose_name_looks_like_a_pattern(tree: Path) -> None:
    (tree / "take[1].mp4").touch()
    assert names(expand(["take[1].mp4"])) == ["take[1].mp4"]


def write_rows(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_manifest_names_its_files(tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"id": "1", "video": "../b.mp4"}, {"id": "2", "audio": "d.wav"}, {"id": "3"}]
    manifest = write_rows(tree / "sub" / "m.jsonl", *rows)
    assert expand([str(manifest)]) == [tree / "b.mp4", tree / "sub" / "d.wav"]
    assert caplog.messages == []


def test_clip_times_are_not_silently_dropped(tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    expand([str(write_rows(tree / "m.jsonl", {"id": "1", "video": "b.mp4", "end_s": 2.0}))])
    assert "files are read whole" in caplog.text


def test_what_stands_for_nothing(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(MediaError, match="no video or audio files"):
        expand(["b.mp4", "empty"])
    with pytest.raises(MediaError, match=r"no file matches '\*.ogv'"):
        expand(["*.ogv"])
    with pytest.raises(ManifestError, match="holds no clips"):
        expand([str(write_rows(tree / "m.jsonl"))])
    with pytest.raises(ManifestError, match="no such manifest"):
        expand(["gone.jsonl.gz"])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["x/a.mp4", "x/b.mp4"], ["a", "b"]),
        (["x/a.mp4", "x/a.avi", "x/b.mp4"], ["a.mp4", "a.avi", "b"]),
        (["/x/a.mp4", "/y/a.mp4"], ["x/a.mp4", "y/a.mp4"]),
        (["/x/1/a.mp4", "/y/1/a.mp4"], ["x/1/a.mp4", "y/1/a.mp4"]),
        (["/x/a.mp4", "/x/A.MP4", "/b"], ["x/a.mp4", "x/A.MP4", "b"]),
        (["/x/a.mp4", "/x/a.avi", "/x/a.mp4.mkv"], ["x/a.mp4", "a.avi", "a.mp4.mkv"]),
    ],
)
def test_output_names(files: list[str], expected: list[str]) -> None:
    assert list(map(str, output_names([Path(file) for file in files]))) == expected


PARTS = st.sampled_from(["a", "b", "a.mp4", "A.mp4", "a.mp4.avi"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(st.sets(st.lists(PARTS, min_size=1, max_size=4).map(tuple), min_size=1, max_size=8))
def test_output_names_never_collide(paths: set[tuple[str, ...]]) -> None:
    """Whatever the inputs, up to letter case (disks that ignore it cannot hold such inputs)."""
    distinct = {tuple(part.casefold() for part in path): path for path in paths}
    chosen = output_names([Path("/", *path) for path in distinct.values()])
    assert len({str(name).casefold() for name in chosen}) == len(distinct)
    assert not any(name.is_absolute() for name in chosen)
