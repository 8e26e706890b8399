"""The compact head cut out of the base mesh, and its cache."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from viseme import assets
from viseme.studio.heads.mesh.axes import AXES, HERITAGES, MACRO_AXES
from viseme.studio.heads.mesh.refine import refine
from viseme.studio.heads.mesh.source import MeshPackage
from viseme.studio.performance import UNITS

Array = NDArray[np.floating]

FORMAT_VERSION = 5
SEXES = ("female", "male")
NUM_AXES = len(MACRO_AXES) + len(AXES)
SKIN, EYE_LEFT, EYE_RIGHT, UPPER_TEETH, LOWER_TEETH, TONGUE = range(6)
"""What a vertex belongs to; left and right are the person's own."""

MASKS = ("lips", "inside-mouth", "eyelids", "ears", "face")

_PARTS = {
    "body": SKIN,
    "helper-l-eye": EYE_LEFT,
    "helper-r-eye": EYE_RIGHT,
    "helper-upper-teeth": UPPER_TEETH,
    "helper-lower-teeth": LOWER_TEETH,
    "helper-tongue": TONGUE,
}
_CM = 9.3
"""A decimetre of the files in cm: makes the average adult's outer eye corners 9 cm apart."""

_TEETH_LOWER_DM = 0.03
"""How much lower the upper teeth are set than in the files: else the lip always hides them."""

_COLLAR_DM, _SHOULDER_DM = 4.6, 2.6
"""Height and half width of what is kept of the base mesh, dm."""

_NECK_BONES = {"neck03": 0.8, "neck02": 0.5, "neck01": 0.2}
"""How much the vertebrae follow the head's rotation."""

_TRUNK_BONES = ("spine", "clavicle", "shoulder", "upperarm", "lowerarm", "breast", "root")


@dataclass(frozen=True)
class MeshData:
    """Everything that all mesh heads share, cm, in the axes of `Performance`.

    Attributes:
        base: vertices (V, 3) of the base mesh, on which places are defined; origin between the
            ears.
        templates: displacements (2, V, 3) from it to the average head of each of SEXES.
        triangles: vertex numbers (F, 3); the eyes have none, they are drawn by `eyes`.
        axes: displacements (A, 2, V, 3) at weight 1 and -1 of every shape axis.
        units: displacements (U, V, 3) of performance.UNITS; zero for those not in the files.
        part: SKIN, EYE_LEFT ... of each vertex (V,).
        masks: values (M, V) of MASKS, 0 to 1.
        head_share: how much each vertex (V,) follows the head's pose; the shoulders do not.
    """

    base: Array
    templates: Array
    triangles: NDArray[np.int32]
    axes: Array
    units: Array
    part: NDArray[np.uint8]
    masks: Array
    head_share: Array

    def mask(self, name: str) -> Array:
        """Values (V,) of one of MASKS."""
        return self.masks[MASKS.index(name)]


def load_mesh_data() -> MeshData:
    """The head mesh, from the cache where it is there, else from the asset "head_mesh".

    Raises:
        AssetError: the asset cannot be had, or the cache cannot be written to.
    """
    digest = assets.ASSETS["head_mesh"].sha256[:16]
    target = assets.cache_dir() / "derived" / f"head_mesh-{digest}-{FORMAT_VERSION}.npz"
    if target.is_file():
        with np.load(target) as arrays:
            return MeshData(**{field.name: arrays[field.name] for field in fields(MeshData)})
    data = build_mesh_data(MeshPackage(assets.path("head_mesh")))
    with assets.cache_file(target) as file:
        np.savez(file, **{field.name: getattr(data, field.name) for field in fields(MeshData)})
    return data


