"""Manifests: what is written is what is read, and what is wrong is named by its line."""

import gzip
import json
import string
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viseme.data.manifest import Clip, iter_manifest, read_manifest, write_manifest
from viseme.data.rejects import Reject
from viseme.errors import ManifestError
from viseme.text.transcript import Word

names = st.text(string.ascii_letters + string.digits + "-_ äß", min_size=1, max_size=12)
texts = st.none() | st.text(max_size=30)
seconds = st.floats(0, 1e5, allow_nan=False)
shares = st.floats(0, 1)
words = st.lists(st.builds(Word, st.text(max_size=8), seconds, seconds, shares), max_size=3)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | seconds | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
places = st.sampled_from(["a.mp4", "sub/b.mp4", "../c.mp4", "../../other/d.mp4", "/far/e.mp4"])


@st.composite
def clips(draw: st.DrawFn) -> list[dict]:
    ids = draw(st.lists(names, max_size=4, unique=True))
    return [
        {
            "id": clip_id,
            "video": draw(st.none() | places),
            "audio": draw(st.none() | places),
            "start_s": draw(seconds),
            "end_s": draw(st.none() | seconds),
            "text": draw(texts),
            "language": draw(st.sampled_from(["en", "de", "zh"])),
            "speaker": draw(texts),
            "split": draw(texts),
            "corpus": draw(texts),
            "synthetic": draw(st.booleans()),
            "label_source": draw(texts),
            "confidence": draw(st.none() | shares),
            "words": draw(words),
            "extra": draw(st.dictionaries(st.text(max_size=5), plain, max_size=3)),
        }
        for clip_id in ids
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clips(), st.sampled_from(["m.jsonl", "m.jsonl.gz"]))
def test_round_trip(rows: list[dict], name: str) -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder).resolve() / "x" / "y"
        home.mkdir(parents=True)
        for row in rows:
            for key in ("video", "audio"):
                row[key] = None if row[key] is None else (home / row[key]).resolve()
        written = [Clip(**row) for row in rows]
        write_manifest(home / name, written)
        assert read_manifest(home / name) == written
        first = (home / name).read_bytes()
        write_manifest(home / name, read_manifest(home / name))
        assert (home / name).read_bytes() == first


def test_paths_are_relative_to_the_manifest(tmp_path: Path) -> None:
    clip = Clip("a", tmp_path / "clips" / "a.mp4", tmp_path / "lists" / "a.flac")
    write_manifest(tmp_path / "lists" / "m.jsonl", [clip])
    row = json.loads((tmp_path / "lists" / "m.jsonl").read_text())
    assert row == {"id": "a", "video": "../clips/a.mp4", "audio": "a.flac"}


