"""Speech and feeling on one face: never more than 1, and speech stays readable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.studio.motion.blending import blend, either
from viseme.studio.motion.coarticulation import Speech
from viseme.studio.motion.shapes import unit_weights
from viseme.studio.performance import UNIT_INDEX

weights = st.floats(0, 1)


def blended(
    said: dict[str, float], felt: dict[str, float], closure: float = 0.0, activity: float = 1.0
):
    """The weights (U,) of one frame."""
    speech = Speech(unit_weights(said)[None], np.array([closure]), np.array([activity]))
    return blend(speech, unit_weights(felt)[None])[0]


@given(weights, weights)
def test_two_at_once_are_more_than_each_and_never_more_than_one(a: float, b: float) -> None:
    both = either(np.array(a), np.array(b))
    assert max(a, b) - 1e-12 <= both <= min(1, a + b) + 1e-12
    assert both == pytest.approx(either(np.array(b), np.array(a)))


def test_a_feeling_is_whole_at_rest_and_leaves_the_jaw_to_speech() -> None:
    felt = {"jawOpen": 0.8, "mouthSmile": 0.6, "browInnerUp": 0.5}
    np.testing.assert_allclose(blended({}, felt, activity=0.0), unit_weights(felt))
    speaking = blended({}, felt)
    assert speaking[UNIT_INDEX["browInnerUp"]] == pytest.approx(0.5)
    assert speaking[UNIT_INDEX["jawOpen"]] < 0.2
    assert 0.3 < speaking[UNIT_INDEX["mouthSmileLeft"]] < 0.6


@pytest.mark.parametrize("unit", ["jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthFunnel"])
def test_no_feeling_parts_lips_that_speech_holds_closed(unit: str) -> None:
    assert blended({}, {unit: 1.0}).any()
    assert not blended({}, {unit: 1.0}, closure=1.0).any()


@pytest.mark.parametrize("rounded", ["mouthPucker", "mouthFunnel"])
@pytest.mark.parametrize("spread", ["mouthSmile", "mouthStretch", "mouthDimple"])
def test_rounded_lips_are_not_spread(rounded: str, spread: str) -> None:
    index = UNIT_INDEX[f"{spread}Left"]
    free, round_ = blended({}, {spread: 1.0}), blended({rounded: 1.0}, {spread: 1.0})
    assert round_[index] < 0.5 * free[index]
