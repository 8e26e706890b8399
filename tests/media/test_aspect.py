"""Pictures whose stored pixels are not square are read as players show them.

A clip is stored squeezed or stretched and says so; read, it equals the clip with square pixels, up
to what the scaling to the stored size lost.
"""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from media_clips import MATRICES, picture, psnr_db, read_number, write_clip
from viseme.errors import MediaError
from viseme.media import mux, probe, read_frames

WIDTH, HEIGHT = 320, 240
SHAPES = {  # what stores such pixels: aspect of the stored ones
    "half width": Fraction(2),
    "DVD, 16:9": Fraction(64, 45),
    "DV, PAL": Fraction(12, 11),
    "DV, NTSC": Fraction(8, 9),
    "half height": Fraction(1, 2),
}


def write_squeezed(path, aspect, shown=(WIDTH, HEIGHT), num_frames=3, **options):
    """A clip whose pictures, `shown` (width, height) px, are stored with pixels of that aspect."""
    width, height = shown
    stored = 2 * round(width / aspect / 2)
    images = [
        np.array(Image.fromarray(picture(i, width, height)).resize((stored, height)))
        for i in range(num_frames)
    ]
    size = {"width": stored, "height": height, "images": images}
    return write_clip(path, num_frames=num_frames, aspect=aspect, **size, **options)


def is_like(frame, expected):
    """Whether the picture is the expected one, of the same size up to two columns of rounding."""
    rows, columns = frame.shape[:2]
    assert abs(rows - expected.shape[0]) <= 2
    assert abs(columns - expected.shape[1]) <= 2
    resized = np.asarray(Image.fromarray(expected).resize((columns, rows)))
    return psnr_db(frame, resized) > 24


@pytest.mark.parametrize("aspect", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_pixels_become_square_before_the_turn(tmp_path, aspect, turn_deg, suffix):
    matrix = MATRICES.get(turn_deg)
    path = write_squeezed(tmp_path / f"clip{suffix}", aspect, matrix=matrix)
    info = probe(path).video
    for i, frame in enumerate(read_frames(path)):
        assert (info.width, info.height) == (frame.shape[1], frame.shape[0])
        assert is_like(frame, np.rot90(picture(i, WIDTH, HEIGHT), -turn_deg // 90))


@pytest.mark.parametrize("aspect", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("clip.mkv", "h264"),
        ("clip.ts", "h264"),
        ("clip.avi", "mpeg4"),
        ("clip.mp4", "vp9"),  # which only the container can tell
        ("clip.h264", "h264"),
    ],
)
def test_whoever_says_it(tmp_path, aspect, name, codec):
    path = write_squeezed(tmp_path / name, aspect, codec=codec)
    for i, frame in enumerate(read_frames(path)):
        assert is_like(frame, picture(i, WIDTH, HEIGHT))


def test_a_programme_stream_says_the_shape_of_its_picture(tmp_path):
    """MPEG-2 knows 4:3 and 16:9 alone; interlaced as on DVD."""
    shown = (426, 240)
    path = write_squeezed(
        tmp_path / "clip.mpg",
        Fraction(426, 320),
        shown,
        num_frames=12,
        codec="mpeg2",
        options={"flags": "+ildct+ilme"},
        interlaced=True,
    )
    info = probe(path).video
    assert info.interlaced
    assert abs(info.width - 426) <= 2
    for i, frame in enumerate(read_frames(path)):
        assert read_number(frame) == i
        assert frame.shape == (info.height, info.width, 3)


@pytest.mark.parametrize("aspect", [None, Fraction(1), Fraction(1, 50), Fraction(1000)])
def test_square_pixels_are_not_touched(tmp_path, aspect):
    """Neither are those of files that say nothing, or what cannot be."""
    path = write_clip(tmp_path / "clip.mp4", num_frames=5, aspect=aspect)
    with av.open(str(path)) as container:
        stored = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert np.array_equal(list(read_frames(path)), stored)


def test_max_height_counts_rows_as_shown(tmp_path):
    path = write_squeezed(tmp_path / "clip.mp4", Fraction(2))
    assert next(read_frames(path, max_height=120)).shape == (120, 160, 3)
    path = write_squeezed(tmp_path / "turned.mp4", Fraction(2), matrix=MATRICES[90])
    assert next(read_frames(path, max_height=160)).shape == (160, 120, 3)


def test_a_change_on_the_way_keeps_every_shape(tmp_path):
    """A broadcast goes from wide to narrow pixels: the later picture stands between black bars."""
    wide = write_squeezed(tmp_path / "wide.h264", Fraction(2), num_frames=25)
    narrow = write_squeezed(tmp_path / "narrow.h264", Fraction(1), (160, 240), num_frames=25)
    both = tmp_path / "both.h264"
    both.write_bytes(wide.read_bytes() + narrow.read_bytes())
    frames = list(read_frames(both))
    assert len(frames) == 50
    assert {frame.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    assert is_like(frames[10], picture(10, WIDTH, HEIGHT))
    assert frames[40][:, :76].max() < 30
    assert frames[40][:, 244:].max() < 30
    assert is_like(frames[40][:, 80:240], picture(15, 160, 240))


@pytest.mark.parametrize(("codec", "suffix"), [("h264", ".mkv"), ("h264", ".mp4"), ("vp9", ".mp4")])
def test_a_copy_with_other_sound_keeps_the_shape(tmp_path, codec, suffix):
    path = write_squeezed(tmp_path / "clip.mp4", Fraction(2), codec=codec)
    copy = tmp_path / f"copy{suffix}"
    mux(path, np.zeros(1600, np.float32), copy)
    assert np.array_equal(list(read_frames(copy)), list(read_frames(path)))


def test_a_copy_that_cannot_keep_the_shape_is_refused(tmp_path):
    path = write_squeezed(tmp_path / "clip.mp4", Fraction(2), codec="vp9")
    with pytest.raises(MediaError, match=r"clip\.mp4: has pixels 2 times as wide .* \.mp4 or"):
        mux(path, np.zeros(1600, np.float32), tmp_path / "copy.mkv")
    assert not (tmp_path / "copy.mkv").exists()
