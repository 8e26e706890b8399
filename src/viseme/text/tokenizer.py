"""Text to token ids and back. Every tokenizer has the id layout of Auto-AVSR (arXiv 2303.14307):

0          blank of CTC
1 ... V-2  the units
V-1        start and end of the sentence, one id for both
"""

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import sentencepiece

from viseme.errors import ConfigError, ModelError
from viseme.files import atomic_write, read_text

Case = Literal["lower", "upper", "keep"]

CONFIG_FILE = "tokenizer.json"
MODEL_FILE = "tokenizer.model"
UNKNOWN = "<unk>"

_WORD_START = "\u2581"  # how sentencepiece writes the space before a word


def in_case(text: str, case: Case) -> str:
    """The text in the case of a tokenizer."""
    match case:
        case "lower":
            return text.lower()
        case "upper":
            return text.upper()
        case "keep":
            return text


class Tokenizer(ABC):
    """What recognisers know of a tokenizer.

    Args:
        units: the units in the order of their ids, which start at 1.
        case: what becomes of the letters before they are looked up.

    Raises:
        ValueError: no units, or one twice.
    """

    blank_id = 0

    def __init__(self, units: Sequence[str], case: Case) -> None:
        if not units:
            raise ValueError("a tokenizer needs at least one unit")
        self.units, self.case = tuple(units), case
        self._ids = {unit: index for index, unit in enumerate(units, start=1)}
        if len(self._ids) < len(units):
            raise ValueError("a unit occurs twice")

    @property
    def vocab_size(self) -> int:
        """Number of ids, those of blank and of start and end included."""
        return len(self.units) + 2

    @property
    def sos_id(self) -> int:
        """The id that starts a sentence."""
        return self.vocab_size - 1

    @property
    def eos_id(self) -> int:
        """The id that ends a sentence."""
        return self.vocab_size - 1

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """The ids of a text, without start and end."""

    @abstractmethod
    def piece(self, token_id: int) -> str:
        """What one unit adds to the text; a space at its start begins a new word."""

    @abstractmethod
    def save(self, folder: str | Path) -> None:
        """Write the tokenizer into a model folder, for `load_tokenizer`."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; blank, start and end add nothing.

        Raises:
            ValueError: an id outside the vocabulary.
        """
        return "".join(self.pieces(ids)).strip(" ")

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """What each id adds to the text, "" for blank, start and end.

        Raises:
            ValueError: an id outside the vocabulary.
        """
        pieces = []
        for token_id in ids:
            if not 0 <= token_id < self.vocab_size:
                raise ValueError(f"token id {token_id} is outside 0 to {self.vocab_size - 1}")
            special = token_id in (self.blank_id, self.eos_id)
            pieces.append("" if special else self.piece(token_id))
        return pieces

    def _write_config(self, folder: str | Path, kind: str) -> None:
        config = {"kind": kind, "case": self.case, "units": list(self.units)}
        with atomic_write(Path(folder) / CONFIG_FILE) as file:
            json.dump(config, file, ensure_ascii=False)


class CharacterTokenizer(Tokenizer):
    """One unit for each character, the space being one of them.

    Args:
        alphabet: the characters in the order of their ids. `UNKNOWN` may be among them, which every
            other character then becomes; lists that came with published models have it.
        case: "lower" and "upper" change the text before it is looked up, "keep" does not.

    Raises:
        ValueError: no character, one twice, or an entry of several.
    """

    def __init__(self, alphabet: Sequence[str], case: Case = "lower") -> None:
        super().__init__(list(alphabet), case)
        for unit in self.units:
            if len(unit) != 1 and unit != UNKNOWN:
                raise ValueError(f"{unit!r} is not one character")

    @classmethod
    def from_texts(cls, texts: Iterable[str], case: Case = "lower") -> "CharacterTokenizer":
        """The tokenizer for all characters that occur in `texts`, sorted by code point."""
        return cls(sorted({char for text in texts for char in in_case(text, case)}), case)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without start and end.

        Raises:
            ValueError: a character that the alphabet does not have.
        """
        text, unknown_id = in_case(text, self.case), self._ids.get(UNKNOWN)
        ids = [self._ids.get(char, unknown_id) for char in text]
        for char, token_id in zip(text, ids, strict=True):
            if token_id is None:
                raise ValueError(f"character {char!r} of {text!r} is not in the alphabet")
        return [token_id for token_id in ids if token_id is not None]

    def piece(self, token_id: int) -> str:
        """The character of the id."""
        return self.units[token_id - 1]

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json into a model folder."""
        self._write_config(folder, "character")


