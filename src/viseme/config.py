"""Settings: frozen dataclasses to and from plain dictionaries, JSON files and the command line.

A field may be a bool, int, float, str, Path, Literal, a tuple of these, another config, or a union
(`X | None` among them). Nothing is guessed: an unknown name or a value of the wrong kind raises
`ConfigError`. The one leniency is an int where a float is wanted.
"""

# Why no library: msgspec 0.22 passes over unknown names of dataclasses and knows neither paths nor
# infinity, cattrs 26 makes 3 of "3", 1 of True and of 1.7, so that strictness would be ours again;
# tyro 1.0 ends the process with messages of its own. Each costs 65 to 95 ms of start-up.

import dataclasses
import difflib
import json
import math
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from viseme.errors import ConfigError
from viseme.files import atomic_write

Config = TypeVar("Config")

_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    types.NoneType: "none",
}


def from_dict(cls: type[Config], data: Mapping[str, Any]) -> Config:
    """Build the config class `cls` from plain values, the inverse of `to_dict`.

    Fields that `data` leaves out take their default.

    Raises:
        ConfigError: unknown or missing name, value of the wrong kind, or one that `cls` refuses.
    """
    return _build(cls, data, prefix="")


def to_dict(config: Any) -> dict[str, Any]:
    """The settings as dicts, lists, strings, numbers, bools and None, which JSON can hold."""
    return {field.name: plain(getattr(config, field.name)) for field in fields_of(config)}


def flatten(config: Any, prefix: str = "") -> dict[str, Any]:
    """Every single setting by its full name ("encoder.num_layers"), as the command line has it."""
    flat: dict[str, Any] = {}
    for field in fields_of(config):
        value, key = getattr(config, field.name), prefix + field.name
        flat |= flatten(value, f"{key}.") if dataclasses.is_dataclass(value) else {key: value}
    return flat


def override(config: Config, settings: Mapping[str, str]) -> Config:
    """A copy of `config` with some settings changed, each given as text: {"encoder.dim": "256"}.

    Bools are true/false (yes/no, 1/0), tuples "1,2,3" or a JSON list, and "none" is None where the
    field allows it. All changes are made before the config checks itself, so the order is free.

    Raises:
        ConfigError: unknown name, text that is no such value, or a value that the config refuses.
    """
    return _override(config, settings, prefix="", known=list(flatten(config)))


def save(config: Any, path: str | Path) -> None:
    """Write the config as JSON."""
    with atomic_write(path) as file:
        json.dump(to_dict(config), file, indent=2, ensure_ascii=False)
        file.write("\n")


def load(path: str | Path, cls: type[Config]) -> Config:
    """Read a config of class `cls` from JSON.

    Raises:
        ConfigError: the file is missing, is no JSON, or `from_dict` refuses its content.
    """
    try:
        return from_dict(cls, json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", path=path) from error
    except ValueError as error:
        raise ConfigError(f"is not a JSON file ({error})", path=path) from error
    except ConfigError as error:
        raise ConfigError(error.what, path=path, todo=error.todo) from error


def check_at_least(least: float, config: Any, *names: str) -> None:
    """For a config's own `__post_init__`: refuse settings below a number.

    Raises:
        ValueError: the first of `names` that is below `least`.
    """
    for name in names:
        if getattr(config, name) < least:
            raise ValueError(f"{name} {getattr(config, name)} must be at least {least}")


def check_share(config: Any, *names: str) -> None:
    """For a config's own `__post_init__`: refuse settings that are no share of a whole.

    Raises:
        ValueError: the first of `names` that is below 0 or above 1.
    """
    for name in names:
        if not 0 <= getattr(config, name) <= 1:
            raise ValueError(f"{name} {getattr(config, name)} is not between 0 and 1")


def fields_of(config: Any) -> list[dataclasses.Field]:
    """The fields that are settings."""
    return [field for field in dataclasses.fields(config) if field.init]


def plain(value: Any) -> Any:
    """A setting's value as JSON can hold it."""
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)  # JSON has neither; _convert reads both back
    return value


def _build(cls: type[Config], data: Any, prefix: str) -> Config:
    if not isinstance(data, Mapping):
        raise _wrong_kind(prefix.rstrip(".") or cls.__name__, "a group of settings", data)
    kinds = get_type_hints(cls)
    fields: dict[str, dataclasses.Field] = {field.name: field for field in fields_of(cls)}
    for name in data:
        if name not in fields:
            raise _unknown(f"{prefix}{name}", [prefix + known for known in fields])
    missing = [
        prefix + name
        for name, field in fields.items()
        if name not in data
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"setting missing: {', '.join(missing)}")
    values = {name: _convert(kinds[name], value, prefix + name) for name, value in data.items()}
    return _checked(cls, values)


