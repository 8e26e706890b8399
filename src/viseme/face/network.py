"""The face networks as they are published, run by LiteRT."""

import os
import threading
import zipfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viseme import assets
from viseme.errors import AssetError

_STDERR = 2
_opening = threading.Lock()


class FaceNetwork:
    """One network of the `face_landmarker` asset; safe to call from several threads.

    Args:
        graph: name of the .tflite file inside the asset, without its ending.

    Raises:
        AssetError: the asset cannot be had, or is not a file of the expected kind.
    """

    def __init__(self, graph: str) -> None:
        source = assets.path("face_landmarker")
        try:
            with zipfile.ZipFile(source) as bundle:
                self._model = bundle.read(f"{graph}.tflite")
            self._idle = deque([self._opened()])
        except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError) as error:
            raise AssetError(
                f"not a face landmarker bundle ({error})",
                path=source,
                todo="Run `viseme assets fetch face_landmarker`.",
            ) from error

    def __call__(self, image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Outputs of the network for one image (H, W, 3) in the range that the network expects."""
        # An interpreter serves one call at a time: there are as many as calls at the same time.
        try:
            interpreter = self._idle.pop()
        except IndexError:
            interpreter = self._opened()
        (picture,) = interpreter.get_input_details()
        interpreter.set_tensor(picture["index"], image[None])
        interpreter.invoke()
        outputs = [interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()]
        self._idle.append(interpreter)
        return outputs

    def _opened(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        with _opening, _quiet():
            # Frames run in parallel, so each call keeps to its own thread.
            interpreter = Interpreter(model_content=self._model, num_threads=1)
            interpreter.allocate_tensors()
        return interpreter


@contextmanager
def _quiet() -> Iterator[None]:
    """Send to nowhere what LiteRT's C++ says of its delegate on stderr, which nothing turns off."""
    try:
        kept, nowhere = os.dup(_STDERR), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # it is closed already
        yield
        return
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
        os.close(nowhere)
