"""Networks with BatchNorm folded in, and in bfloat16, answer as they did."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from viseme.errors import ConfigError
from viseme.nn import precision
from viseme.nn.conformer import ConformerEncoder
from viseme.nn.frontends import AudioFrontend, VisualFrontend
from viseme.nn.precision import Bfloat16Linear, PackedLinear, fold_norms, lighten
from viseme.nn.transformer import TextDecoder
from viseme.shapes import valid_mask

LENGTHS = torch.tensor([5, 3])


class Reader(nn.Module):
    """Frontend, encoder and a layer of scores, with BatchNorm as training leaves it."""

    def __init__(self, frontend: VisualFrontend | AudioFrontend) -> None:
        super().__init__()
        self.frontend = frontend
        self.encoder = ConformerEncoder(16, 2, 2, 32, kernel_size=5, dropout=0.1)
        self.ctc_head = nn.Linear(16, 7)
        for norm in self.modules():
            if isinstance(norm, _BatchNorm):
                nn.init.normal_(norm.running_mean)
                nn.init.uniform_(norm.running_var, 0.5, 2)
                nn.init.normal_(norm.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.frontend(x, LENGTHS)
        return self.ctc_head(self.encoder(x, valid_mask(LENGTHS, x.shape[1])))


@pytest.fixture(params=["lips", "voice"])
def reader_and_input(request: pytest.FixtureRequest) -> tuple[Reader, Tensor]:
    torch.manual_seed(0)
    if request.param == "lips":
        return Reader(VisualFrontend((4, 8, 12, 16), 1)).eval(), torch.randn(2, 5, 1, 24, 24)
    return Reader(AudioFrontend((4, 8, 12, 16), 1)).eval(), torch.randn(2, 5 * 640)


@torch.no_grad()
def test_folded_norms_change_no_answer(reader_and_input: tuple[Reader, Tensor]) -> None:
    reader, x = reader_and_input
    expected = reader(x)
    fold_norms(reader)
    assert not any(isinstance(module, _BatchNorm) for module in reader.modules())
    torch.testing.assert_close(reader(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("num_clips", [1, 7])
@torch.no_grad()
def test_a_packed_text_decoder_gives_the_same_scores(num_clips: int) -> None:
    torch.manual_seed(0)
    decoder = TextDecoder(30, 16, num_layers=2, num_heads=2, hidden_dim=32, dropout=0.1).eval()
    tokens, memory = torch.randint(0, 30, (num_clips, 6)), torch.randn(num_clips, 9, 16)
    valid = torch.ones(num_clips, 9, dtype=torch.bool)
    expected = decoder(tokens, memory, valid)
    lighten(decoder, "float32")
    if torch.backends.mkldnn.is_available():
        assert isinstance(decoder.head, PackedLinear)
        assert not any(type(module) is nn.Linear for module in decoder.modules())
    torch.testing.assert_close(decoder(tokens, memory, valid), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_bfloat16_is_close_and_scores_stay_single(reader_and_input: tuple[Reader, Tensor]) -> None:
    reader, x = reader_and_input
    expected = reader(x)
    lighten(reader, "bfloat16")
    assert type(reader.ctc_head) is nn.Linear
    assert not any(type(module) is nn.Linear for module in reader.encoder.modules())
    assert any(isinstance(module, Bfloat16Linear) for module in reader.encoder.modules())
    found = reader(x)
    assert found.dtype == torch.float32
    assert 0 < (found - expected).norm() < 0.03 * expected.norm()


@torch.no_grad()
def test_float32_folds_norms_and_stays_single(reader_and_input: tuple[Reader, Tensor]) -> None:
    reader, x = reader_and_input
    expected = reader(x)
    lighten(reader, "float32")
    assert not any(isinstance(module, _BatchNorm) for module in reader.modules())
    assert all(weight.dtype == torch.float32 for weight in reader.state_dict().values())
    torch.testing.assert_close(reader(x), expected, atol=1e-5, rtol=1e-5)


def test_precision_is_checked() -> None:
    with pytest.raises(ConfigError, match="no precision 'int4'"):
        lighten(nn.Linear(2, 2), "int4")  # type: ignore[arg-type]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("large", [True, False])
def test_auto_takes_16_bits_for_large_networks_where_they_are_fast(
    monkeypatch: pytest.MonkeyPatch, large: bool, fast: bool
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device: fast)
    monkeypatch.setattr(precision, "LARGE", 100)
    network = nn.Sequential(nn.Linear(10 if large else 8, 10))
    taken = lighten(network, "auto")
    assert taken == ("bfloat16" if large and fast else "float32")
    assert isinstance(network[0], Bfloat16Linear) == (large and fast)


def test_16_bits_where_they_are_slow_are_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for fast in (True, False):
        monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device, fast=fast: fast)
        caplog.clear()
        assert lighten(nn.Sequential(nn.Linear(2, 2)), "bfloat16") == "bfloat16"
        assert bool(caplog.records) == (not fast)
