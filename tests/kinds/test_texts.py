"""What a recogniser writes in is learned from its clips, or taken from the model it starts from."""

from pathlib import Path

import pytest

from viseme.data.manifest import Clip
from viseme.data.splits import Splits
from viseme.errors import ConfigError, ManifestError
from viseme.kinds.recogniser.finish import initial_models
from viseme.kinds.recogniser.texts import learn_texts, with_texts
from viseme.models import open_model
from viseme.text.transcript import Word


def clip(name: str, text: str | None, *words: str) -> Clip:
    return Clip(name, text=text, words=[Word(word, 0.0, 1.0) for word in words])


def splits(train: list[Clip], val: list[Clip]) -> Splits:
    return Splits(train, val, Path("m.jsonl"), ("train", "more"), "dev")


def test_clips_without_text_are_left_out_and_a_split_without_any_is_named() -> None:
    some, none = clip("a", "up"), clip("b", None)
    assert with_texts(splits([some, none], [some])).train == [some]
    with pytest.raises(ManifestError, match="no transcribed clips of split train, more"):
        with_texts(splits([none], [some]))
    with pytest.raises(ManifestError, match="no transcribed clips of split dev"):
        with_texts(splits([some], [none]))


def test_characters_cover_the_val_texts_and_the_alphabet() -> None:
    texts = learn_texts(splits([clip("a", "up")], [clip("b", "übel")]), "character", 0)
    assert texts.tokenizer.decode(texts.tokenizer.encode("quiz über")) == "quiz über"
    assert texts.vocabulary == {}


def test_words_are_numbered_from_the_train_clips_when_they_are_wanted() -> None:
    clips = splits([clip("a", "up down", "up", "down"), clip("b", "up", "up")], [clip("c", "left")])
    texts = learn_texts(clips, "character", 0, with_words=True)
    assert texts.vocabulary == {"down": 1, "up": 2}


def test_fewer_units_than_characters_is_an_error_with_a_way_out() -> None:
    with pytest.raises(ConfigError, match=r"Set --training\.tokenizer character"):
        learn_texts(splits([clip("a", "quick")], [clip("b", "up")]), "sentencepiece", 2)


def test_the_tokenizer_is_that_of_the_first_initial_model_and_must_fit() -> None:
    initial = initial_models(["grid-s1-vsr", "grid-s1-asr"])
    texts = learn_texts(splits([clip("a", "up")], [clip("b", "bin")]), "character", 0, initial)
    assert texts.tokenizer.units == open_model("grid-s1-vsr").tokenizer().units
    with pytest.raises(ManifestError, match="clip 'a' does not fit the model to start from"):
        learn_texts(splits([clip("a", "straße 9")], [clip("b", "x")]), "character", 0, initial)
