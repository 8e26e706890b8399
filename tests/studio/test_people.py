"""People by number: the same ones every time, all different, nobody in two splits."""

import dataclasses

import numpy as np
import pytest

from viseme.errors import ConfigError
from viseme.studio.people import FIRST_NUMBER, NUM_AXES, people, person, skin_colour


def same(one, other) -> bool:
    one, other = (dict(vars(each)) for each in (one, other))
    shapes = one.pop("shape"), other.pop("shape")
    return one == other and np.array_equal(*shapes)


def test_a_number_is_always_the_same_person() -> None:
    assert same(person(42), person(42))
    assert not same(person(42), dataclasses.replace(person(42, seed=1)))
    assert person(42).id == "p0042"


def test_nobody_is_in_two_splits_or_twice_in_one() -> None:
    everyone = [someone for split in FIRST_NUMBER for someone in people(split, 40)]
    assert len({someone.id for someone in everyone}) == len(everyone) == 120
    assert len({someone.shape.tobytes() for someone in everyone}) == len(everyone)


def test_more_people_leave_the_first_as_they_are() -> None:
    few, many = people("val", 3), people("val", 9)
    assert all(map(same, few, many))


def test_traits_stay_in_their_ranges() -> None:
    for someone in people("train", 200):
        assert someone.shape.shape == (NUM_AXES,)
        assert someone.shape.dtype == np.float32
        assert np.abs(someone.shape).max() <= 1.2
        colours = np.array([someone.skin, someone.lips, someone.hair, someone.iris])
        assert colours.min() >= 0
        assert colours.max() <= 1
        assert 0 <= someone.skin_roughness <= 1
        manner = someone.articulation
        assert min(manner.jaw, manner.lips, manner.anticipation) >= 0.6
        assert max(manner.jaw, manner.lips, manner.anticipation) <= 1.4
        assert abs(manner.asymmetry) <= 0.3


def test_half_are_women_and_all_tones_of_skin_occur() -> None:
    crowd = people("train", 200)
    assert sum(someone.sex == "female" for someone in crowd) == 100
    green = np.array([someone.skin[1] for someone in crowd])
    low, high = np.quantile(green, [0.1, 0.9])
    assert low < 0.12
    assert high > 0.4


def test_skin_is_redder_than_it_is_blue_and_lips_redder_still() -> None:
    for someone in people("train", 200):
        red, green, blue = someone.skin
        assert red > green > blue
        assert someone.lips[0] / someone.lips[1] > red / green


def test_melanin_darkens_and_blood_reddens() -> None:
    pale, dark = skin_colour(0.1, 0.3), skin_colour(3.0, 0.3)
    assert all(light > deep for light, deep in zip(pale, dark, strict=True))
    flushed = skin_colour(0.1, 0.6)
    assert flushed[0] / flushed[1] > pale[0] / pale[1]


def test_fair_hair_comes_with_fair_skin() -> None:
    crowd = people("train", 400)
    fair = [someone.skin[1] for someone in crowd if someone.hair[0] > 1.6 * someone.hair[1]]
    assert np.median(fair) > np.median([someone.skin[1] for someone in crowd])


@pytest.mark.parametrize(("split", "count"), [("dev", 1), ("train", -1), ("train", 1_000_001)])
def test_impossible_people_are_refused(split: str, count: int) -> None:
    with pytest.raises(ConfigError):
        people(split, count)


def test_a_negative_number_is_nobody() -> None:
    with pytest.raises(ConfigError, match="-1"):
        person(-1)
