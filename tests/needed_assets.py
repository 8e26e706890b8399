"""Files of others that a test needs: it is skipped without them, or fails where all must be."""

import os

import pytest

from viseme import assets

REQUIRED_VARIABLE = "VISEME_REQUIRE_ASSETS"


def need_assets(*prefixes: str) -> None:
    """Skip the test, or fail where VISEME_REQUIRE_ASSETS is set, unless all assets are here.

    Nothing is fetched: `make tests` does that beforehand.

    Args:
        prefixes: what the names of the assets begin with.
    """
    wanted = [status for status in assets.status() if status.asset.name.startswith(prefixes)]
    assert wanted, f"no asset begins with {prefixes}"
    missing = [s.asset.name for s in wanted if s.state not in ("cached", "own file")]
    if not missing:
        return
    reason = f"needs `viseme assets fetch {' '.join(missing)}`"
    if os.environ.get(REQUIRED_VARIABLE):
        pytest.fail(reason)
    pytest.skip(reason)
