"""What a recogniser writes in: tokenizer and words of its training clips."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import Literal

from viseme.data.manifest import Clip
from viseme.data.splits import Splits, refuse_empty
from viseme.errors import ConfigError, ManifestError
from viseme.models import ModelFolder
from viseme.models.folder import RECOGNISER
from viseme.text.tokenizer import CharacterTokenizer, Tokenizer, train_sentencepiece

TokenizerKind = Literal["character", "sentencepiece"]


@dataclass(frozen=True)
class Texts:
    """Tokenizer, and words by number.

    Attributes:
        tokenizer: writes every text of the clips.
        vocabulary: numbers from 1 of the words whose times are known, if batches are to tell them.
    """

    tokenizer: Tokenizer
    vocabulary: dict[str, int]


def with_texts(clips: Splits) -> Splits:
    """The clips that have a text, of both splits.

    Raises:
        ManifestError: none has.
    """
    kept = replace(
        clips,
        train=[clip for clip in clips.train if clip.text],
        val=[clip for clip in clips.val if clip.text],
    )
    return refuse_empty(kept, [*clips.train, *clips.val])


def learn_texts(
    clips: Splits,
    kind: TokenizerKind,
    vocab_size: int,
    initial: Sequence[ModelFolder] = (),
    with_words: bool = False,
) -> Texts:
    """The tokenizer of the first initial recogniser, or one learned from the training texts.

    Args:
        clips: with texts.
        kind: of a learned tokenizer: characters, or sentencepiece units.
        vocab_size: number of sentencepiece units wanted.
        initial: models to start from.
        with_words: number the words whose times are known.

    Raises:
        ConfigError: the texts are too few for so many units.
        ManifestError: a text cannot be written by the initial model.
    """
    readers = [folder for folder in initial if folder.kind == RECOGNISER]
    tokenizer = readers[0].tokenizer() if readers else _learned(clips, kind, vocab_size)
    _check(tokenizer, clips)
    words = sorted({word.word for clip in clips.train for word in clip.words if with_words})
    return Texts(tokenizer, {word: index for index, word in enumerate(words, 1)})


def _learned(clips: Splits, kind: TokenizerKind, vocab_size: int) -> Tokenizer:
    texts = _written(clips.train)
    if kind == "character":
        # A small corpus may lack a letter that it is evaluated or used on.
        return CharacterTokenizer.from_texts([*texts, ascii_lowercase + "' ", *_written(clips.val)])
    try:
        return train_sentencepiece(texts, vocab_size)
    except ValueError as error:
        raise ConfigError(
            str(error), todo="Set --training.tokenizer character for a small corpus."
        ) from error


def _written(clips: Sequence[Clip]) -> list[str]:
    return [str(clip.text) for clip in clips]


def _check(tokenizer: Tokenizer, clips: Splits) -> None:
    """Refuse texts that the tokenizer of an initial model cannot write."""
    for clip in (*clips.train, *clips.val):
        try:
            tokenizer.encode(str(clip.text))
        except ValueError as error:
            raise ManifestError(
                f"the text of clip {clip.id!r} does not fit the model to start from: {error}",
                path=clips.manifest,
                todo="`viseme prepare --writing viseme` takes punctuation and digits out of all "
                "texts; or start without training.initial.",
            ) from error
