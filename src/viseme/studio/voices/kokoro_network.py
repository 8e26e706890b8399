"""Kokoro's network, put together from its parts, with its durations as a second output."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from viseme import assets
from viseme.errors import AssetError, ConfigError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_NUM_PARTS = 4
_DURATIONS = b"/encoder/Round_output_0"
# Of the network with its second output.
_SHA256 = "ccb62d8f04088e7ad16ded7d790b5e576f4e7fede872027971ba9f2cd38f904b"
_ERRORS_ONLY = 3

# Numbers of fields in ONNX's onnx.proto.
_MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME = 7, 12, 1


def load() -> "InferenceSession":
    """The network: tokens, style and speed in; sound and frames per token out.

    One thread, as sums in changing order would change the sound.

    Raises:
        ConfigError: onnxruntime is not installed.
        AssetError: its parts cannot be fetched, or the cache cannot be written.
    """
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError as error:
        raise ConfigError(
            "Kokoro's voices need onnxruntime", todo="Run `pip install 'viseme[studio]'`."
        ) from error
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    return InferenceSession(_network(), options, providers=["CPUExecutionProvider"])


def _network() -> Path:
    """The file in the cache, made once from the four parts."""
    target = assets.cache_dir() / "kokoro" / _SHA256[:16] / "kokoro-durations.onnx"
    if not target.is_file() or _digest(target) != _SHA256:
        with assets.cache_file(target) as file:
            for part in range(1, _NUM_PARTS + 1):
                file.write(assets.path(f"kokoro_model_{part}").read_bytes())
            file.write(extra_output(_DURATIONS))
        if _digest(target) != _SHA256:
            raise AssetError(
                "the parts of Kokoro do not fit together",
                path=target,
                todo="Fetch kokoro_model_1 to kokoro_model_4 again.",
            )
    return target


def extra_output(name: bytes) -> bytes:
    """Bytes that, put behind an ONNX model, make the value `name` an output of its graph.

    A protobuf message that is met twice is merged: repeated fields are joined (Protocol Buffers
    encoding, "Last one wins"). A second graph that holds one output adds this output to the first.
    """
    output = _field(_VALUE_NAME, name)
    return _field(_MODEL_GRAPH, _field(_GRAPH_OUTPUT, output))


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field; numbers and lengths here are below 128, one byte each."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
