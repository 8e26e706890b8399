"""`import_model`: what it writes, and how it refuses what it cannot import whole."""

from pathlib import Path
from typing import Any

import pytest
import torch
from espnet_layouts import Shapes, Sizes, head_layout, v1_layout
from formula_weights import filled, video_input
from published_files import CHARACTERS, MULTILINGUAL, WIDTHS, save_zip, settings
from safetensors.torch import load_file
from torch import Tensor

from viseme import import_model, load
from viseme.errors import ConfigError, ModelError, VisemeError
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.source import renamed
from viseme.interop.sources import SOURCES, detect
from viseme.interop.tokens import of_units, read_tokenizer
from viseme.models import open_model
from viseme.systems.auto_avsr import PRESETS, network
from viseme.text.tokenizer import (
    CharacterTokenizer,
    IdTokenizer,
    UnitTokenizer,
    train_sentencepiece,
)

TINY = Sizes(12, dim=8, num_heads=2, hidden_dim=8, num_layers=1, decoder_layers=1, widths=WIDTHS)
VIDEO, AUDIO = head_layout("video", TINY), head_layout("audio", TINY)


def save(path: Path, weights: dict[str, Tensor]) -> Path:
    torch.save(weights, path)
    return path


def zeros(shapes: Shapes) -> dict[str, Tensor]:
    return {name: torch.zeros(shape) for name, shape in shapes.items()}


@pytest.fixture
def audio_file(tmp_path: Path) -> Path:
    return save(tmp_path / "audio.pth", zeros(AUDIO))


def units_file(path: Path, units: list[str]) -> Path:
    lines = [f"{unit} {number}\n" for number, unit in enumerate(units, start=1)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("preset", "modality", "vocab_size", "millions"),
    [
        ("paper", "video", 5049, 250.38),
        ("paper", "audio", 5049, 243.05),
        ("paper", "av", 5049, 443.98),
        ("base-52m", "video", 41, 52.49),
    ],
)
def test_presets_have_the_published_sizes(
    preset: str, modality: str, vocab_size: int, millions: float
) -> None:
    config = {**vars(PRESETS[preset].model), "modality": modality}
    with torch.device("meta"):
        made = network(config, vocab_size)
    count = sum(parameter.numel() for parameter in made.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.005)


def test_both_code_versions_load_to_the_same_bits(tmp_path: Path) -> None:
    """The loader contract: the same tensors under the names of either version."""
    weights = filled(VIDEO)
    rename = {
        r"frontend\.(.+)": r"encoder.frontend.\1",
        r"proj_encoder\.(.+)": r"encoder.embed.0.\1",
    }
    files = {"head": weights, "v1": renamed(weights, rename)}
    assert files["v1"].keys() == v1_layout("video", TINY).keys()
    outs = []
    for name, content in files.items():
        import_model(save(tmp_path / f"{name}.pth", content), tmp_path / name)
        outs.append(load(tmp_path / name, "cpu").encode(video_input(3), torch.tensor([3]))[0])
    assert torch.equal(*outs)


def test_the_folder_holds_all_that_reading_needs(audio_file: Path, tmp_path: Path) -> None:
    report = import_model(audio_file, tmp_path / "model", name="a model")
    folder = open_model(tmp_path / "model")
    assert (folder.name, folder.system) == ("a model", "auto_avsr")
    assert (folder.use["modality"], folder.use["normalise_waveform"]) == ("audio", True)
    assert folder.use["crop_size"] == folder.config["crop_size"] == 88
    assert (folder.use["search"]["beam_size"], folder.use["search"]["ctc_weight"]) == (
        40,
        0.1,
    )
    assert report.writes_ids
    assert isinstance(folder.tokenizer(), IdTokenizer)
    stored = load_file(tmp_path / "model" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float32}
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "token ids instead of text" in card
    assert "audio.pth" in card


def test_old_names_and_stored_positions_are_known(audio_file: Path, tmp_path: Path) -> None:
    weights = zeros(AUDIO)
    for old, new in (("encoder.norm.", "encoder.after_norm."), ("decoder.output_norm.", "")):
        new = new or "decoder.after_norm."
        for part in ("weight", "bias"):
            weights[old + part] = weights.pop(new + part)
    weights |= {"encoder.embed.0.pe": torch.zeros(1), "decoder.embed.1.pe": torch.zeros(1)}
    assert import_model(save(tmp_path / "old.pth", weights), tmp_path / "model").fit.is_exact


def without(weights: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in weights.items() if part not in name}


def test_what_does_not_fit_is_told_in_groups(tmp_path: Path) -> None:
    weights = without(zeros(AUDIO), "norm_mha") | {"teacher.layer.0.weight": torch.ones(1)}
    weights["decoder.embed.0.weight"] = torch.zeros(13, 8)
    file = save(tmp_path / "audio.pth", weights)
    with pytest.raises(ModelError) as error:
        import_model(file, tmp_path / "model")
    message = str(error.value)
    assert "2 missing:\n    audio.encoder.blocks.0.norm_attention.weight" in message
    assert "1 extra:\n    teacher.layer.0.weight" in message
    assert "embedding.weight [13, 8] instead of [12, 8]" in message
    assert "--partial" in message
    assert not (tmp_path / "model").exists()


def test_a_partial_import_is_made_only_when_asked_for(tmp_path: Path) -> None:
    file = save(tmp_path / "audio.pth", without(zeros(AUDIO), "norm_mha"))
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        report = import_model(file, out, partial=True)
        assert len(report.fit.missing) == 2
    first, second = ((out / "model.safetensors").read_bytes() for out in outs)
    assert first == second
    assert "Only a part" in (outs[0] / "README.md").read_text(encoding="utf-8")
    load(outs[0], "cpu")


