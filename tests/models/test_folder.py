"""Model folders: round trip, tampering, and nothing but safetensors is read."""

import json
import pickle
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from viseme.errors import ConfigError, ModelError
from viseme.models import open_model, write_model
from viseme.models.folder import (
    CHECKSUMS,
    ENCODER,
    LANGUAGE_MODEL,
    RECOGNISER,
    bundled,
    fill,
    pick_device,
)
from viseme.models.kinds import KINDS, Kind, kind_of, require, scores_of
from viseme.text.tokenizer import CharacterTokenizer

TOKENIZER = CharacterTokenizer("abc ")
CONFIG = {"dim": 4, "widths": [1, 2]}


class Touch:
    """A pickle that creates a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def weights() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {
        "matrix": torch.randn(3, 4),
        "bias": torch.tensor([1e-9, 70000.0]),
        "count": torch.tensor(2**40),
        "table": torch.arange(6).reshape(2, 3),
    }


def write(path: Path, name: str = "tiny") -> None:
    write_model(
        path,
        name=name,
        system="auto_avsr",
        kind=RECOGNISER,
        config=CONFIG,
        use={"modality": "video"},
        weights=weights(),
        tokenizer=TOKENIZER,
        card="# tiny\n",
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write(tmp_path / "model")
    return tmp_path / "model"


def sign(model: Path) -> None:
    """Make the checksums right again after a change."""
    names = [line.split("  ")[1] for line in (model / CHECKSUMS).read_text().splitlines()]
    digests = [sha256((model / name).read_bytes()).hexdigest() for name in names]
    lines = [f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True)]
    (model / CHECKSUMS).write_text("".join(lines))


def test_a_folder_opens_as_it_was_written(model: Path) -> None:
    folder = open_model(model)
    assert (folder.name, folder.system, folder.path) == ("tiny", "auto_avsr", model)
    assert folder.config == CONFIG
    assert (folder.kind, folder.use) == (RECOGNISER, {"modality": "video"})
    assert folder.tokenizer().encode("cab a") == TOKENIZER.encode("cab a")
    assert (model / "README.md").read_text() == "# tiny\n"


def test_matrices_are_stored_in_half_precision_and_the_rest_as_it_is(model: Path) -> None:
    stored, read = load_file(model / "model.safetensors"), open_model(model).weights()
    assert stored["matrix"].dtype == torch.float16
    assert read["matrix"].dtype == torch.float32
    assert torch.equal(read["matrix"], weights()["matrix"].half().float())
    for name in ("bias", "count", "table"):
        assert stored[name].dtype == weights()[name].dtype
        assert torch.equal(read[name], weights()[name])


def test_the_same_model_gives_the_same_bytes(model: Path) -> None:
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    write(model, "new")
    assert open_model(model).name == "new"
    write(model)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_what_an_earlier_model_left_goes(model: Path) -> None:
    write_model(
        model,
        name="other",
        system="raven",
        kind=ENCODER,
        config={},
        weights=weights(),
        card="",
        tensors={"more.safetensors": {"a": torch.ones(2)}},
    )
    folder = open_model(model)
    assert not (model / "tokenizer.json").exists()
    more = folder.tensors("more.safetensors")
    assert more is not None
    assert torch.equal(more["a"], torch.ones(2))
    write(model)
    assert open_model(model).tensors("more.safetensors") is None


def as_format_1(model: Path, system: str, config: dict[str, object]) -> None:
    record = {"format": 1, "name": "old", "system": system, "config": config}
    (model / "config.json").write_text(json.dumps(record | {"reading": {"beam": 3}}))
    sign(model)


@pytest.mark.parametrize(
    ("system", "config", "kind"),
    [
        ("auto_avsr", {}, RECOGNISER),
        ("raven", {"decoder": {"dim": 8}}, RECOGNISER),
        ("raven", {"decoder": None}, ENCODER),
        ("language_model", {}, LANGUAGE_MODEL),
    ],
)
def test_folders_of_before_open(
    model: Path, system: str, config: dict[str, object], kind: str
) -> None:
    as_format_1(model, system, config)
    folder = open_model(model)
    assert (folder.name, folder.kind, folder.use) == ("old", kind, {"beam": 3})


def test_a_model_of_another_kind_is_refused_by_what_it_can_do(model: Path) -> None:
    require(open_model(model), RECOGNISER)
    with pytest.raises(ModelError, match="this recogniser can read speech, it cannot score texts"):
        require(open_model(model), LANGUAGE_MODEL)


def test_an_unknown_kind_is_an_error(model: Path) -> None:
    record = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(record | {"kind": "oracle"}))
    sign(model)
    with pytest.raises(ModelError, match="of an unknown kind, 'oracle'"):
        kind_of(open_model(model))


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_every_kind_is_scored_or_says_that_it_is_not(kind: Kind) -> None:
    if kind.scores is None:
        with pytest.raises(ModelError, match="have no figures of their own"):
            scores_of(kind)
    else:
        assert {"evaluate", "rows"} <= set(dir(scores_of(kind)))


FILES = ["config.json", "model.safetensors", "tokenizer.json"]


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_checked(model: Path, name: str) -> None:
    content = bytearray((model / name).read_bytes())
    content[len(content) // 2] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: was changed after it was written"):
        open_model(model)
    (model / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}|no {name}"):
        open_model(model)


def test_the_card_may_be_edited(model: Path) -> None:
    """Also that of a folder whose list has it."""
    card = model / "README.md"
    listing = model / CHECKSUMS
    assert card.name not in listing.read_text()
    for listed in ("", f"{sha256(card.read_bytes()).hexdigest()}  {card.name}\n"):
        listing.write_text(listing.read_text() + listed)
        card.write_text("# tiny\n\nWhose recordings it learned from.\n")
        assert open_model(model).name == "tiny"


def test_without_checksums_a_model_is_incomplete(model: Path) -> None:
    (model / CHECKSUMS).unlink()
    with pytest.raises(ModelError, match="incomplete"):
        open_model(model)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe nothing", b"abc  README.md\n"])
def test_checksums_that_leave_out_the_weights_are_refused(model: Path, content: bytes) -> None:
    (model / CHECKSUMS).write_bytes(content)
    with pytest.raises(ModelError):
        open_model(model)


def test_a_write_that_was_killed_leaves_no_model(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CharacterTokenizer, "save", die)
    with pytest.raises(KeyboardInterrupt):
        write(model)
    with pytest.raises(ModelError, match="incomplete"):
        open_model(model)


@pytest.mark.parametrize("content", ["{}", "[1]", "not json", '{"format": 1, "name": "a"}'])
def test_a_malformed_config_is_refused(model: Path, content: str) -> None:
    (model / "config.json").write_text(content)
    sign(model)
    with pytest.raises(ModelError, match=r"config\.json: is malformed"):
        open_model(model)


def test_a_later_format_is_refused(model: Path) -> None:
    record = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(record | {"format": 3}))
    sign(model)
    with pytest.raises(ModelError, match=r"format 3, this version reads 1 and 2\. Update viseme"):
        open_model(model)


def test_an_unknown_name_is_told_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viseme.models.folder.bundled", lambda: {"one": tmp_path, "two": tmp_path})
    with pytest.raises(ModelError, match=r"there is no model 'three'.*one of: one, two"):
        open_model("three")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a model folder"):
        open_model(tmp_path)


def test_bundled_models_open() -> None:
    for name in bundled():
        assert open_model(name).weights()


@pytest.mark.parametrize("torch_file", [True, False])
def test_a_hostile_pickle_is_refused_and_not_run(
    model: Path, tmp_path: Path, torch_file: bool
) -> None:
    path, touched = model / "model.safetensors", tmp_path / "touched"
    if torch_file:
        torch.save({"matrix": Touch(touched)}, path)
    else:
        path.write_bytes(pickle.dumps({"matrix": Touch(touched)}))
    sign(model)
    with pytest.raises(ModelError, match="is not a readable safetensors file"):
        open_model(model).weights()
    assert not touched.exists()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_cut_weights_are_refused(model: Path, share: float) -> None:
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    sign(model)
    with pytest.raises(ModelError, match="is not a readable safetensors file"):
        open_model(model).weights()


def test_weights_fill_a_network_of_the_same_shape() -> None:
    network = nn.Linear(3, 2)
    fill(network, {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}, Path("m"))
    assert torch.equal(network.weight, torch.ones(2, 3))


def test_weights_that_do_not_fit_are_listed() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    before = network[0].weight.clone()
    given = {"0.weight": torch.ones(2, 2), "0.bias": torch.ones(2), "1.extra": torch.ones(1)}
    with pytest.raises(ModelError) as caught:
        fill(network, given, Path("m"))
    text = str(caught.value)
    assert "2 missing (1.bias, 1.weight)" in text
    assert "1 unknown (1.extra)" in text
    assert "1 of another shape (0.weight)" in text
    assert torch.equal(network[0].weight, before)


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == pick_device("cpu") == "cpu"
    with pytest.raises(ConfigError, match="no CUDA device"):
        pick_device("cuda")
    with pytest.raises(ConfigError, match="there is no device 'tpu'"):
        pick_device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto") == pick_device("cuda") == "cuda"
