"""All families of checkpoints that can be imported, and telling them apart."""

from viseme.errors import ConfigError, ModelError
from viseme.interop import auto_avsr, espnet_lm, raven, vsr_multilingual
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.source import Source

_MODULES = (auto_avsr, vsr_multilingual, raven, espnet_lm)

SOURCES: dict[str, Source] = {module.SOURCE.name: module.SOURCE for module in _MODULES}
AUTO = "auto"


def detect(checkpoint: Checkpoint) -> Source:
    """The family of a checkpoint.

    Raises:
        ModelError: it is of none that is known.
    """
    for source in SOURCES.values():
        if source.matches(checkpoint):
            return source
    some = ", ".join(sorted(checkpoint.weights)[:4])
    raise ModelError(
        f"is a checkpoint of no known kind ({len(checkpoint.weights)} weights: {some}, ...)",
        path=checkpoint.path,
        todo=f"Known are {', '.join(SOURCES)}; a front-end or an encoder alone is no recogniser.",
    )


def pick(name: str, checkpoint: Checkpoint) -> Source:
    """The family of this name, or the one that is detected if the name is "auto".

    Raises:
        ConfigError: no family is called so.
        ModelError: the checkpoint is of another family; of none, if it was to be detected.
    """
    if name == AUTO:
        return detect(checkpoint)
    if name not in SOURCES:
        raise ConfigError(
            f"there is no source {name!r}", todo=f"Choose one of: {AUTO}, {', '.join(SOURCES)}."
        )
    if SOURCES[name].matches(checkpoint):
        return SOURCES[name]
    actual = next((s.name for s in SOURCES.values() if s.matches(checkpoint)), None)
    if actual is None:
        return SOURCES[name]  # with something missing, which the comparison tells
    raise ModelError(
        f"is a checkpoint of {actual}, not of {name}",
        path=checkpoint.path,
        todo=f"Give {actual} or {AUTO} as the source.",
    )
