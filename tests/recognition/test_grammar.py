"""Grammars: the automaton accepts exactly the sentences, and files are read or refused."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viseme.errors import ConfigError
from viseme.recognition.grammar import START, WordGrammar, load_grammar
from viseme.text.tokenizer import CharacterTokenizer

words = st.text("ab", min_size=1, max_size=3)
slots = st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=3)


def characters(text: str) -> list[int]:
    """One token a character."""
    return [" abcdefghijklmnopqrstuvwxyz".index(char) + 1 for char in text]


def subwords(text: str) -> list[int]:
    """One token for a word's first letter and others for the rest; no separator, like pieces."""
    return [
        token
        for word in text.split()
        for token in (ord(word[0]) - 96, *(ord(char) - 96 + 30 for char in word[1:]))
    ]


def ambiguous(text: str) -> list[int]:
    """One token a letter and none for the space, so that words run into each other."""
    return [ord(char) - 96 for char in text if char != " "]


def sentences(grammar: WordGrammar, max_tokens: int) -> list[tuple[int, ...]]:
    """Every accepted token sequence up to a length."""
    found, open_states = [], [((), START)]
    while open_states:
        tokens, state = open_states.pop()
        if grammar.may_end(state):
            found.append(tokens)
        if len(tokens) < max_tokens:
            following = grammar.next_tokens(state).items()
            open_states += [((*tokens, token), after) for token, after in following]
    return found


@pytest.mark.parametrize("encode", [characters, subwords, ambiguous])
@settings(deadline=None, max_examples=30)
@given(slots=slots)
def test_slots_accept_each_sentence_once(encode, slots: list[list[str]]) -> None:
    found = sentences(WordGrammar(slots, encode), max_tokens=20)
    assert len(found) == len(set(found))
    expected = {(*encode(" ".join(choice)),) for choice in itertools.product(*slots)}
    assert set(found) == expected


@pytest.mark.parametrize("encode", [characters, subwords, ambiguous])
@settings(deadline=None, max_examples=30)
@given(listed=st.lists(words, min_size=1, max_size=3))
def test_word_lists_accept_any_sequence(encode, listed: list[str]) -> None:
    found = sentences(WordGrammar.from_words(listed, encode), max_tokens=6)
    expected = {
        (*encode(" ".join(choice)),)
        for length in range(1, 7)
        for choice in itertools.product(set(listed), repeat=length)
    }
    assert set(found) == {tokens for tokens in expected if len(tokens) <= 6}
    assert len(found) == len(set(found))


def accepts(grammar: WordGrammar, tokens: list[int]) -> bool:
    state = START
    for token in tokens:
        if token not in grammar.next_tokens(state):
            return False
        state = grammar.next_tokens(state)[token]
    return grammar.may_end(state)


def test_the_grid_grammar_is_the_published_one() -> None:
    grammar = load_grammar("grid", characters)
    for good in ("bin blue at f two now", "set white with z zero soon"):
        assert accepts(grammar, characters(good))
    for bad in ("bin blue at w two now", "bin blue at f two", "bin blue at f ten now", "bin"):
        assert not accepts(grammar, characters(bad))


def test_word_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "commands.words"
    path.write_text("# what the robot knows\nstop\n\nstart\n")
    grammar = load_grammar(path, characters)
    assert accepts(grammar, characters("start stop stop"))
    assert not accepts(grammar, characters("starts"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.grammar", None, "bundled grammar: grid"),
        ("a.txt", b"yes\n", r"not a \.grammar or \.words file"),
        ("a.grammar", b"\n# nothing\n", "has no words"),
        ("a.words", b"yes\nno way\n", "line 2 has several words"),
        ("a.words", b"yes\nn0\n", "cannot write 'n0'"),
        ("a.words", b"se\xf1or", "not UTF-8"),
    ],
)
def test_bad_files_say_why(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_grammar(path, characters)
    assert caught.value.path == path


def test_unknown_bundled_names_and_empty_slots_are_refused() -> None:
    with pytest.raises(ConfigError, match="Give a file or the name of a bundled grammar"):
        load_grammar("klingon", characters)
    with pytest.raises(ConfigError, match="at least one word"):
        WordGrammar([["a"], []], characters)


def test_a_tokenizer_that_joins_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="differently"):
        WordGrammar([["a", "b"]], lambda text: [9] if " " in text else characters(text))


def test_a_tokenizer_without_a_space_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot write 'a b'"):
        WordGrammar([["a"], ["b"]], CharacterTokenizer("ab").encode)
