"""Settings survive every round trip, and nothing wrong gets in."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viseme.config import flatten, from_dict, load, override, save, to_dict
from viseme.errors import ConfigError


@dataclass(frozen=True)
class Encoder:
    num_layers: int = 12
    dropout: float = 0.1
    kernels: tuple[int, ...] = (5, 7, 7)


@dataclass(frozen=True)
class Settings:
    modality: Literal["audio", "video", "av"] = "video"
    encoder: Encoder = field(default_factory=Encoder)
    teacher: Encoder | None = None
    learning_rate: float = 1e-3
    compile: bool = False
    limit: int | None = None
    init: Path | None = None
    rate: int | Literal["auto"] = "auto"
    snr_db: tuple[float, ...] = (0.0, math.inf)
    size_px: tuple[int, int] = (88, 88)
    stages: tuple[tuple[int, float], ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.compile and self.modality == "av":
            raise ValueError("compile does not work with modality av")


encoders = st.builds(
    Encoder,
    num_layers=st.integers(),
    dropout=st.floats(allow_nan=False),
    kernels=st.lists(st.integers()).map(tuple),
)
settings = st.builds(
    Settings,
    modality=st.sampled_from(["audio", "video"]),
    encoder=encoders,
    teacher=st.none() | encoders,
    learning_rate=st.floats(allow_nan=False),
    compile=st.booleans(),
    limit=st.none() | st.integers(),
    init=st.none() | st.just(Path("a/b.safetensors")),
    rate=st.just("auto") | st.integers(),
    snr_db=st.lists(st.floats(allow_nan=False)).map(tuple),
    size_px=st.tuples(st.integers(), st.integers()),
    stages=st.lists(st.tuples(st.integers(), st.floats(allow_nan=False))).map(tuple),
    note=st.text(),
)


@given(settings)
def test_round_trip_through_strict_json(config: Settings) -> None:
    text = json.dumps(to_dict(config), allow_nan=False)
    assert from_dict(Settings, json.loads(text)) == config


@given(settings)
def test_command_line_round_trip(config: Settings) -> None:
    plain = {
        key: json.dumps([str(i) if math.isinf(i) else i for i in value])
        if key == "snr_db"
        else ",".join(map(str, value))
        if key in ("size_px", "encoder.kernels")
        else str(value)
        for key, value in flatten(config).items()
        if not key.startswith(("teacher", "stages"))
    }
    restored = override(Settings(teacher=config.teacher, stages=config.stages), plain)
    assert restored == config


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("learning_rate", "1e-3", 0.001),
        ("learning_rate", "2", 2.0),
        ("compile", "True", True),
        ("compile", "no", False),
        ("limit", "None", None),
        ("limit", "7", 7),
        ("rate", "auto", "auto"),
        ("rate", "25", 25),
        ("snr_db", "-5, 0,inf", (-5.0, 0.0, math.inf)),
        ("snr_db", "", ()),
        ("size_px", "96,96", (96, 96)),
        ("stages", "[[1, 0.5], [2, 1]]", ((1, 0.5), (2, 1.0))),
        ("encoder.num_layers", "6", 6),
        ("init", "weights/x", Path("weights/x")),
        ("note", "none", "none"),
    ],
)
def test_override_reads_the_type_of_the_field(key: str, text: str, value: Any) -> None:
    result = flatten(override(Settings(), {key: text}))[key]
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"modalty": "av"}, r"no setting modalty\. Did you mean modality\?"),
        ({"encoder.num_layer": "6"}, r"no setting encoder\.num_layer\. .*encoder\.num_layers"),
        ({"note.size": "6"}, r"no setting note\.size"),
        ({"teacher.num_layers": "6"}, r"no setting teacher\.num_layers"),
        ({"modality": "smell"}, "modality must be one of audio, video, av, not 'smell'"),
        ({"limit": "1.5"}, "limit must be a whole number or none, not '1.5'"),
        ({"compile": "maybe"}, "compile must be true or false, not 'maybe'"),
        ({"size_px": "96"}, r"size_px must be 2 values, not \['96'\]"),
        ({"stages": "[[1"}, "stages must be a list of"),
        ({"encoder": "big"}, "encoder must be a group of settings"),
    ],
)
def test_override_refuses(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        override(Settings(), settings)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"modalty": "av"}, r"no setting modalty\. Did you mean modality\?"),
        ({"encoder": {"layers": 1}}, r"no setting encoder\.layers"),
        ({"teacher": {"dropout": "x"}}, r"teacher\.dropout must be a number, not 'x'"),
        ({"encoder": 3}, "encoder must be a group of settings, not 3"),
        ({"encoder": {"num_layers": True}}, "num_layers must be a whole number, not True"),
        ({"encoder": {"num_layers": 2.0}}, "num_layers must be a whole number"),
        ({"learning_rate": "1e-3"}, "learning_rate must be a number"),
        ({"compile": 1}, "compile must be true or false, not 1"),
        ({"size_px": [1, "2"]}, r"size_px\[1\] must be a whole number"),
        ({"size_px": 88}, "size_px must be"),
        ({"modality": None}, "modality must be one of"),
    ],
)
def test_from_dict_refuses(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_dict(Settings, data)


def test_missing_settings_are_named() -> None:
    @dataclass(frozen=True)
    class Required:
        dim: int
        heads: int
        depth: int = 1

    with pytest.raises(ConfigError, match="setting missing: heads"):
        from_dict(Required, {"dim": 4})


def test_cross_checks_see_all_changes_at_once() -> None:
    start = Settings(compile=True)
    assert override(start, {"modality": "av", "compile": "false"}).modality == "av"
    with pytest.raises(ConfigError, match="does not work with modality av"):
        override(start, {"modality": "av"})


def test_file_round_trip_and_errors_with_the_path(tmp_path: Path) -> None:
    config = Settings(limit=3, note="ß", teacher=Encoder(4))
    save(config, tmp_path / "run" / "config.json")
    assert load(tmp_path / "run" / "config.json", Settings) == config
    (tmp_path / "wrong.json").write_text('{"notes": ""}')
    (tmp_path / "broken.json").write_text("{")
    for name in ("absent", "wrong", "broken"):
        with pytest.raises(ConfigError, match=name) as caught:
            load(tmp_path / f"{name}.json", Settings)
        assert caught.value.path == tmp_path / f"{name}.json"
