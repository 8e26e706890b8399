"""Sound: rates, channels, places in time, blocks."""

import numpy as np
import pytest

from media_clips import Sound, click_times_s, sound, write_clip
from viseme.errors import NoAudioError
from viseme.media import iter_audio, probe, read_audio, read_frames, write_audio

CLICKS_S = (0.5, 1.6)


@pytest.mark.parametrize(
    ("name", "video", "codec", "tolerance_s"),
    [
        ("clip.mp4", "h264", "aac", 0.002),
        ("clip.mkv", "h265", "flac", 0.002),
        ("clip.webm", "vp9", "libopus", 0.002),
        ("clip.avi", "mpeg4", "pcm_s16le", 0.002),
        ("clip.mpg", "mpeg1", "mp2", 0.002),
        ("clip.ts", "h264", "aac", 0.025),  # cannot say how long its encoder took to start
    ],
)
@pytest.mark.parametrize("delay_s", [0.0, 0.08, 0.48])
def test_picture_and_sound_stay_together(tmp_path, name, video, codec, tolerance_s, delay_s):
    if delay_s and name.endswith(("avi", "ts")):
        pytest.skip("stores no delay, or wraps around before it")
    clip = {"codec": video, "num_frames": 50, "audio": Sound(48_000, codec=codec, clicks_s=(1.0,))}
    path = write_clip(
        tmp_path / name,
        **clip,
        delay_s=delay_s,
        audio_delay_s=delay_s,
        numbers=[1 if i == 25 else 0 for i in range(50)],
    )
    flash = [i for i, frame in enumerate(read_frames(path)) if frame[:30, :20].mean() > 128]
    clicks_s = click_times_s(read_audio(path), 16_000)
    assert flash == [25]
    assert clicks_s == pytest.approx([1.0], abs=tolerance_s)


@pytest.mark.parametrize("late_s", [0.08, 0.48])
def test_late_picture(tmp_path, late_s):
    """A slightly late picture is time zero; before a much later one, the sound keeps its start."""
    path = write_clip(
        tmp_path / "clip.mkv",
        num_frames=50,
        delay_s=late_s,
        audio=Sound(48_000, codec="flac", clicks_s=(1.0,)),
    )
    num_frames = len(list(read_frames(path)))
    [click_s] = click_times_s(read_audio(path), 16_000)
    assert num_frames == (50 if late_s < 0.1 else 62)
    assert click_s == pytest.approx(1.0 - late_s if late_s < 0.1 else 1.0, abs=0.002)


@pytest.mark.parametrize("late_s", [0.3, 2.0])
@pytest.mark.parametrize("name", ["clip.mkv", "clip.mp4", "clip.mov"])
def test_late_sound_is_preceded_by_silence(tmp_path, name, late_s):
    spec = Sound(48_000, codec="aac" if name == "clip.mov" else "flac", clicks_s=(1.0,))
    path = write_clip(tmp_path / name, num_frames=50, audio_delay_s=late_s, audio=spec)
    samples, late = read_audio(path), round(late_s * 16_000)
    assert click_times_s(samples, 16_000) == pytest.approx([late_s + 1], abs=0.002)
    assert np.abs(samples[: late - 400]).max() < 1e-4
    assert np.abs(samples[late + 100 : late + 1_200]).max() > 5e-3
    # and so in windows before its beginning, across it and after it
    for start_s, end_s in ((0, late_s / 2), (late_s / 2, late_s + 1.5), (late_s + 0.5, late_s + 2)):
        part = read_audio(path, start_s=start_s, end_s=end_s)
        heard_s = [start_s + t for t in click_times_s(part, 16_000)]
        assert heard_s == pytest.approx([late_s + 1] * (end_s > late_s + 1), abs=0.002)


def test_the_voice_that_starts_two_seconds_late(case):
    path = case("voice_starts_two_seconds_late.mkv")
    samples = read_audio(path)
    assert len(samples) == pytest.approx(4.98 * 16_000, abs=800)
    assert np.abs(samples[: round(1.95 * 16_000)]).max() < 1e-4
    assert np.abs(samples[round(2.1 * 16_000) :]).max() > 0.05
    assert len(list(read_frames(path))) == 75


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_rates_and_channels(tmp_path, rate_hz, layout):
    spec = Sound(rate_hz, layout, "flac", CLICKS_S)
    path = write_clip(tmp_path / "clip.mkv", num_frames=50, audio=spec)
    info = probe(path).audio
    assert (info.sample_rate_hz, info.channels) == (
        rate_hz,
        {"mono": 1, "stereo": 2, "5.1": 6}[layout],
    )
    samples = read_audio(path)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(32_000, abs=2)
    assert click_times_s(samples, 16_000) == pytest.approx(CLICKS_S, abs=0.002)
    # every channel carries the same, so that their mean is as loud as one
    assert np.abs(samples).max() == pytest.approx(0.81, abs=0.03)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_sound_files(tmp_path, suffix):
    samples = sound(Sound(16_000, clicks_s=CLICKS_S), 2.0)
    write_audio(tmp_path / f"a{suffix}", samples, 16_000)
    info = probe(tmp_path / f"a{suffix}")
    assert info.video is None
    assert info.duration_s == pytest.approx(2.0, abs=0.08)
    back = read_audio(tmp_path / f"a{suffix}")
    assert click_times_s(back, 16_000) == pytest.approx(CLICKS_S, abs=0.002)
    if suffix in (".wav", ".flac"):
        np.testing.assert_allclose(back, samples, atol=1 / 32_000)


@pytest.mark.parametrize("block_s", [0.01, 0.3, 100.0])
def test_blocks_join_to_the_whole(tmp_path, block_s):
    path = write_clip(tmp_path / "clip.mp4", num_frames=50, audio=Sound(clicks_s=CLICKS_S))
    for window in ({}, {"start_s": 0.31, "end_s": 1.7}):
        blocks = list(iter_audio(path, block_s=block_s, **window))
        assert all(len(block) == round(block_s * 16_000) for block in blocks[:-1])
        np.testing.assert_array_equal(np.concatenate(blocks), read_audio(path, **window))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_window_is_a_slice(tmp_path, suffix):
    clicks_s = tuple(np.arange(0.5, 12, 1))
    path = write_clip(
        tmp_path / f"clip{suffix}",
        num_frames=300,
        width=32,
        height=32,
        audio=Sound(clicks_s=clicks_s),
    )
    samples = read_audio(path, start_s=8.2, end_s=10.2)
    assert len(samples) == 32_000
    assert click_times_s(samples, 16_000) == pytest.approx([0.3, 1.3], abs=0.002)
    assert len(read_audio(path, start_s=30)) == 0


def test_no_sound(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=2)
    with pytest.raises(NoAudioError, match=r"clip\.mp4: has no sound"):
        read_audio(path)