def test_a_moved_folder_keeps_working(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write_manifest(tmp_path / "old" / "m.jsonl", [Clip("a", tmp_path / "old" / "a.mp4")])
    (tmp_path / "old").rename(tmp_path / "new")
    (clip,) = read_manifest(tmp_path / "new" / "m.jsonl")
    assert clip.video == (tmp_path / "new" / "a.mp4").resolve()


def test_relative_names_work_from_anywhere(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_manifest("m.jsonl", [Clip("a", Path("a.mp4"))])
    (clip,) = read_manifest("m.jsonl")
    assert clip.video == (tmp_path / "a.mp4").resolve()


def test_blank_lines_are_skipped_and_gzip_is_plain_gzip(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "m.jsonl.gz", "wt") as out:
        out.write('\n{"id": "a"}\n   \n{"id": "b"}\n\n')
    assert [clip.id for clip in read_manifest(tmp_path / "m.jsonl.gz")] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 3 is not a clip"),
        ("[]", "line 3 is not a clip"),
        ('"a"', "line 3 is not a clip"),
        ("{}", "line 3 .*'id'"),
        ('{"id": ""}', "line 3 .*'id'"),
        ('{"id": 5}', "line 3 .*'id'"),
        ('{"id": "b", "vidoe": "x"}', "line 3 .*unknown field 'vidoe'"),
        ('{"id": "b", "video": 5}', "line 3 is not a clip"),
        ('{"id": "b", "words": [{"word": "x"}]}', "line 3 is not a clip"),
        ('{"id": "b", "words": null}', "line 3 is not a clip"),
        ('{"id": "a"}', "line 3 .*repeats the id 'a'"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(f'{{"id": "a"}}\n\n{line}\n{{"id": "z"}}\n')
    clips = iter_manifest(path)
    assert next(clips).id == "a"
    with pytest.raises(ManifestError, match=message) as caught:
        next(clips)
    assert "m.jsonl" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("video", ["5", "[]", "false"]),
        ("audio", ["0", "{}"]),
        ("start_s", ['"0.5"', "null", "NaN", "Infinity", "-1", "true", f"1{'0' * 400}"]),
        ("end_s", ['"1"', "NaN", "-0.1", "[]"]),
        ("text", ["5", "[]"]),
        ("language", ["null", "5"]),
        ("speaker", ["1"]),
        ("split", ["true"]),
        ("corpus", ["{}"]),
        ("label_source", ["0"]),
        ("synthetic", ["1", "null", '"yes"']),
        ("confidence", ["NaN", "1.1", "-0.1", '"1"']),
        ("words", ["{}", '"bin"', "[5]", "[null]"]),
        ("words", ['[{"word": 5, "start_s": 0, "end_s": 1}]']),
        ("words", ['[{"word": "a", "start_s": "0", "end_s": 1}]']),
        ("words", ['[{"word": "a", "start_s": 0, "end_s": NaN}]']),
        ("words", ['[{"word": "a", "start_s": 0, "end_s": 1, "confidence": null}]']),
        ("extra", ["null", "[]", '"x"', "[" * 100_000]),
    ],
)
def test_a_value_of_another_kind_is_named_by_its_line(tmp_path: Path, key, values) -> None:
    path = tmp_path / "m.jsonl"
    for value in values:
        path.write_text(f'{{"id": "a", "start_s": 1}}\n{{"id": "b", "{key}": {value}}}\n')
        with pytest.raises(ManifestError, match="line 2 is not a clip"):
            read_manifest(path)


def test_another_encoding_is_the_fault_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes(b'{"id": "a"}\n{"id": "b", "text": "se\xf1or"}\n')
    with pytest.raises(ManifestError, match=r"line 2 is not a clip \(not UTF-8\)"):
        read_manifest(tmp_path / "m.jsonl")


def test_half_of_a_character_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_bytes('{"id": "a"}'.encode("utf-16")[:-1])
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "m.jsonl")


def many_bad_lines(count: int) -> str:
    return '{"id": "a"}\n' + "".join(f'{{"id": "b{n}", "n": 1}}\n' for n in range(count))


def test_up_to_ten_bad_lines_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    for count, more in ((2, None), (10, None), (13, "and 3 more")):
        path.write_text(many_bad_lines(count))
        with pytest.raises(ManifestError, match=f"{count} lines are not clips") as caught:
            read_manifest(path)
        said = str(caught.value)
        assert said.count("line ") == min(count, 10)
        assert "line 3 (unknown field 'n' (put it under 'extra'))" in said
        assert (more in said) if more else "more" not in said
        assert "--skip-bad" in said


def test_bad_lines_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": "a"}\n{\n\n{"id": "a"}\n{"id": "b"}\n{"id": 5}\n')
    rejects: list[Reject] = []
    assert [clip.id for clip in read_manifest(path, rejects)] == ["a", "b"]
    assert [(r.id, r.source, r.code) for r in rejects] == [
        ("", "line 2", "bad_line"),
        ("a", "line 4", "bad_line"),
        ("", "line 6", "bad_line"),
    ]
    assert all(reject.reason.endswith(".") for reject in rejects)


ZIPPED = gzip.compress(b'{"id": "a"}\n' * 9, mtime=0)


@pytest.mark.parametrize("content", [b"not gzip", ZIPPED[:20], ZIPPED[:12] + b"xxxx" + ZIPPED[16:]])
def test_damaged_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.jsonl.gz").write_bytes(content)
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "m.jsonl.gz")


def test_a_missing_manifest_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="viseme prepare"):
        read_manifest(tmp_path / "m.jsonl")


def test_the_real_manifest_survives(grid_root: Path, tmp_path: Path) -> None:
    clips = read_manifest(grid_root / "manifest.jsonl")
    write_manifest(tmp_path / "m.jsonl", clips)
    assert read_manifest(tmp_path / "m.jsonl") == clips
