"""Words that look alike: the pairs that everybody knows, and sentences around them."""

import pytest

from viseme.studio.sentences.homophenes import homophene_sets, homophenes
from viseme.studio.sentences.source import sentence


@pytest.mark.parametrize(
    ("word", "other"), [("pat", "bat"), ("bat", "mat"), ("fan", "van"), ("bad", "man"), ("sip", "")]
)
def test_known_pairs(word: str, other: str) -> None:
    found = homophenes(word)
    assert (other in found) if other else found == ()
    assert word not in found


@pytest.mark.parametrize(("word", "other"), [("bat", "cat"), ("pen", "pan"), ("fan", "pan")])
def test_words_that_look_different_are_in_different_sets(word: str, other: str) -> None:
    assert homophenes(word)
    assert other not in homophenes(word)


def test_every_word_is_in_one_set() -> None:
    words = [word for words in homophene_sets() for word in words]
    assert len(words) == len(set(words))
    assert len(homophene_sets()) > 60


def test_every_sentence_holds_a_homophene() -> None:
    for index in range(200):
        assert any(homophenes(word) for word in sentence("homophenes", "train", index).split())
