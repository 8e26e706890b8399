"""The face networks as onnxruntime sessions, converted once from the file they are published in."""

import hashlib
import logging
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from viseme import assets
from viseme.errors import AssetError

if TYPE_CHECKING:
    from viseme.face.tflite_graph import TfliteGraph

EXPORT_VERSION = 1
"""Part of the cache key: raise it when the conversion changes."""

_log = logging.getLogger(__name__)


class FaceNetwork:
    """One network of the `face_landmarker` asset; safe to call from several threads.

    Args:
        graph: name of the .tflite file inside the asset, without its ending.
    """

    def __init__(self, graph: str) -> None:
        options = onnxruntime.SessionOptions()
        # Frames run in parallel, so each call keeps to its own thread.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(converted(graph)), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Outputs of the network for one image (H, W, 3) in the range that the network expects."""
        return self._session.run(None, {"image": image[None]})


def converted(graph: str) -> Path:
    """The ONNX file of a graph: from the cache, or converted into it now (once, some seconds).

    Raises:
        AssetError: the asset cannot be had, or is not a file of the expected kind.
    """
    source = assets.path("face_landmarker")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    target = assets.cache_dir() / "onnx" / f"{graph}-{digest[:16]}-{EXPORT_VERSION}.onnx"
    if not target.is_file():
        _log.info("converting %s for first use", graph)
        # torch takes a second to import and is needed for the conversion alone.
        from viseme.face.tflite_graph import TfliteGraph

        try:
            with zipfile.ZipFile(source) as bundle:
                module = TfliteGraph(bundle.read(f"{graph}.tflite"))
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise AssetError(
                f"not a face landmarker bundle ({error})",
                path=source,
                todo="Run `viseme assets fetch face_landmarker`.",
            ) from error
        with assets.cache_file(target) as file:
            export(module, file.name)
    return target


def export(module: "TfliteGraph", file: str) -> None:
    """Write a `TfliteGraph` as ONNX, with the input named `image` and of batch size one."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter announces its successor on every call
        torch.onnx.export(
            module.eval(),
            (torch.zeros(1, module.image_size, module.image_size, 3),),
            file,
            input_names=["image"],
            opset_version=17,
            dynamo=False,
        )
