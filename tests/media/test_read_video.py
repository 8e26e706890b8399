"""Copies of one clip, in whatever form, give the same pictures at the same output frames.

The bound between a copy and the pictures it was made from is 30 dB (35 for all but MPEG-1); two
codecs' worth of loss and the halved colour planes stay far above it, a picture one frame off below.
"""

import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest

from media_clips import MATRICES, MIRRORED, picture, psnr_db, read_number, write_clip
from viseme.errors import MediaError, NoVideoError
from viseme.media import probe, read_frames, write_audio

MIN_PSNR_DB = 30


def numbers(path, **window):
    return [read_number(frame) for frame in read_frames(path, on_warning=pytest.fail, **window)]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("clip.mp4", "h264"),
        ("clip.mov", "h264"),
        ("clip.mkv", "h265"),
        ("clip.webm", "vp8"),
        ("clip.webm", "vp9"),
        ("clip.avi", "mpeg4"),
        ("clip.avi", "h264"),
        ("clip.mpg", "mpeg1"),
        ("clip.mpg", "mpeg2"),
        ("clip.ts", "h264"),
    ],
)
def test_containers_and_codecs(tmp_path, name, codec):
    reordered = {"preset": "fast"} if codec == "h264" else None  # with B-frames
    path = write_clip(tmp_path / name, codec=codec, options=reordered)
    frames = list(read_frames(path, on_warning=pytest.fail))
    assert [read_number(frame) for frame in frames] == list(range(75))
    assert all(frame.dtype == np.uint8 and frame.shape == (120, 160, 3) for frame in frames)
    assert min(psnr_db(frame, picture(i)) for i, frame in enumerate(frames)) > MIN_PSNR_DB


@pytest.mark.parametrize("fps", [15, 24, Fraction(30000, 1001), 30, 50, 60])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_rates(tmp_path, fps, suffix):
    # a converted copy: each picture is the source picture nearest in time
    copy = [min(74, round(i * 25 / Fraction(fps))) for i in range(round(3 * fps))]
    path = write_clip(tmp_path / f"clip{suffix}", fps=fps, num_frames=len(copy), numbers=copy)
    shown = numbers(path)
    assert len(shown) == 75
    if fps > 25:
        assert shown == list(range(75))
    else:  # pictures that the copy lost cannot come back; the others are at most one copy frame off
        assert max(abs(i - number) for i, number in enumerate(shown)) <= 25 / fps


def test_variable_rate(tmp_path):
    times_s = [0, 0.04, 0.05, 0.2, 0.5, 0.51, 0.52, 1.0, 1.04, 1.08, 1.2]
    path = write_clip(tmp_path / "clip.mkv", times_s=times_s, num_frames=len(times_s))
    shown = numbers(path)
    for tick, number in enumerate(shown):
        due = [i for i, time_s in enumerate(times_s) if time_s <= tick / 25 + 0.0205]
        assert number in due[-2:]
    assert shown[2:5] == [2, 2, 2]
    assert shown[14:25] == [6] * 11
    assert shown[25:28] == [7, 8, 9]


def test_native_rate_gives_the_stored_pictures(tmp_path):
    times_s = [0, 0.04, 0.05, 0.2, 0.5]
    path = write_clip(tmp_path / "clip.mp4", times_s=times_s, num_frames=5)
    assert numbers(path, fps=None) == [0, 1, 2, 3, 4]
    assert numbers(path, fps=None, start_s=0.045, end_s=0.5) == [2, 3]


@pytest.mark.parametrize("turn_deg", [90, 180, 270])
def test_rotation(tmp_path, turn_deg):
    path = write_clip(tmp_path / "clip.mp4", num_frames=5, matrix=MATRICES[turn_deg])
    info = probe(path).video
    assert info.rotation_deg == turn_deg
    assert (info.width, info.height) == ((160, 120) if turn_deg == 180 else (120, 160))
    for i, frame in enumerate(read_frames(path)):
        assert psnr_db(frame, np.rot90(picture(i), -turn_deg // 90)) > 35


def test_mirrored(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=2, matrix=MIRRORED)
    assert psnr_db(next(read_frames(path)), picture(0)[:, ::-1]) > 35


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("odd.webm", "vp9", "yuv420p"),
        ("odd.mkv", "ffv1", "yuv444p"),
        ("odd.mp4", "h264", "yuv444p"),
    ],
)
def test_odd_sizes(tmp_path, name, codec, pix_fmt):
    size = {"width": 161, "height": 123}
    path = write_clip(tmp_path / name, num_frames=5, codec=codec, pix_fmt=pix_fmt, **size)
    for i, frame in enumerate(read_frames(path)):
        assert psnr_db(frame, picture(i, **size)) > 35


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "h264"), ("clip.mkv", "h265")])
def test_ten_bit(tmp_path, name, codec):
    path = write_clip(tmp_path / name, num_frames=5, codec=codec, pix_fmt="yuv420p10le")
    assert probe(path).video.pix_fmt == "yuv420p10le"
    for i, frame in enumerate(read_frames(path)):
        assert psnr_db(frame, picture(i)) > 35


