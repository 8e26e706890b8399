"""Recordings with several sound tracks: which is read, by default, by number and by language."""

import numpy as np
import pytest

from media_clips import Sound, click_times_s, write_clip
from viseme.errors import NoAudioError
from viseme.media import probe, read_audio
from viseme.media.languages import canonical

FIRST_S, SECOND_S, THIRD_S = 0.2, 0.4, 0.6
"""Where the tracks click."""


def track(click_s, codec="aac", **about):
    return Sound(48_000, codec=codec, clicks_s=(click_s,), **about)


def heard_s(path, **options):
    [click_s] = click_times_s(read_audio(path, **options), 16_000)
    return round(click_s, 1)


@pytest.fixture(scope="module", params=["mkv", "mp4", "ts"])
def film(request, tmp_path_factory):
    """A film in French, English and German with English comments."""
    codec = "mp2" if request.param == "ts" else "aac"
    sounds = [
        track(FIRST_S, codec, language="fra"),
        track(SECOND_S, codec, language="eng"),
        track(THIRD_S, codec, language="ger"),
    ]
    path = tmp_path_factory.mktemp("film") / f"film.{request.param}"
    return write_clip(path, num_frames=25, audio=sounds)


@pytest.mark.parametrize(
    ("choice", "click_s"),
    [(1, FIRST_S), (2, SECOND_S), ("3", THIRD_S), (None, FIRST_S)]
    + [(language, FIRST_S) for language in ("fra", "fre", "fr", "FR", "fr-CA")]
    + [(language, SECOND_S) for language in ("eng", "en", "en_GB")]
    + [(language, THIRD_S) for language in ("ger", "deu", "de")],
)
def test_a_track_is_chosen_by_number_or_language(film, choice, click_s):
    assert heard_s(film, audio_track=choice) == click_s
    info = probe(film, choice).audio
    assert info.tracks[info.track - 1].number == info.track
    assert info.track == 1 + round((click_s - FIRST_S) / 0.2)


@pytest.mark.parametrize("choice", [0, 4, "99", "es", "english", ""])
def test_what_is_not_there_is_refused_and_told(film, choice):
    for read in (read_audio, probe):
        with pytest.raises(NoAudioError) as caught:
            read(film, audio_track=choice)
        assert "3 sound tracks, 1 (fra), 2 (eng) and 3 (deu)" in caught.value.what
        assert caught.value.path == film


def test_the_files_own_choice_goes_before_the_order(tmp_path):
    sounds = [track(FIRST_S), track(SECOND_S, title="Original", is_default=True)]
    path = write_clip(tmp_path / "clip.mkv", num_frames=25, audio=sounds)
    assert heard_s(path) == SECOND_S
    [remark] = probe(path).audio.remarks(None)
    assert "2 sound tracks, 1 and 2 (Original), of which 2 is read; --audio-track" in remark
    assert probe(path, 2).audio.remarks(2) == []


def test_two_tracks_of_one_language(tmp_path):
    comments = track(THIRD_S, language="eng", title="Commentary")
    voice = track(SECOND_S, language="eng", is_default=True)
    path = write_clip(tmp_path / "clip.mkv", num_frames=25, audio=[track(FIRST_S), comments, voice])
    assert heard_s(path, audio_track="en") == SECOND_S
    with pytest.raises(NoAudioError, match=r"1, 2 \(eng, Commentary\) and 3 \(eng\)"):
        read_audio(path, audio_track="fr")


def test_the_only_track_may_be_in_any_language_unless_it_says(tmp_path):
    nameless = write_clip(tmp_path / "a.mp4", num_frames=25, audio=track(FIRST_S))
    english = write_clip(tmp_path / "b.mp4", num_frames=25, audio=track(FIRST_S, language="eng"))
    assert probe(nameless).audio.remarks(None) == []
    assert heard_s(nameless, audio_track="fr") == heard_s(english, audio_track="en") == FIRST_S
    with pytest.raises(NoAudioError, match=r"there is one sound track, 1 \(eng\)"):
        read_audio(english, audio_track="fr")
    with pytest.raises(NoAudioError, match=r"there is one sound track, 1\."):
        read_audio(nameless, audio_track=2)


def test_the_picture_of_a_silent_file_can_still_be_looked_at(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", num_frames=2)
    assert probe(path, "eng").audio is None


def test_windows_of_a_track_are_slices_of_it(film):
    whole = read_audio(film, audio_track="de")
    part = read_audio(film, audio_track="de", start_s=0.2, end_s=0.7)
    assert np.allclose(part, whole[3200:11200], atol=0.02)  # a click reaches 0.8


def test_codes_of_languages():
    assert {canonical(code) for code in ("en", "eng", "EN-us", "en_GB ")} == {"eng"}
    assert {canonical(code) for code in ("zh", "zho", "chi")} == {"zho"}
    assert {canonical(code) for code in (None, "", "und", "mis", "zxx")} == {None}
    assert canonical("tlh") == "tlh"