class SentencePieceTokenizer(Tokenizer):
    """Subword units of a sentencepiece model (unigram or BPE).

    Args:
        model: the model file or its content.
        units: the pieces to use in the order of their ids, `UNKNOWN` among them, which every other
            piece becomes; by default `UNKNOWN` and then all pieces of the model. The published
            Auto-AVSR models come with such a list, see `read_units`.
        case: what the model was trained on; published Auto-AVSR models need "upper".

    Raises:
        ModelError: the model is missing or damaged.
        ValueError: `units` has a unit twice or lacks `UNKNOWN`.
    """

    def __init__(
        self, model: str | Path | bytes, units: Sequence[str] | None = None, case: Case = "keep"
    ) -> None:
        path = None if isinstance(model, bytes) else Path(model)
        try:
            self.model = model if isinstance(model, bytes) else Path(model).read_bytes()
            if not self.model:  # sentencepiece takes it, and fails when it is used
                raise RuntimeError("empty")
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=self.model)
        except (OSError, RuntimeError) as error:
            raise ModelError("is not a sentencepiece model", path=path) from error
        super().__init__(self._own_units() if units is None else units, case)
        if UNKNOWN not in self._ids:
            raise ValueError(f"the units must have {UNKNOWN}")

    def _own_units(self) -> list[str]:
        model = self._processor
        ordinary = (
            index
            for index in range(model.get_piece_size())
            if not (model.is_control(index) or model.is_unknown(index) or model.is_unused(index))
        )
        return [UNKNOWN, *(model.id_to_piece(index) for index in ordinary)]

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without start and end; pieces that are no units become `UNKNOWN`."""
        unknown_id = self._ids[UNKNOWN]
        pieces = self._processor.encode(in_case(text, self.case), out_type=str)
        return [self._ids.get(piece, unknown_id) for piece in pieces]

    def piece(self, token_id: int) -> str:
        """The letters of the unit, with a space before those that begin a word."""
        return self.units[token_id - 1].replace(_WORD_START, " ")

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json and tokenizer.model into a model folder."""
        self._write_config(folder, "sentencepiece")
        with atomic_write(Path(folder) / MODEL_FILE, "wb") as file:
            file.write(self.model)


class UnitTokenizer(Tokenizer):
    """Subword units without the sentencepiece model that finds them in a text: for reading only."""

    def encode(self, text: str) -> list[int]:
        """Not possible.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "this model cannot spell a text: it was imported without its sentencepiece model",
            todo="Import it again with --tokenizer and the .model file.",
        )

    def piece(self, token_id: int) -> str:
        """The letters of the unit, with a space before those that begin a word."""
        return self.units[token_id - 1].replace(_WORD_START, " ")

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json into a model folder."""
        self._write_config(folder, "units")


class IdTokenizer(Tokenizer):
    """Tokens whose units nobody knows: a text is their numbers.

    Args:
        vocab_size: number of ids, those of blank and of start and end included.

    Raises:
        ValueError: there is no id left for a unit.
    """

    def __init__(self, vocab_size: int) -> None:
        super().__init__([str(token_id) for token_id in range(1, vocab_size - 1)], "keep")

    def encode(self, text: str) -> list[int]:
        """The numbers in a text.

        Raises:
            ValueError: a word that is no such number.
        """
        words = text.split()
        for word in words:
            if word not in self._ids:
                raise ValueError(f"{word!r} is not a token id of 1 to {self.vocab_size - 2}")
        return [self._ids[word] for word in words]

    def piece(self, token_id: int) -> str:
        """The number, as a word."""
        return f" {token_id}"

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json into a model folder."""
        self._write_config(folder, "ids")


def train_sentencepiece(
    texts: Iterable[str],
    vocab_size: int,
    kind: Literal["unigram", "bpe"] = "unigram",
    case: Case = "lower",
) -> SentencePieceTokenizer:
    """Learn subword units from texts.

    Args:
        texts: the normalised training texts, one sentence each.
        vocab_size: how many units, `UNKNOWN` included; a small corpus may give fewer.
        kind: the sentencepiece algorithm.
        case: the case of the units.

    Raises:
        ValueError: the texts have no letters, or fewer units are wanted than there are characters.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(in_case(text, case) for text in texts),
            model_writer=model,
            vocab_size=vocab_size,
            model_type=kind,
            hard_vocab_limit=False,
            character_coverage=1.0,
            unk_id=0,
            unk_piece=UNKNOWN,
            bos_id=-1,
            eos_id=-1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ValueError(f"no {vocab_size} {kind} units can be learned: {error}") from error
    return SentencePieceTokenizer(model.getvalue(), case=case)


def read_units(path: str | Path) -> list[str]:
    """Read a units list as Auto-AVSR publishes it: a line "piece id" for each, ids from 1 on.

    Raises:
        ModelError: the file is missing or is no such list.
    """
    try:
        lines = read_text(path).split("\n")
        rows = [line.rsplit(" ", 1) for line in lines if line]
        units = [piece for piece, _ in rows]
        ids = [int(number) for _, number in rows]
    except (OSError, ValueError) as error:
        raise ModelError(f"is not a list of units ({error})", path=path) from error
    if not ids or ids != list(range(1, len(ids) + 1)):
        raise ModelError("does not number its units from 1 on", path=path)
    return units


def load_tokenizer(folder: str | Path) -> Tokenizer:
    """Read the tokenizer of a model folder.

    Raises:
        ModelError: the files are missing or damaged.
    """
    path = Path(folder) / CONFIG_FILE
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kind, case, units = config["kind"], config["case"], config["units"]
        if case not in ("lower", "upper", "keep"):
            raise ValueError(f"unknown case {case!r}")
        if kind == "character":
            return CharacterTokenizer(units, case)
        if kind == "sentencepiece":
            return SentencePieceTokenizer(Path(folder) / MODEL_FILE, units, case)
        if kind == "units":
            return UnitTokenizer(units, case)
        if kind == "ids":
            return IdTokenizer(len(units) + 2)
        raise ValueError(f"unknown kind {kind!r}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"is no tokenizer ({error})", path=path) from error
