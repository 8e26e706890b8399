"""ESPnet's Transformer language models: the published code's figures, sizes and settings."""

from pathlib import Path

import pytest
import torch
from espnet_layouts import Sizes, checksum
from formula_weights import filled
from published_lm import FIGURES, LAYOUT, checkpoint, language_model
from raven_layouts import language_model_layout
from torch import Tensor

from viseme.errors import ModelError
from viseme.interop.checkpoint import Checkpoint
from viseme.interop.espnet_lm import SOURCE
from viseme.systems import load
from viseme.systems.language_model import network
from viseme.verbs.import_model import import_model


def close(actual: Tensor, figures: list[float]) -> None:
    torch.testing.assert_close(
        actual, torch.tensor(figures).reshape(actual.shape), rtol=1e-4, atol=1e-5
    )


def test_the_layout_is_that_of_the_published_code() -> None:
    assert checksum(LAYOUT) == FIGURES["layout_checksum"]


@torch.no_grad()
@pytest.mark.parametrize("kind", ["", "_with_padding"])
def test_whole_texts_give_the_published_figures(kind: str) -> None:
    tokens = torch.tensor(FIGURES[f"tokens{kind}"])
    close(language_model()(tokens), FIGURES[f"log_probs{kind}"])


@torch.no_grad()
def test_steps_give_the_published_figures() -> None:
    tokens, model = torch.tensor(FIGURES["tokens"]), language_model()
    cache = model.start(len(tokens))
    steps = [model.step(tokens[:, position], cache) for position in range(tokens.shape[1])]
    close(torch.stack(steps, 1), FIGURES["log_probs"])


@pytest.mark.parametrize(("vocab_size", "millions"), [(5049, 53.7), (1049, 51.2), (41, 50.5)])
def test_published_sizes_are_told_by_the_shapes(vocab_size: int, millions: float) -> None:
    layout = language_model_layout(Sizes(vocab_size, 512, 8, 2048, 16), embedding_dim=128)
    assert len(layout) == 265
    with torch.device("meta"):
        weights = {name: torch.empty(shape) for name, shape in layout.items()}
        found = SOURCE.convert(Checkpoint(Path("model.pth"), weights, None))
        made = network(found.config, found.vocab_size)
    assert found.vocab_size == vocab_size
    assert found.config["num_heads"] == 8
    own = {name: tensor.shape for name, tensor in made.state_dict().items()}
    assert own == {name: tensor.shape for name, tensor in found.weights.items()}
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


def test_settings_tell_the_heads() -> None:
    arguments = {"head": 4, "pos_enc": "none", "layer": 3, "model_module": "transformer"}
    for settings in (arguments, [23, 23, arguments]):
        assert SOURCE.convert(checkpoint(settings)).config["num_heads"] == 4


def test_a_model_with_positions_is_refused() -> None:
    with pytest.raises(ModelError, match=r"rnnlm.model.best: has sinusoidal positions"):
        SOURCE.convert(checkpoint({"head": 2, "pos_enc": "sinusoidal"}))


def test_a_recurrent_language_model_is_not_taken_for_one() -> None:
    weights = {"predictor.embed.weight": torch.ones(3, 2), "predictor.lo.weight": torch.ones(3, 2)}
    assert not SOURCE.matches(Checkpoint(Path("model.pth"), weights, None))


@torch.no_grad()
def test_a_file_becomes_a_model_that_a_search_can_use(tmp_path: Path) -> None:
    torch.save(filled(LAYOUT), tmp_path / "rnnlm.model.best")
    report = import_model(tmp_path / "rnnlm.model.best", tmp_path / "lm")
    assert report.source == "espnet_lm"
    close(load(report.model, "cpu").network(torch.tensor(FIGURES["tokens"])), FIGURES["log_probs"])
