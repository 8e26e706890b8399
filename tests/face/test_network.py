"""The networks: torch and onnxruntime agree, operators follow their definition, caching works."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from viseme import assets
from viseme.errors import AssetError
from viseme.face import network
from viseme.face.tflite_graph import TfliteGraph, _PRelu, _same_padding

GRAPHS = ["face_detector", "face_landmarks_detector"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small convolutions lose more than they gain by more threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def graph(bundle: Path, name: str) -> TfliteGraph:
    with zipfile.ZipFile(bundle) as archive:
        return TfliteGraph(archive.read(f"{name}.tflite")).eval()


@pytest.mark.parametrize("name", GRAPHS)
def test_torch_and_onnxruntime_agree(face_networks: Path, name: str) -> None:
    module = graph(face_networks, name)
    generator = np.random.default_rng(0)
    size = module.image_size
    image = generator.uniform(0, 1, (size, size, 3)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(image)[None])
    outputs = network.FaceNetwork(name)(image)
    assert len(outputs) == len(expected)
    for output, reference in zip(outputs, expected, strict=True):
        scale = reference.abs().max().item()
        np.testing.assert_allclose(output, reference.numpy(), atol=1e-4 * max(scale, 1))


def test_the_torch_graph_gives_the_same_alone_and_in_a_batch(face_networks: Path) -> None:
    module = graph(face_networks, "face_detector")
    images = torch.rand(3, 128, 128, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together = module(images)
        for i, image in enumerate(images):
            for alone, batch in zip(module(image[None]), together, strict=True):
                torch.testing.assert_close(alone[0], batch[i], atol=1e-3, rtol=1e-4)


def test_the_torch_graph_passes_gradients_to_the_image(face_networks: Path) -> None:
    image = torch.rand(1, 128, 128, 3, requires_grad=True)
    graph(face_networks, "face_detector")(image)[0].sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


def test_the_conversion_is_kept_and_loads_without_torch(face_networks: Path) -> None:
    file = network.converted("face_detector")
    before = file.stat().st_mtime_ns
    code = (
        "import sys; from viseme.face.network import FaceNetwork; FaceNetwork('face_detector');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("content", [b"nonsense", None])
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    own = tmp_path / "own.task"
    if content is None:
        with zipfile.ZipFile(own, "w") as bundle:
            bundle.writestr("other.tflite", b"")
    else:
        own.write_bytes(content)
    monkeypatch.setenv("VISEME_ASSET_FACE_LANDMARKER", str(own))
    monkeypatch.setenv("VISEME_CACHE", str(tmp_path / "cache"))
    with pytest.raises(AssetError, match="not a face landmarker"):
        network.FaceNetwork("face_detector")
    assert not (tmp_path / "cache").exists()


def test_the_conversion_follows_the_file_and_not_its_place(
    face_networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = network.converted("face_detector")
    own = tmp_path / "own.task"
    own.write_bytes(face_networks.read_bytes())
    monkeypatch.setenv("VISEME_ASSET_FACE_LANDMARKER", str(own))
    assert network.converted("face_detector") == first
    assert first.is_relative_to(assets.cache_dir())


def test_prelu_is_that_of_torch() -> None:
    x = torch.randn(2, 5, 4, 4, generator=torch.Generator().manual_seed(0))
    slope = torch.tensor([0.0, 0.3, -0.5, 1.0, 20.0])
    expected = torch.nn.functional.prelu(x, slope)
    torch.testing.assert_close(_PRelu(slope)(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (8, 3, 1, (1, 1)),
        (8, 3, 2, (0, 1)),
        (9, 3, 2, (1, 1)),
        (8, 5, 2, (1, 2)),
        (8, 2, 2, (0, 0)),
    ],
)
def test_same_padding_puts_the_odd_pixel_last(
    size: int, kernel: int, stride: int, expected: tuple[int, int]
) -> None:
    layer = _same_padding((1, size, size, 1), (kernel, kernel), (stride, stride), 0.0)
    padded = layer(torch.ones(1, 1, size, size))
    before, after = expected
    assert padded.shape[-1] == size + before + after
    assert padded[0, 0, 0, 0] == (before == 0)
