"""The tokenizer of an imported checkpoint: from files that the user has, or from its settings."""

from collections.abc import Sequence
from pathlib import Path

from viseme.errors import ConfigError, ModelError
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.vsr_multilingual import arguments
from viseme.text.tokenizer import (
    UNKNOWN,
    Case,
    CharacterTokenizer,
    IdTokenizer,
    SentencePieceTokenizer,
    Tokenizer,
    UnitTokenizer,
    read_units,
)

BLANK, END, SPACE = "<blank>", "<eos>", "<space>"
UNITS_ENDING = "_units.txt"


def tokenizer_of(checkpoint: Checkpoint, vocab_size: int, path: Path | None) -> Tokenizer:
    """The tokenizer of a checkpoint with so many token ids.

    Args:
        checkpoint: its settings may list the characters.
        vocab_size: blank and eos included.
        path: a sentencepiece model, with its list of units beside it; or such a list.

    Raises:
        ModelError: a file is missing or damaged, or its units are not those of the checkpoint.
    """
    if path is not None:
        tokenizer = read_tokenizer(path)
    elif units := _listed_characters(checkpoint):
        tokenizer = of_units(units)
    else:
        return IdTokenizer(vocab_size)
    if tokenizer.vocab_size != vocab_size:
        raise ModelError(
            f"has {tokenizer.vocab_size} token ids with blank and eos, the checkpoint {vocab_size}",
            path=path or checkpoint.path,
            todo="Give the tokenizer that this checkpoint was trained with.",
        )
    return tokenizer


def read_tokenizer(path: Path) -> Tokenizer:
    """A sentencepiece model NAME.model with NAME_units.txt beside it, or a list of units alone.

    Raises:
        ModelError: a file is missing or damaged.
        ConfigError: the file has another ending.
    """
    match path.suffix:
        case ".model":
            model, units = path, path.with_name(f"{path.stem}{UNITS_ENDING}")
        case ".txt":
            model, units = path.with_name(f"{path.name.removesuffix(UNITS_ENDING)}.model"), path
        case _:
            raise ConfigError(
                "is neither a sentencepiece .model nor a .txt list of units", path=path
            )
    listed = read_units(units)
    if not model.is_file():
        return of_units(listed)
    try:
        return SentencePieceTokenizer(model, listed, _case(listed))
    except ValueError as error:
        raise ModelError(f"does not go with {model.name}: {error}", path=units) from error


def of_units(units: Sequence[str]) -> Tokenizer:
    """A tokenizer for units as published lists write them; characters if all of them are.

    Raises:
        ModelError: there are none, or one occurs twice.
    """
    spelled = [" " if unit == SPACE else unit for unit in units]
    kind: type[Tokenizer] = UnitTokenizer
    if all(len(unit) == 1 or unit == UNKNOWN for unit in spelled):
        kind = CharacterTokenizer
    try:
        return kind(spelled, _case(units))
    except ValueError as error:
        raise ModelError(f"its list of units is wrong: {error}") from error


def _listed_characters(checkpoint: Checkpoint) -> list[str] | None:
    """The units in a checkpoint's settings, without blank and eos; None if it has no such list."""
    given = arguments(checkpoint.settings)
    if given is None or given.get("labels_type", "char") != "char" or "char_list" not in given:
        return None
    listed = [str(unit) for unit in given["char_list"]]
    if listed[:1] != [BLANK] or listed[-1:] != [END]:
        raise ModelError(
            f"has a char_list that does not go from {BLANK} to {END}", path=checkpoint.path
        )
    return listed[1:-1]


def _case(units: Sequence[str]) -> Case:
    """The case in which all units are written, if there is one."""
    letters = "".join(unit for unit in units if not unit.startswith("<"))
    if letters == letters.upper() != letters.lower():
        return "upper"
    return "lower" if letters == letters.lower() != letters.upper() else "keep"
