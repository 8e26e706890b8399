"""However training code wraps a network and saves it, the same model comes out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from espnet_layouts import Sizes, head_layout
from formula_weights import filled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from published_files import WIDTHS
from safetensors.torch import save_file
from torch import Tensor

from viseme import import_model
from viseme.errors import ModelError
from viseme.interop.checkpoint import read_checkpoint
from viseme.interop.tables import WRAPPERS

TINY = Sizes(12, dim=8, num_heads=2, hidden_dim=8, num_layers=1, decoder_layers=1, widths=WIDTHS)
PLAIN = filled(head_layout("audio", TINY))
PLACES = ("", "state_dict", "model_state_dict", "model", "net", "model.state_dict", "ema")

Save = Callable[[Any, Path], Path]


def pickled(content: Any, folder: Path) -> Path:
    torch.save(content, folder / "run.ckpt")
    return folder / "run.ckpt"


def placed(table: dict[str, Tensor], place: str, beside: dict[str, Any]) -> Any:
    """The table at a place of nested dictionaries, with other things around it."""
    if not place:
        return table
    *outer, inner = place.split(".")
    content: dict[str, Any] = {inner: table} | beside
    for name in reversed(outer):
        content = {name: content}
    return content


def contents(model: Path) -> dict[str, bytes]:
    return {name: (model / name).read_bytes() for name in ("model.safetensors", "config.json")}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("plain")
    return contents(import_model(pickled(PLAIN, folder), folder / "model", name="m").model)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wrappers=st.lists(st.sampled_from(WRAPPERS), max_size=4),
    place=st.sampled_from(PLACES),
    has_average=st.booleans(),
)
def test_any_wrapping_gives_the_plain_model(
    wrappers: list[str],
    place: str,
    has_average: bool,
    expected: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("wrapped")
    table = {"".join(wrappers) + name: tensor for name, tensor in PLAIN.items()}
    beside: dict[str, Any] = {
        "epoch": 3,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(10**6)}}, "param_groups": [{"lr": 1.0}]},
    }
    if has_average and place != "ema":
        beside["model_ema"] = {name: tensor + 1 for name, tensor in table.items()}
    file = pickled(placed(table, place, beside), folder)
    assert contents(import_model(file, folder / "model", name="m").model) == expected


def safetensors(weights: dict[str, Tensor], folder: Path) -> Path:
    save_file(
        {name: tensor.contiguous() for name, tensor in weights.items()}, folder / "a.safetensors"
    )
    return folder / "a.safetensors"


def sharded(weights: dict[str, Tensor], folder: Path, suffix: str = ".safetensors") -> Path:
    names = sorted(weights)
    parts = {"a": names[::2], "b": names[1::2]}
    for part, held in parts.items():
        table = {name: weights[name].contiguous() for name in held}
        if suffix == ".bin":
            torch.save(table, folder / f"{part}{suffix}")
        else:
            save_file(table, folder / f"{part}{suffix}")
    index = {"weight_map": {n: f"{part}{suffix}" for part, held in parts.items() for n in held}}
    (folder / f"model{suffix}.index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize(
    "save", [safetensors, sharded, lambda w, f: sharded(w, f, ".bin")], ids=["one", "many", "bin"]
)
def test_safetensors_and_shards_give_the_plain_model(
    save: Save, expected: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    wrapped = {f"module.{name}": tensor for name, tensor in PLAIN.items()}
    model = import_model(save(wrapped, folder), tmp_path / "model", name="m").model
    assert contents(model) == expected


def test_an_average_is_taken_when_asked_for(tmp_path: Path) -> None:
    content = {"model": PLAIN, "ema": {n: t + 1 for n, t in PLAIN.items()}}
    file = pickled(content, tmp_path)
    name = "ctc.ctc_lo.bias"
    assert torch.equal(read_checkpoint(file).weights[name], PLAIN[name])
    assert torch.equal(read_checkpoint(file, "ema").weights[name], PLAIN[name] + 1)
    with pytest.raises(ModelError, match=r"holds no table 'swa'.*model .*ema"):
        read_checkpoint(file, "swa")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index, _: index.write_text("{}"), "no index"),
        (lambda index, _: index.write_text("[" * 100_000), "no index"),
        (lambda _, shards: shards[0].unlink(), "lacks a.safetensors"),
        (lambda _, shards: shards[0].write_bytes(shards[1].read_bytes()), "other weights"),
        (lambda _, shards: shards[0].write_bytes(b"no"), "safetensors"),
        (
            lambda index, _: index.write_text('{"weight_map": {"x": "../a.safetensors"}}'),
            "outside its folder",
        ),
    ],
)
def test_damaged_folders_of_shards_are_refused(
    change: Callable[[Path, list[Path]], object], message: str, tmp_path: Path
) -> None:
    sharded(PLAIN, tmp_path)
    change(next(tmp_path.glob("*.index.json")), sorted(tmp_path.glob("*.safetensors")))
    with pytest.raises(ModelError, match=message):
        read_checkpoint(tmp_path)


def test_deep_and_endless_nesting_ends(tmp_path: Path) -> None:
    endless: dict[str, Any] = {"epoch": 1}
    endless["self"] = endless
    deep: dict[str, Any] = {"a": torch.ones(1)}
    for _ in range(200):
        deep = {"model": deep}
    for content in (endless, deep):
        torch.save(content, tmp_path / "weights.pth")
        with pytest.raises(ModelError, match=r"weights\.pth"):
            read_checkpoint(tmp_path / "weights.pth")


def test_with_the_source_named_each_missing_weight_is_told(tmp_path: Path) -> None:
    """Whichever weight is gone, the error names it, in our terms or in the file's."""
    for number, gone in enumerate(sorted(PLAIN)):
        table = {name: tensor for name, tensor in PLAIN.items() if name != gone}
        file = tmp_path / f"{number}.pth"
        torch.save(table, file)
        with pytest.raises(ModelError) as error:
            import_model(file, tmp_path / "model", source="auto_avsr")
        message = str(error.value)
        assert "1 missing" in message or "lacks" in message or gone in message
        assert "no known kind" not in message
    three = {n: t for n, t in PLAIN.items() if not n.startswith("encoder.after_norm")}
    del three["ctc.ctc_lo.bias"]
    torch.save(three, tmp_path / "three.pth")
    with pytest.raises(ModelError, match="3 missing"):
        import_model(tmp_path / "three.pth", tmp_path / "model", source="auto_avsr")