@pytest.mark.parametrize(
    ("weights", "source", "message"),
    [
        (zeros(AUDIO), "vsr_multilingual", "of auto_avsr, not of vsr_multilingual"),
        (zeros(AUDIO), "nonsense", "no source 'nonsense'"),
        (without(zeros(AUDIO), "decoder."), "auto", "no known kind"),
        (without(zeros(VIDEO), "encoder."), "auto", "no known kind"),
        (without(zeros(AUDIO), "embed.0"), "auto", "1 missing"),
        (without(zeros(AUDIO), "proj_encoder"), "auto", "lacks audio.project.weight"),
        ({"trunk.layer1.0.conv1.weight": torch.zeros(1)}, "auto", "no known kind"),
    ],
    ids=["family", "source", "encoder", "frontend", "embedding", "projection", "classifier"],
)
def test_other_files_are_refused(
    tmp_path: Path, weights: dict[str, Tensor], source: str, message: str
) -> None:
    with pytest.raises(VisemeError, match=message):
        import_model(save(tmp_path / "file.pth", weights), tmp_path / "model", source=source)
    assert not (tmp_path / "model").exists()


def test_a_folder_with_other_things_is_not_written(audio_file: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text('{"architectures": ["Wav2Vec2"]}')
    for out in (tmp_path / "photos", tmp_path / "other", audio_file):
        with pytest.raises(ConfigError, match="not a model folder"):
            import_model(audio_file, out)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"elayers": 3}, "elayers = 3"),
        ({"adim": 64}, "adim = 64"),
        ({"relu_type": "prelu"}, "relu_type"),
        ({"zero_triu": True}, "zero_triu"),
        ({"transformer_encoder_attn_layer_type": "mha"}, "only relative attention"),
        ({"char_list": CHARACTERS[:-1]}, "char_list"),
        ({"char_list": [*CHARACTERS[:-1], "Q", "<eos>"]}, "unit occurs twice"),
        ({"char_list": [*CHARACTERS[:-1], "%", "<eos>"]}, "42 token ids"),
    ],
)
def test_settings_of_other_networks_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    file = save_zip(
        tmp_path / "a.zip", zeros(v1_layout("video", MULTILINGUAL)), settings(**changes)
    )
    with pytest.raises(ModelError, match=message):
        import_model(file, tmp_path / "model")


@pytest.mark.parametrize(
    ("changes", "legacy"),
    [
        ({}, False),
        ({"rel_pos_type": None}, True),
        ({"transformer_encoder_attn_layer_type": "legacy_rel_mha"}, True),
    ],
)
def test_the_settings_tell_the_form_of_attention(
    tmp_path: Path, changes: dict[str, Any], legacy: bool
) -> None:
    layout = v1_layout("video", MULTILINGUAL)
    file = save_zip(tmp_path / "CMLR_V_WER8.0.zip", zeros(layout), settings(**changes))
    import_model(file, tmp_path / "model")
    folder = open_model(tmp_path / "model")
    assert folder.config["legacy_positions"] is legacy
    assert folder.use["search"]["beam_size"] == 20
    tokenizer = folder.tokenizer()
    assert tokenizer.decode(tokenizer.encode("it's 9 €")) == "IT'S 9 <unk>"


def test_units_alone_are_enough_to_write_text(audio_file: Path, tmp_path: Path) -> None:
    units = ["<unk>", "▁A", "▁B", "C", "D", "'S", "▁THE", "E", "F", "G"]
    listed = units_file(tmp_path / "list.txt", units)
    report = import_model(audio_file, tmp_path / "model", tokenizer=listed)
    assert not report.writes_ids
    tokenizer = open_model(tmp_path / "model").tokenizer()
    assert isinstance(tokenizer, UnitTokenizer)
    assert tokenizer.decode([7, 2, 4, 6, 11]) == "THE AC'S"
    with pytest.raises(ConfigError, match="without its sentencepiece model"):
        tokenizer.encode("A")


def test_another_vocabulary_is_refused(audio_file: Path, tmp_path: Path) -> None:
    listed = units_file(tmp_path / "list.txt", ["<unk>", "▁A"])
    with pytest.raises(ModelError, match=r"has 4 token ids .* the checkpoint 12"):
        import_model(audio_file, tmp_path / "model", tokenizer=listed)


def test_a_sentencepiece_model_brings_its_list(tmp_path: Path) -> None:
    model = tmp_path / "unigram.model"
    trained = train_sentencepiece(["the cat sat", "a dog ran"] * 9, 24, case="upper")
    model.write_bytes(trained.model)
    with pytest.raises(ModelError, match="not a list of units"):
        read_tokenizer(model)
    units = ["<unk>", *sorted(trained.units[1:])]
    listed = units_file(tmp_path / "unigram_units.txt", units)
    for path in (model, listed):
        tokenizer = read_tokenizer(path)
        assert tokenizer.units == tuple(units)
        assert tokenizer.decode(tokenizer.encode("a cat ran")) == "A CAT RAN"
    with pytest.raises(ConfigError, match="neither"):
        read_tokenizer(tmp_path / "units.csv")


def test_single_characters_are_a_character_tokenizer() -> None:
    tokenizer = of_units(["<unk>", "a", "<space>"])
    assert isinstance(tokenizer, CharacterTokenizer)
    assert (tokenizer.case, tokenizer.encode("A z")) == ("lower", [2, 3, 1])


def test_sources_tell_the_bare_file_from_the_zip(tmp_path: Path) -> None:
    assert all(source.name == name and source.about for name, source in SOURCES.items())
    weights = zeros(v1_layout("video", TINY))
    assert detect(Checkpoint(tmp_path, weights, None)).name == "auto_avsr"
    assert detect(Checkpoint(tmp_path, weights, settings())).name == "vsr_multilingual"
