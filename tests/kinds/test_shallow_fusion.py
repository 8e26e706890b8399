"""A language model takes part only with the recogniser's own units."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from viseme.errors import ConfigError, ModelError
from viseme.kinds.recogniser.shallow_fusion import USUAL_WEIGHT, check_units, weighted
from viseme.models.folder import LANGUAGE_MODEL, write_model
from viseme.recognition.beam_search import SearchOptions
from viseme.systems import load_language_model
from viseme.systems.language_model import network
from viseme.text.tokenizer import CharacterTokenizer

SIZES = {"embedding_dim": 4, "dim": 8, "num_layers": 1, "num_heads": 2, "hidden_dim": 8}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = CharacterTokenizer("abc ")
    write_model(
        tmp_path,
        name="letters",
        system="language_model",
        kind=LANGUAGE_MODEL,
        config=SIZES,
        weights=network(SIZES, tokenizer.vocab_size).state_dict(),
        tokenizer=tokenizer,
        card="",
    )
    return tmp_path


def recognizer(alphabet: str) -> SimpleNamespace:
    return SimpleNamespace(name="reader", tokenizer=CharacterTokenizer(alphabet))


def test_the_same_units_fit(folder: Path) -> None:
    model = load_language_model(folder, "cpu")
    assert model.vocab_size == 6
    check_units(model, recognizer("abc "))


@pytest.mark.parametrize("alphabet", ["abd ", "cba ", "abcd "])
def test_other_units_are_refused(folder: Path, alphabet: str) -> None:
    with pytest.raises(ConfigError, match="letters has other units than reader"):
        check_units(load_language_model(folder, "cpu"), recognizer(alphabet))


def test_a_recogniser_is_no_language_model() -> None:
    with pytest.raises(ModelError, match="can read speech, it cannot score texts"):
        load_language_model("grid-s1-vsr", "cpu")


def test_weight(folder: Path) -> None:
    model = load_language_model(folder, "cpu")
    plain, own = SearchOptions(), SearchOptions(lm_weight=0.6)
    assert weighted(plain, None, None) == plain
    assert weighted(plain, model, None).lm_weight == USUAL_WEIGHT
    assert weighted(own, model, None).lm_weight == 0.6
    assert weighted(own, model, 0.1).lm_weight == 0.1
    with pytest.raises(ConfigError, match="no language model"):
        weighted(own, None, 0.1)
