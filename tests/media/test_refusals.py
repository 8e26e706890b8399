"""What cannot be read says what, which file and what to do, and never more than that."""

import os
from contextlib import suppress
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from media_clips import Sound, read_number, write_clip
from viseme.errors import MediaError
from viseme.media import mux, probe, read_audio, read_frames, write_video
from viseme.media.decode import MIN_SEEK_S, decode
from viseme.media.source import Source


def refused(path):
    """The message with which every reader refuses a file."""
    messages = set()
    for read in (probe, lambda p: list(read_frames(p)), read_audio):
        with pytest.raises(MediaError) as caught:
            read(path)
        assert caught.value.path == path
        assert caught.value.todo
        messages.add(caught.value.what)
    assert len(messages) == 1
    return messages.pop()


def test_missing_folder_empty(tmp_path):
    assert refused(tmp_path / "none.mp4") == "does not exist"
    assert refused(tmp_path) == "is a folder"
    (tmp_path / "empty.mp4").touch()
    assert refused(tmp_path / "empty.mp4") == "is empty"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_no_permission(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=2)
    path.chmod(0)
    assert "Permission denied" in refused(path)


@pytest.mark.parametrize("suffix", [".txt", ".mp4", ".wav", ""])
def test_text_and_noise(tmp_path, suffix):
    text, noise = tmp_path / f"text{suffix}", tmp_path / f"noise{suffix}"
    text.write_text("not a video\n" * 200)
    noise.write_bytes(np.random.default_rng(0).bytes(50_000))
    for path in (text, noise):
        assert "cannot be read" in (what := refused(path)) or "text" in what


def test_stills_and_playlists(tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "still.png")
    write_clip(tmp_path / "clip.mp4", num_frames=2)
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile clip.mp4\n")
    for name in ("still.png", "list.ffconcat"):
        assert "still image, text or playlist" in refused(tmp_path / name)


def test_huge_declared_size(tmp_path):
    path = write_clip(tmp_path / "huge.avi", num_frames=2, codec="ffv1", pix_fmt="yuv444p")
    content = bytearray(path.read_bytes())
    at = content.index(b"strf") + 12  # width and height of the stream's bitmap header
    content[at : at + 8] = np.array([20_000, 20_000], "<i4").tobytes()
    path.write_bytes(content)
    with pytest.raises(MediaError, match="far too large"):
        probe(path)
    with pytest.raises(MediaError, match="far too large"):
        next(read_frames(path))


def test_wrong_extension_is_read_all_the_same(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=5).rename(tmp_path / "clip.avi")
    assert probe(path).video.codec == "h264"
    assert [read_number(frame) for frame in read_frames(path)] == list(range(5))


def test_cut_off_without_its_index(tmp_path):
    path = write_clip(tmp_path / "clip.mp4")
    path.write_bytes(path.read_bytes()[:-3000])
    assert "cannot be read" in refused(path)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_cut_off_is_read_as_far_as_it_goes(tmp_path, name):
    options = {"movflags": "+faststart"} if name.endswith("mp4") else None
    path = write_clip(tmp_path / name, num_frames=150, muxer_options=options)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    warnings: list[str] = []
    shown = [read_number(frame) for frame in read_frames(path, on_warning=warnings.append)]
    assert 30 < len(shown) < 120
    assert shown == list(range(len(shown)))
    assert any("may be cut off" in warning for warning in warnings)


def test_damage_in_the_middle_is_held_over(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=75, options={"g": "10"})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = bytes(600)
    path.write_bytes(content)
    warnings: list[str] = []
    shown = [read_number(frame) for frame in read_frames(path, on_warning=warnings.append)]
    assert len(shown) == 75
    assert sum(a == b for a, b in zip(shown, range(75), strict=True)) > 50
    assert len(warnings) == 1
    assert "damaged" in warnings[0]


@pytest.fixture(scope="module")
def small_clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.mkv"
    write_clip(path, num_frames=5, width=32, height=32, audio=Sound(16_000, "mono", "flac"))
    return path.read_bytes()


@settings(max_examples=15, deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6))
def test_damaged_files_are_read_or_refused(small_clip, tmp_path_factory, changes):
    content = bytearray(small_clip)
    for where, new in changes:
        at = int(where * (len(content) - len(new)))
        content[at : at + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "damaged.mkv"
    path.write_bytes(content)
    for read in (probe, lambda p: sum(1 for _ in read_frames(p, end_s=0.1)), read_audio):
        with suppress(MediaError):
            read(path)


def test_a_file_that_cannot_be_wound_back_is_refused(tmp_path):
    def seek(*args, **kwargs):
        raise PermissionError(1, "Operation not permitted")

    container = SimpleNamespace(seek=seek, format=SimpleNamespace(name="odd"))
    stream = SimpleNamespace(type="video", start_time=0, time_base=Fraction(1, 25))
    source = Source(tmp_path / "clip.odd", container, Fraction(0), None)
    with pytest.raises(MediaError, match="wound back"):
        next(decode(source, stream, pytest.fail, Fraction(MIN_SEEK_S)))


def test_a_picture_without_times_cannot_be_copied(tmp_path):
    path = write_clip(tmp_path / "clip.avi", num_frames=25, options={"preset": "fast"})
    with pytest.raises(MediaError, match="cannot be copied"):
        mux(path, np.zeros(16_000), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    with pytest.raises(MediaError, match="folder does not exist"):
        write_video(tmp_path / "no" / "out.mp4", [], 25)
