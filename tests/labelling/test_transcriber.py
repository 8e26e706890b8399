"""A clip's way to its text: language, pieces, writing, confidence, origin; and what is unfit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_labeller import PAUSE_S, TONE_S, ToneCounter, tones, write_tones
from media_clips import Sound, click_times_s, write_clip
from viseme.data.corpora.id_list import UNKNOWN_LANGUAGE
from viseme.data.manifest import Clip, read_manifest
from viseme.data.outcomes import UnfitError
from viseme.errors import ConfigError
from viseme.labelling.labeller import SAMPLE_RATE_HZ, Label, Piece
from viseme.labelling.streams import read_sound
from viseme.labelling.transcriber import LabelConfig, Transcriber
from viseme.media import write_audio, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    (only,) = read_manifest(write_tones(tmp_path_factory.mktemp("tones"), [2]))
    return only


def code_of(clip: Clip, transcriber: Transcriber) -> str:
    with pytest.raises(UnfitError) as caught:
        transcriber.annotate(clip)
    return caught.value.code


def test_text_and_origin_stand_in_the_row(clip: Clip) -> None:
    found = Transcriber(ToneCounter(heard_language="en")).annotate(clip)
    assert found.text == "tone one tone two"
    assert (found.label_source, found.confidence, found.language) == ("tones", 0.75, "en")
    assert found.words[2].word == "tone"
    assert found.words[2].start_s == pytest.approx(PAUSE_S + TONE_S + PAUSE_S)
    assert found.extra == {
        "place": 0,
        "label": {
            "model": "counter",
            "version": "7",
            "settings": {"sure": 0.75},
            "writing": "viseme",
            "pieces": 1,
            "heard_language": ["en", 0.9],
        },
    }


def test_a_long_clip_is_labelled_piece_by_piece_in_one_time(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tones(9), SAMPLE_RATE_HZ)
    config = LabelConfig(max_piece_s=3.0)
    found = Transcriber(ToneCounter(), config).annotate(Clip("a", audio=tmp_path / "a.wav"))
    assert found.extra["label"]["pieces"] > 2
    assert found.text is not None
    assert found.text.count("tone") == 9
    starts_s = [word.start_s for word in found.words if word.word == "tone"]
    expected = [PAUSE_S + i * (TONE_S + PAUSE_S) for i in range(9)]
    assert starts_s == pytest.approx(expected, abs=0.011)


def test_only_a_part_of_a_file_is_heard(clip: Clip) -> None:
    part = replace(clip, start_s=PAUSE_S + TONE_S)
    assert Transcriber(ToneCounter()).annotate(part).text == "tone one"


def test_without_word_times_there_is_a_text(clip: Clip) -> None:
    found = Transcriber(ToneCounter(is_timed=False)).annotate(clip)
    assert (found.text, found.words) == ("tone one tone two", [])


def test_the_paper_writes_otherwise(clip: Clip) -> None:
    found = Transcriber(ToneCounter(), LabelConfig(writing="auto_avsr")).annotate(clip)
    assert found.text == "TONE 1 TONE 2"


def test_languages_are_checked_where_they_can_be(clip: Clip) -> None:
    german = Transcriber(ToneCounter(heard_language="de"))
    assert code_of(clip, german) == "other_language"
    assert german.annotate(replace(clip, language="de")).language == "de"
    wanted = Transcriber(ToneCounter(heard_language="de"), LabelConfig(language="de"))
    assert wanted.annotate(clip).language == "de"
    unsure = Transcriber(ToneCounter(heard_language="de"), LabelConfig(sure_language=0.95))
    assert unsure.annotate(clip).language == "en"
    english = Transcriber(ToneCounter(able=("en",)))
    assert code_of(replace(clip, language="de"), english) == "unsupported_language"
    assert english.annotate(clip).extra["label"]["heard_language"] is None


def test_an_unknown_language_is_the_one_heard(clip: Clip) -> None:
    unknown = replace(clip, language=UNKNOWN_LANGUAGE)
    german = Transcriber(ToneCounter(heard_language="de"))
    assert german.annotate(unknown).language == "de"
    told = Transcriber(ToneCounter(), LabelConfig(language="en"))
    assert told.annotate(unknown).language == "en"
    unsure = Transcriber(ToneCounter(heard_language="de"), LabelConfig(sure_language=0.95))
    for labeller in (unsure, Transcriber(ToneCounter()), Transcriber(ToneCounter(able=("en",)))):
        assert code_of(unknown, labeller) == "unsupported_language"


class Translator(ToneCounter):
    """Takes long pieces for German, others for English; writes what it was asked for or hears."""

    def label(self, piece: Piece, language: str) -> Label:
        assert piece.audio is not None
        heard = "de" if len(piece.audio) > 2.1 * SAMPLE_RATE_HZ else "en"
        text = heard if language == UNKNOWN_LANGUAGE else language
        return Label(text, [], 0.75, heard, 0.9)


def test_all_pieces_are_written_in_one_language(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tones(6), SAMPLE_RATE_HZ)
    transcriber = Transcriber(Translator(), LabelConfig(max_piece_s=3.0))
    clip = Clip("a", audio=tmp_path / "a.wav", language=UNKNOWN_LANGUAGE)
    found = transcriber.annotate(clip)
    assert found.language == "de"
    assert found.extra["label"]["heard_language"] == ["de", 0.6]  # in two pieces of three
    assert set(str(found.text).split()) == {"de"}


def test_unsure_texts_are_left_out_on_demand(clip: Clip) -> None:
    assert code_of(clip, Transcriber(ToneCounter(), LabelConfig(min_confidence=0.8))) == "unsure"


def test_one_of_several_sound_tracks_is_heard(tmp_path: Path) -> None:
    sounds = [
        Sound(48_000, codec="flac", clicks_s=clicks_s, language=language)
        for clicks_s, language in (((0.2,), "fra"), ((0.8,), "eng"))
    ]
    film = write_clip(tmp_path / "film.mkv", num_frames=25, audio=sounds)
    for track, click_s in ((None, 0.2), ("en", 0.8), (2, 0.8)):
        heard = read_sound(Clip("a", video=film), track)
        assert click_times_s(heard, SAMPLE_RATE_HZ) == pytest.approx([click_s], abs=0.01)
        config = LabelConfig(audio_track=track)
        assert Transcriber(ToneCounter(), config).identity["audio_track"] == track
    nothing = Transcriber(ToneCounter(), LabelConfig(audio_track="de"))
    with pytest.raises(UnfitError, match=r"no sound track de; there are .*fra.*eng") as caught:
        nothing.annotate(Clip("a", video=film))
    assert caught.value.code == "no_sound"


def test_what_cannot_be_labelled_says_why(tmp_path: Path, clip: Clip) -> None:
    silent, noise, mute = (tmp_path / name for name in ("silent.wav", "noise.wav", "mute.mp4"))
    write_audio(silent, np.zeros(SAMPLE_RATE_HZ, np.float32), SAMPLE_RATE_HZ)
    write_audio(noise, np.full(SAMPLE_RATE_HZ, 0.05, np.float32), SAMPLE_RATE_HZ)
    write_video(mute, np.zeros((5, 96, 96), np.uint8), 25)
    hears, sees = Transcriber(ToneCounter()), Transcriber(ToneCounter(modality="video"))
    assert code_of(Clip("a"), hears) == "no_sound"
    assert code_of(Clip("a", video=mute), hears) == "no_sound"
    assert code_of(Clip("a", audio=tmp_path / "gone.wav"), hears) == "unreadable"
    assert code_of(Clip("a", audio=silent), hears) == "silent"
    assert code_of(Clip("a", audio=noise), hears) == "no_speech"
    assert code_of(clip, sees) == "no_video"
    assert code_of(Clip("a", video=mute, end_s=0.1), sees) == "not_prepared"
    assert code_of(Clip("a", video=silent), sees) == "unreadable"


@pytest.mark.parametrize(
    "settings",
    [{"writing": "own"}, {"min_confidence": 1.5}, {"sure_language": -1}, {"max_piece_s": 0}],
)
def test_settings_are_checked(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings)).split("_")[0]):
        LabelConfig(**settings)