def build_mesh_data(package: MeshPackage) -> MeshData:
    """Cut the head out of the package's base mesh; takes a few seconds."""
    surface = package.surface()
    num_all = len(surface.points)
    in_reach = (surface.points[surface.quads][..., 1].min(1) > _COLLAR_DM) & (
        np.abs(surface.points[surface.quads][..., 0]).max(1) < _SHOULDER_DM
    )
    kept_quads = np.isin(surface.groups, list(_PARTS)) & in_reach
    kept, quads = np.unique(surface.quads[kept_quads], return_inverse=True)
    quads = quads.reshape(-1, 4).astype(np.int32)
    part = np.zeros(num_all, np.uint8)
    for group, number in _PARTS.items():
        part[surface.quads[surface.groups == group]] = number
    part = part[kept]
    base = surface.points[kept]

    def target(name: str) -> Array:
        return package.target(name, num_all)[kept]

    templates, axes = _shapes(target)
    units = [
        np.zeros_like(base) if name == "tongueUp" else package.face_unit(name, num_all)[kept]
        for name in UNITS
    ]
    quads = quads[~np.isin(part[quads[:, 0]], (EYE_LEFT, EYE_RIGHT))]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    share = _head_share(package.bone_weights(num_all), kept, part)
    detailed = _eyebrows(base, part) | ((share > 0) & (share < 0.4))
    finer = refine(triangles, detailed[triangles].all(1))
    masks = np.stack([package.mask(name, surface.uv)[kept] for name in MASKS])
    masks *= part == SKIN
    middle = base[masks[MASKS.index("ears")] > 0.5].mean(0)
    part = np.concatenate([part, part[finer.edges[:, 0]]])
    base = base - middle
    base[part[: len(base)] == UPPER_TEETH, 1] -= _TEETH_LOWER_DM
    return MeshData(
        base=finer.apply(base) * _CM,
        templates=finer.apply(templates) * _CM,
        triangles=finer.triangles,
        axes=finer.apply(axes) * _CM,
        units=finer.apply(np.stack(units)) * _CM,
        part=part,
        masks=finer.apply(masks[..., None])[..., 0],
        head_share=finer.apply(share[:, None])[:, 0],
    )


def _shapes(target: Callable[[str], Array]) -> tuple[Array, Array]:
    """Templates (2, V, 3) and axes (A, 2, V, 3), dm."""

    def macro(heritage: str, age: str) -> Array:
        return np.stack([target(f"macrodetails/{heritage}-{sex}-{age}") for sex in SEXES])

    young = {heritage: macro(heritage, "young") for heritage in HERITAGES}
    old = np.mean([macro(heritage, "old") for heritage in HERITAGES], axis=0)
    templates = np.mean(list(young.values()), axis=0)
    ends = {
        **{name: (young[name] - templates).mean(0) for name in HERITAGES},
        "age": (old - templates).mean(0),
    }
    nothing = np.zeros_like(templates[0])
    axes = [
        np.stack([gain * ends[name], nothing if name == "age" else -0.5 * gain * ends[name]])
        for name, gain in MACRO_AXES.items()
    ]
    for axis in AXES:
        sides = [sum((target(name) for name in names), nothing) for names in (axis.more, axis.less)]
        axes.append(axis.gain * np.stack(sides))
    return templates.astype(np.float32), np.stack(axes).astype(np.float32)


def _eyebrows(base: Array, part: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Vertices (V,) around the eyebrows, which are finer than the mesh; base in dm."""
    x, y, z = np.abs(base[:, 0]), base[:, 1], base[:, 2]
    return (part == SKIN) & (x > 0.05) & (x < 0.64) & (y > 7.36) & (y < 7.66) & (z > 1.15)


def _head_share(
    weights: dict[str, Array], kept: NDArray[np.integer], part: NDArray[np.uint8]
) -> Array:
    """How much each vertex (V,) follows the head, from the weights of the skeleton's bones."""
    share = np.zeros(len(kept), np.float32)
    total = np.zeros(len(kept), np.float32)
    for bone, weight in weights.items():
        follows = 0.0 if bone.startswith(_TRUNK_BONES) else _NECK_BONES.get(bone, 1.0)
        share += follows * weight[kept]
        total += weight[kept]
    return np.where(part == SKIN, share / np.maximum(total, 1e-6), 1).astype(np.float32)
