"""Tokenizers keep the text, the id layout and their files."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.errors import ModelError
from viseme.text.tokenizer import (
    UNKNOWN,
    CharacterTokenizer,
    SentencePieceTokenizer,
    Tokenizer,
    load_tokenizer,
    read_units,
    train_sentencepiece,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz'"
TEXTS = ["bin blue at f two now", "set red by b six please", "we don't place green in z again"]

characters = CharacterTokenizer(" " + LETTERS)
unigram = train_sentencepiece(TEXTS * 5 + [" ".join(LETTERS)], 60)
bpe = train_sentencepiece(TEXTS * 5 + [" ".join(LETTERS)], 60, kind="bpe")
upper = train_sentencepiece(TEXTS * 5 + [" ".join(LETTERS)], 60, case="upper")
every_tokenizer = pytest.mark.parametrize("tokenizer", [characters, unigram, bpe, upper])
sentences = st.lists(st.text(LETTERS, min_size=1)).map(" ".join)


@every_tokenizer
@given(text=sentences)
def test_round_trip(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids).lower() == text
    assert tokenizer.encode(text.upper()) == ids
    assert all(0 < token_id < tokenizer.eos_id for token_id in ids)
    assert "".join(tokenizer.pieces(ids)).lstrip(" ") == tokenizer.decode(ids)


@every_tokenizer
def test_id_layout(tokenizer: Tokenizer) -> None:
    assert tokenizer.blank_id == 0
    assert tokenizer.sos_id == tokenizer.eos_id == tokenizer.vocab_size - 1
    assert len(tokenizer.units) == tokenizer.vocab_size - 2


@every_tokenizer
def test_blank_start_and_end_add_nothing(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("place green")
    padded = [tokenizer.sos_id, ids[0], tokenizer.blank_id, *ids[1:], tokenizer.eos_id]
    assert tokenizer.decode(padded) == tokenizer.decode(ids)
    assert tokenizer.decode([]) == ""
    assert tokenizer.encode("") == []


@every_tokenizer
@pytest.mark.parametrize("offset", [-1, "vocab_size"])
def test_ids_outside_the_vocabulary_are_refused(tokenizer: Tokenizer, offset: int | str) -> None:
    wrong = tokenizer.vocab_size if offset == "vocab_size" else -1
    with pytest.raises(ValueError, match=f"token id {wrong} is outside"):
        tokenizer.decode([1, wrong])


@every_tokenizer
@pytest.mark.parametrize("copy", ["folder", "pickle"])
def test_copies_are_the_same(tokenizer: Tokenizer, copy: str, tmp_path: Path) -> None:
    if copy == "folder":
        tokenizer.save(tmp_path / "model")
        twin = load_tokenizer(tmp_path / "model")
    else:
        twin = pickle.loads(pickle.dumps(tokenizer))
    assert type(twin) is type(tokenizer)
    assert (twin.units, twin.case) == (tokenizer.units, tokenizer.case)
    assert twin.encode(TEXTS[2]) == tokenizer.encode(TEXTS[2])


def test_unknown_character_is_named() -> None:
    with pytest.raises(ValueError, match="character '5' of 'at 5'"):
        characters.encode("at 5")


def test_character_tokenizer_from_texts() -> None:
    assert CharacterTokenizer.from_texts(["Cab a", "ß"]).units == (" ", "a", "b", "c", "ß")
    assert CharacterTokenizer.from_texts(["Cab"], case="keep").units == ("C", "a", "b")


@pytest.mark.parametrize("alphabet", [[], ["a", "a"], ["a", "bc"], ["a", ""]])
def test_wrong_alphabets_are_refused(alphabet: list[str]) -> None:
    with pytest.raises(ValueError, match=r"unit|character"):
        CharacterTokenizer(alphabet)


def test_unknown_pieces_become_the_unknown_unit() -> None:
    ids = unigram.encode("place 5 now")
    assert ids.count(unigram.units.index(UNKNOWN) + 1) == 1
    assert unigram.decode(ids) == f"place {UNKNOWN} now"


def test_published_layout_with_a_units_list(tmp_path: Path) -> None:
    """The list fixes the ids, and may lack pieces of the model and have others."""
    pieces = sorted({piece for piece in upper.units[1:] if piece != "Z"} | {"7"})
    lines = [f"{piece} {number}\n" for number, piece in enumerate([UNKNOWN, *pieces], start=1)]
    (tmp_path / "units.txt").write_text("".join(lines), encoding="utf-8")
    tokenizer = SentencePieceTokenizer(upper.model, read_units(tmp_path / "units.txt"), "upper")
    assert tokenizer.units == (UNKNOWN, *pieces)
    assert tokenizer.encode("at 7")[-1] == pieces.index("7") + 2
    assert tokenizer.decode(tokenizer.encode("at 7")) == "AT 7"
    assert tokenizer.decode(tokenizer.encode("at z")) == f"AT {UNKNOWN}"


@pytest.mark.parametrize("content", ["", "a 2\n", "a\n", "a 1\nb 1\n", "a x\n"])
def test_wrong_units_lists_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "units.txt").write_text(content)
    with pytest.raises(ModelError, match=r"units\.txt"):
        read_units(tmp_path / "units.txt")


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _with_config(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "tokenizer.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


@pytest.mark.parametrize(
    "damage",
    [
        _without("tokenizer.json"),
        _without("tokenizer.model"),
        lambda folder: (folder / "tokenizer.model").write_bytes(b"not a model"),
        lambda folder: (folder / "tokenizer.model").write_bytes(b""),
        lambda folder: (folder / "tokenizer.json").write_text("[]"),
        lambda folder: (folder / "tokenizer.json").write_text("{}"),
        _with_config(kind="phonemes"),
        _with_config(case="title"),
        _with_config(units=5),
        _with_config(units=["a"]),
    ],
)
def test_damaged_folders_are_refused(damage: Callable[[Path], None], tmp_path: Path) -> None:
    unigram.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match="tokenizer"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_training_wants_text_and_enough_units(kind: str) -> None:
    with pytest.raises(ValueError, match=r"no 9 .* units can be learned"):
        train_sentencepiece([], 9, kind)
    with pytest.raises(ValueError, match=r"no 9 .* units can be learned"):
        train_sentencepiece([LETTERS], 9, kind)
