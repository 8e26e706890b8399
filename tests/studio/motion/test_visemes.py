"""Every sound has a place on the lips."""
# ruff: noqa: RUF001

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viseme.studio.motion.shapes import ARTICULATORS, SHAPES, indices, unit_weights
from viseme.studio.motion.visemes import SOUNDS, visemes
from viseme.studio.performance import UNITS


@pytest.mark.parametrize("name", SOUNDS)
def test_every_letter_is_in_one_class_that_has_a_shape(name: str) -> None:
    assert name in SHAPES
    for letter in SOUNDS[name]:
        assert sum(letter in letters for letters in SOUNDS.values()) == 1
        assert visemes(letter) == (name,)


@pytest.mark.parametrize(
    ("symbol", "classes"),
    [
        ("", ("rest",)),
        ("ˈ", ("rest",)),
        ("iː", ("close_front",)),
        ("tʃ", ("alveolar", "postalveolar")),
        ("t͡ʃ", ("alveolar", "postalveolar")),
        ("ʧ", ("alveolar", "postalveolar")),
        ("aɪ", ("open", "near_close")),
        ("I", ("open", "near_close")),
        ("pf", ("bilabial", "labiodental")),
        ("ç", ("palatal",)),
        ("ɐ̃", ("near_open",)),
        ("kʷ", ("back", "lip_glide")),
        ("sˤ", ("sibilant",)),
        ("tʲ", ("alveolar",)),
        ("mː", ("bilabial",)),
        ("ɑ5", ("open",)),
        ("ts", ("alveolar", "sibilant")),
        ("pʰ", ("bilabial",)),
        ("ɔø", ("open_round", "front_mid_round")),
        ("b̪", ("bilabial",)),
    ],
)
def test_symbols_of_the_ten_languages(symbol: str, classes: tuple[str, ...]) -> None:
    assert visemes(symbol) == classes


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("ƀ", "bilabial"),
        ("ᵽ", "bilabial"),
        ("ꝋ", "mid_round"),
        ("щ", "back"),
        ("ㄅ", "bilabial"),
        ("ش", "back"),
    ],
)
def test_unknown_letters_fall_back_on_the_letter_in_their_name(symbol: str, name: str) -> None:
    assert visemes(symbol) == (name,)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=5))
def test_no_symbol_is_an_error(symbol: str) -> None:
    names = visemes(symbol)
    assert names
    assert set(names) <= set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_within_reach(name: str) -> None:
    shape = SHAPES[name]
    weights = unit_weights(shape.weights)
    assert weights.shape == (len(UNITS),)
    assert ((weights >= 0) & (weights <= 1)).all()
    assert len(shape.dominance) == len(ARTICULATORS)
    assert all(value > 0 for value in shape.dominance)
    assert set(shape.held) <= set(ARTICULATORS)


def test_every_unit_of_a_shape_belongs_to_one_articulator() -> None:
    owned = [unit for articulator in ARTICULATORS for unit in indices(articulator)]
    assert len(owned) == len(set(owned))
    for shape in SHAPES.values():
        assert set(unit_weights(shape.weights).nonzero()[0]) <= set(owned)
