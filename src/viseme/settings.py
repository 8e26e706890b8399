"""What every setting of a config means, from the docstrings of its classes."""

import dataclasses
import inspect
import re
from dataclasses import dataclass
from typing import Any, get_type_hints

from viseme.config import describe_kind, fields_of, plain


@dataclass(frozen=True)
class Setting:
    """One setting of a config.

    Attributes:
        name: full, as the command line has it: "loop.epochs".
        kind: its type in words.
        value: in this config, as the command line would take it.
        default: of the class; "" where a value must be given.
        meaning: from the "Attributes:" of the docstring, with its source where that is told; ""
            where there is none.
    """

    name: str
    kind: str
    value: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Group:
    """The settings of one config class.

    Attributes:
        about: the first sentences of its docstring, which say where the defaults are from.
        settings: its own, in the order of its fields.
    """

    about: str
    settings: list[Setting]


def groups_of(config: Any, prefix: str = "") -> list[Group]:
    """All settings of a config by class, those of nested configs too."""
    kinds, meanings = get_type_hints(type(config)), _meanings(type(config))
    own, nested = list[Setting](), list[Group]()
    for field in fields_of(config):
        value, name = getattr(config, field.name), prefix + field.name
        if dataclasses.is_dataclass(value):
            nested += groups_of(value, f"{name}.")
            continue
        default = "" if field.default is dataclasses.MISSING else _text(field.default)
        kind, meaning = describe_kind(kinds[field.name]), meanings.get(field.name, "")
        own.append(Setting(name, kind, _text(value), default, meaning))
    about = " ".join((inspect.getdoc(type(config)) or "").partition("\n\n")[0].split())
    return [*([Group(about, own)] if own else []), *nested]


def _text(value: Any) -> str:
    """A value as `viseme.config.override` reads it."""
    if isinstance(value, tuple):
        return ",".join(_text(item) for item in value)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(plain(value))


def _meanings(cls: type) -> dict[str, str]:
    """The text of each attribute in a docstring's "Attributes:" section, on one line each."""
    section = re.split(r"^Attributes:\n", inspect.getdoc(cls) or "", flags=re.MULTILINE)[1:]
    if not section:
        return {}
    (block,) = re.findall(r"\A(?:    .*\n?|\n)*", section[0])[:1]
    entries = re.findall(r"^ {4}([\w, ]+):((?:.*\n?)(?: {8}.*\n?)*)", block, flags=re.MULTILINE)
    return {
        name.strip(): " ".join(text.split()) for names, text in entries for name in names.split(",")
    }