def _override(
    config: Config, settings: Mapping[str, str], prefix: str, known: Sequence[str]
) -> Config:
    cls = type(config)
    kinds = get_type_hints(cls)
    values = {field.name: getattr(config, field.name) for field in fields_of(config)}
    groups: dict[str, dict[str, str]] = {}
    for key, text in settings.items():
        name, _, rest = key.partition(".")
        if name not in values or (rest and not dataclasses.is_dataclass(values[name])):
            raise _unknown(prefix + key, known)
        if rest:
            groups.setdefault(name, {})[rest] = text
        else:
            values[name] = _parse(kinds[name], text, prefix + name)
    for name, group in groups.items():
        values[name] = _override(values[name], group, f"{prefix}{name}.", known)
    return _checked(cls, values)


def _checked(cls: type[Config], values: Mapping[str, Any]) -> Config:
    try:
        return cls(**values)
    except ValueError as error:  # from the config's own __post_init__
        raise ConfigError(str(error)) from error


def _convert(kind: Any, value: Any, key: str) -> Any:
    """Bring one plain value into the type `kind` of the field called `key`."""
    origin, choices = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, f"{key}.")  # type: ignore[arg-type]
    if origin in (Union, types.UnionType):
        return _first(choices, lambda choice: _convert(choice, value, key), kind, value, key)
    if origin is tuple and isinstance(value, list | tuple):
        kinds = _item_kinds(kind, value, key)
        return tuple(
            _convert(item_kind, item, f"{key}[{index}]")
            for index, (item_kind, item) in enumerate(zip(kinds, value, strict=True))
        )
    if origin is Literal:
        for choice in choices:
            if choice == value and type(choice) is type(value):
                return value
    elif kind is float and (type(value) in (int, float) or value in ("inf", "-inf", "nan")):
        return float(value)
    elif kind is Path and isinstance(value, str | Path):
        return Path(value)
    elif kind in (bool, int, str, types.NoneType) and type(value) is kind:
        return value
    raise _wrong_kind(key, describe_kind(kind), value)


def _parse(kind: Any, text: str, key: str) -> Any:
    """Read text from the command line as the type `kind` of the field called `key`."""
    origin, choices = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _first(choices, lambda choice: _parse(choice, text, key), kind, text, key)
    try:
        if origin is tuple and text.lstrip().startswith("["):
            return _convert(kind, json.loads(text), key)
        if origin is tuple:
            items = [item.strip() for item in text.split(",")] if text.strip() else []
            kinds = _item_kinds(kind, items, key)
            return tuple(_parse(k, item, key) for k, item in zip(kinds, items, strict=True))
        if origin is Literal:
            return {str(choice): choice for choice in choices}[text]
        if kind is types.NoneType:
            return {"none": None}[text.lower()]
        if kind is bool:
            return _BOOLS[text.lower()]
        if kind in (int, float, str, Path):
            return kind(text)
    except (KeyError, ValueError) as error:
        raise _wrong_kind(key, describe_kind(kind), text) from error
    raise _wrong_kind(key, describe_kind(kind), text)


def _first(
    kinds: Sequence[Any], read: Callable[[Any], Any], union: Any, value: Any, key: str
) -> Any:
    """The value as the first type of a union that takes it: None is tried first, text last."""
    order = sorted(kinds, key=lambda kind: (kind is str, kind is not types.NoneType))
    problems = []
    for kind in order:
        try:
            return read(kind)
        except ConfigError as error:
            problems.append(error)
    groups = [p for kind, p in zip(order, problems, strict=True) if dataclasses.is_dataclass(kind)]
    if isinstance(value, Mapping) and len(groups) == 1:
        raise groups[0]  # names the setting inside the group
    raise _wrong_kind(key, describe_kind(union), value)


def _item_kinds(kind: Any, items: Sequence[Any], key: str) -> Sequence[Any]:
    """The type of every item of a tuple type."""
    kinds = get_args(kind)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return [kinds[0]] * len(items)
    if len(kinds) != len(items):
        raise _wrong_kind(key, f"{len(kinds)} values", items)
    return kinds


def describe_kind(kind: Any) -> str:
    """What to call a type in a message."""
    origin, choices = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(str(choice) for choice in choices)
    if origin in (Union, types.UnionType):
        return " or ".join(describe_kind(choice) for choice in choices)
    if origin is tuple and choices[-1] is Ellipsis:
        return f"a list of {describe_kind(choices[0])}"
    if origin is tuple:
        return f"[{', '.join(describe_kind(choice) for choice in choices)}]"
    if dataclasses.is_dataclass(kind):
        return "a group of settings"
    return _NAMES.get(kind, str(kind))


def _wrong_kind(key: str, wanted: str, value: Any) -> ConfigError:
    return ConfigError(f"setting {key} must be {wanted}, not {value!r}")


def _unknown(key: str, known: Sequence[str]) -> ConfigError:
    close = difflib.get_close_matches(key, known, n=3) or sorted(known)
    return ConfigError(f"there is no setting {key}", todo=f"Did you mean {', '.join(close)}?")
