"""Kinds of models, by what a loaded one can do; what each kind's systems share is in `kinds/`."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from viseme.errors import ModelError
from viseme.models.folder import ENCODER, LANGUAGE_MODEL, RECOGNISER, ModelFolder


@dataclass(frozen=True)
class Kind:
    """What a model can do.

    Attributes:
        name: as model folders have it.
        can: what, a verb and its object.
        advice: what to do with a model of this kind.
        scores: module whose `evaluate(model, clips, ...)` gives figures by split and whose
            `rows(report)` makes a table of them; None if there is nothing to score yet.
    """

    name: str
    can: str
    advice: str
    scores: str | None = None


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            RECOGNISER,
            "read speech",
            "Use it with `viseme transcribe --model`.",
            "viseme.kinds.recogniser.scores",
        ),
        Kind(
            LANGUAGE_MODEL,
            "score texts",
            "Give it as --lm, beside a recogniser.",
            "viseme.kinds.language_model",
        ),
        Kind(
            ENCODER,
            "turn recordings into features",
            "`viseme.load` gives features with it; a fine-tuned checkpoint reads speech.",
        ),
    )
}


def kind_of(folder: ModelFolder) -> Kind:
    """What the model of a folder can do.

    Raises:
        ModelError: something that this version does not know.
    """
    if folder.kind not in KINDS:
        raise ModelError(
            f"is of an unknown kind, {folder.kind!r}", path=folder.path, todo="Update viseme."
        )
    return KINDS[folder.kind]


def require(folder: ModelFolder, wanted: str) -> None:
    """Refuse a model that is of another kind than what is to be done needs.

    Raises:
        ModelError: it says what the model can do and what it cannot.
    """
    kind = kind_of(folder)
    if kind.name != wanted:
        raise ModelError(
            f"this {kind.name} can {kind.can}, it cannot {KINDS[wanted].can}",
            path=folder.path,
            todo=kind.advice,
        )


def scores_of(kind: Kind) -> ModuleType:
    """The module that scores models of a kind.

    Raises:
        ModelError: they cannot be scored.
    """
    if kind.scores is None:
        raise ModelError(f"models that {kind.can} have no figures of their own", todo=kind.advice)
    return import_module(kind.scores)
