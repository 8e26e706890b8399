"""The networks: their outputs as facts, calls from several threads, files of another kind."""

import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from viseme.errors import AssetError
from viseme.face.network import FaceNetwork

# Of the picture of `waves`: sizes of the outputs, and the first of them at four places; made once
# by another runtime (onnxruntime, of the graphs exported by torch).
FACTS = {
    "face_detector": (
        128,
        [(1, 896, 16), (1, 896, 1)],
        [[0.9455, 1.4592, -4.1487, -8.1944], [-4.7421, -4.4159, -3.582, -33.4702]],
    ),
    "face_landmarks_detector": (
        256,
        [(1, 1, 1, 1434), (1, 1, 1, 1), (1, 1)],
        [[127.6163, 122.1676, 180.4492, 8.2438], [-24.4939], [0.0]],
    ),
}


def waves(size: int) -> np.ndarray:
    """A picture (size, size, 3), 0 to 1."""
    y, x, c = np.mgrid[:size, :size, :3]
    return (0.5 + 0.5 * np.sin(x / 7 + c) * np.cos(y / 11 - c)).astype(np.float32)


@pytest.mark.parametrize("name", FACTS)
def test_the_outputs_are_those_of_another_runtime(face_networks: Path, name: str) -> None:
    size, shapes, facts = FACTS[name]
    outputs = FaceNetwork(name)(waves(size))
    assert [output.shape for output in outputs] == shapes
    assert all(output.dtype == np.float32 for output in outputs)
    for output, expected in zip(outputs, facts, strict=True):
        flat = output.ravel()
        places = np.linspace(0, flat.size - 1, len(expected)).astype(int)
        np.testing.assert_allclose(flat[places], expected, rtol=1e-4, atol=1e-3)


def test_calls_from_several_threads_give_what_one_gives(face_networks: Path) -> None:
    network = FaceNetwork("face_detector")
    images = [np.roll(waves(128), shift, axis=1) for shift in range(24)]
    alone = [network(image) for image in images]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(network, images))
    for one, other in zip(alone, together, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_outputs_outlive_the_next_call(face_networks: Path) -> None:
    network = FaceNetwork("face_detector")
    first = network(waves(128))
    kept = [output.copy() for output in first]
    network(np.zeros((128, 128, 3), np.float32))
    for output, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(output, copy)


def test_opening_says_nothing_and_needs_no_torch(face_networks: Path) -> None:
    code = (
        "import sys; from viseme.face.network import FaceNetwork; FaceNetwork('face_detector');"
        "print('still heard', file=sys.stderr); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "still heard\n")


def test_opening_goes_well_without_stderr(face_networks: Path) -> None:
    code = (
        "import os; os.close(2); from viseme.face.network import FaceNetwork;"
        "FaceNetwork('face_detector')"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("content", [b"nonsense", None, b""])
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    own = tmp_path / "own.task"
    if content == b"nonsense":
        own.write_bytes(content)
    else:
        with zipfile.ZipFile(own, "w") as bundle:
            name = "other" if content is None else "face_detector"
            bundle.writestr(f"{name}.tflite", content or b"")
    monkeypatch.setenv("VISEME_ASSET_FACE_LANDMARKER", str(own))
    with pytest.raises(AssetError, match="not a face landmarker"):
        FaceNetwork("face_detector")
