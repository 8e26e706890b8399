"""The mesh head, for the tests that need it; they skip where its asset was never fetched."""

import pytest

from needed_assets import need_assets
from viseme.studio.heads.mesh_head import MeshHead


@pytest.fixture(scope="session")
def mesh_head() -> MeshHead:
    pytest.importorskip("numba", reason="the studio's renderer is not installed")
    need_assets("head_mesh")
    return MeshHead()
