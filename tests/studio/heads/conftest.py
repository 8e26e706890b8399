"""The mesh head, for the tests that need it; they skip where its asset was never fetched."""

import pytest

from viseme import assets
from viseme.studio.heads.mesh_head import MeshHead


@pytest.fixture(scope="session")
def mesh_head() -> MeshHead:
    pytest.importorskip("numba", reason="the studio's renderer is not installed")
    states = {status.asset.name: status.state for status in assets.status()}
    if states["head_mesh"] not in ("cached", "own file"):
        pytest.skip("the asset head_mesh is not in the cache")
    return MeshHead()
