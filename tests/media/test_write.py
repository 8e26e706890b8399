"""What is written is what is read back, and appears whole or not at all."""

from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest

from media_clips import MATRICES, Sound, click_times_s, picture, psnr_db, sound, write_clip
from viseme.errors import MediaError
from viseme.media import VideoWriter, mux, probe, read_audio, read_frames, write_audio, write_video

VOICE = sound(Sound(16_000, clicks_s=(0.5,)), 1.0)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "h264"), ("a.mkv", "h265"), ("a.webm", "vp9"), ("a.avi", "h264"), ("a.mkv", "ffv1")],
)
def test_round_trip(tmp_path, name, codec):
    frames = [picture(i) for i in range(25)]
    write_video(tmp_path / name, frames, 25, VOICE, 16_000, codec=codec)
    back = list(read_frames(tmp_path / name, on_warning=pytest.fail))
    assert min(psnr_db(a, b) for a, b in zip(frames, back, strict=True)) > 35
    assert click_times_s(read_audio(tmp_path / name), 16_000) == pytest.approx([0.5], abs=0.002)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_colon_makes_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("10:00").mkdir()
    for name in ("10:15.mp4", "10:00/a.mp4"):
        write_video(name, [picture(0)] * 5, 25)
        assert probe(name).duration_s == 0.2
        assert len(list(read_frames(name))) == 5
    write_audio("10:15.wav", VOICE, 16_000)
    assert len(read_audio("10:15.wav")) == 16_000


def test_names_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / f"{'好' * 83}.mp4"  # 253 bytes
    write_video(path, [picture(0)], 25)
    write_audio(path.with_suffix(".wav"), VOICE, 16_000)
    assert sorted(tmp_path.iterdir()) == [path, path.with_suffix(".wav")]


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "ffv1"), ("a.mp4", "h264")])
@pytest.mark.parametrize("grey", [True, False])
def test_lossless_keeps_every_pixel(tmp_path, name, codec, grey):
    noise = np.random.default_rng(0).integers(0, 256, (5, 95, 97, 3), np.uint8)
    frames = noise[:, :94, :96, 0] if grey else noise
    write_video(tmp_path / name, frames, 25, codec=codec, lossless=True)
    back = np.stack(list(read_frames(tmp_path / name)))
    np.testing.assert_array_equal(back, np.repeat(frames[..., None], 3, -1) if grey else frames)


def test_odd_sizes_repeat_the_last_row_and_column(tmp_path):
    write_video(tmp_path / "a.mp4", [picture(i, 161, 121) for i in range(3)], 25)
    frame = next(read_frames(tmp_path / "a.mp4"))
    assert frame.shape == (122, 162, 3)
    assert psnr_db(frame[:121, :161], picture(0, 161, 121)) > 35


def test_failure_leaves_nothing_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("old")
    with suppress(RuntimeError), VideoWriter(path, 25) as writer:
        writer.write_frame(picture(0))
        raise RuntimeError
    with pytest.raises(MediaError, match="pictures of one size"):
        write_video(path, [picture(0), picture(1, 80, 60)], 25)
    with pytest.raises(MediaError, match="given no picture"):
        write_video(path, [], 25)
    with pytest.raises(MediaError, match="cannot be written"):
        write_video(tmp_path / "a.nothing", [picture(0)], 25)
    with pytest.raises(MediaError, match="cannot be written as sound"):
        write_audio(tmp_path / "a.nothing", VOICE, 16_000)
    with pytest.raises(MediaError, match="no lossless codec"):
        VideoWriter(path, 25, codec="vp9", lossless=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv"])
def test_mux_copies_the_picture(tmp_path, name):
    path = write_clip(tmp_path / name, num_frames=25, matrix=MATRICES[90], audio=Sound())
    mux(path, VOICE, tmp_path / "out.mp4")
    assert packets(tmp_path / "out.mp4") == packets(path)
    assert probe(tmp_path / "out.mp4").video.rotation_deg == 90
    out = tmp_path / "out.mp4"
    assert click_times_s(read_audio(out), 16_000) == pytest.approx([0.5], abs=0.002)
    write_audio(tmp_path / "voice.wav", VOICE, 16_000)
    mux(path, tmp_path / "voice.wav", out)
    assert click_times_s(read_audio(out), 16_000) == pytest.approx([0.5], abs=0.002)