def combing(frame):
    """How much rows differ from both their neighbours, in the worst column of the moving block."""
    rows = frame[62:73].mean(-1)
    return np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean(0).max()


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("clip.mkv", "mpeg2", {"flags": "+ildct+ilme"}),
        ("clip.mp4", "h264", {"x264-params": "tff=1"}),
    ],
)
def test_interlaced_pictures_are_made_whole(tmp_path, name, codec, options):
    path = write_clip(tmp_path / name, num_frames=24, codec=codec, options=options, interlaced=True)
    assert probe(path).video.interlaced
    frames = list(read_frames(path))
    assert [read_number(frame) for frame in frames] == list(range(24))
    with av.open(str(path)) as container:
        stored = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert np.mean([combing(f) for f in frames[2:22]]) < 0.5 * np.mean(
        [combing(f) for f in stored[2:22]]
    )


def test_max_height_keeps_the_aspect_and_never_enlarges(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=2, matrix=MATRICES[90])
    assert next(read_frames(path, max_height=80)).shape == (80, 60, 3)
    assert next(read_frames(path, max_height=4000)).shape == (160, 120, 3)


def test_every_frame_is_its_own_memory(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", fps=5, num_frames=3)
    frames = list(read_frames(path))
    for i, frame in enumerate(frames):
        frame[:] = i
    assert [int(frame.max()) for frame in frames] == list(range(15))


@pytest.mark.parametrize(
    ("name", "codec"), [("clip.mp4", "h264"), ("clip.mkv", "h264"), ("clip.avi", "mpeg4")]
)
def test_a_window_is_a_slice(tmp_path, name, codec):
    path = write_clip(tmp_path / name, num_frames=225, codec=codec)
    for start, end in [(0, 10), (33, 70), (160, 200), (220, 225)]:
        shown = numbers(path, start_s=start / 25, end_s=end / 25)
        assert shown == list(range(start, end))
    with pytest.raises(MediaError, match="no picture from 30 s on"):
        numbers(path, start_s=30)
    with pytest.raises(MediaError, match="start < end"):
        numbers(path, start_s=2, end_s=1)


@pytest.mark.parametrize(("name", "codec"), [("a.h264", "h264"), ("a.hevc", "h265")])
def test_raw_streams_are_counted_from_their_start(tmp_path, name, codec):
    path = write_clip(tmp_path / name, codec=codec, num_frames=150, options={"preset": "fast"})
    assert probe(path).duration_s == 6
    assert probe(path).video.codec == name.partition(".")[2]
    for start in (0, 13, 130):  # from 5 s on, other files are sought
        assert numbers(path, start_s=start / 25) == list(range(start, 150))
    assert numbers(path, start_s=0.48, end_s=0.8) == list(range(12, 20))


def test_no_picture(tmp_path):
    write_audio(tmp_path / "a.wav", np.zeros(1600, np.float32), 16_000)
    with pytest.raises(NoVideoError, match=r"a\.wav: has no picture"):
        next(read_frames(tmp_path / "a.wav"))


@pytest.mark.parametrize("num_clips", [1, pytest.param(15, marks=pytest.mark.slow)])
def test_originals_equal_their_copies(grid_root, num_clips):
    """A corpus' MPEG-1 originals and their re-encoded clips: 75 frames, at least 36 dB each."""
    originals = sorted((grid_root / "original").glob("*.mpg"))
    assert originals
    for original in originals[:num_clips]:
        copy = grid_root / "s1" / f"{original.stem}.mp4"
        pairs = list(zip(read_frames(original), read_frames(copy), strict=True))
        assert len(pairs) == 75
        assert min(psnr_db(a, b) for a, b in pairs) > 36


def test_memory_does_not_grow_with_length(tmp_path):
    """400 pictures of 0.9 MB (370 MB in all) are read with less than 40 MB of arrays alive."""
    path = write_clip(
        tmp_path / "clip.mp4", width=640, height=480, num_frames=100, fps=6.25, codec="h264"
    )
    tracemalloc.start()
    num_frames = sum(1 for _ in read_frames(path))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert num_frames == 400
    assert peak_bytes < 40e6
