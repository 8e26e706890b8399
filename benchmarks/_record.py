"""What benchmarks have in common: the original code to compare with, and the file of figures."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viseme.files import atomic_write

VARIABLE = "AUTO_AVSR_REPO"


def original_repository() -> Path | None:
    """The user's checkout of the original Auto-AVSR code, if `VARIABLE` names one."""
    return Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def write_record(record: Mapping[str, Any], out: Path) -> None:
    """Write the figures as JSON, and print them."""
    text = json.dumps(record, indent=2) + "\n"
    with atomic_write(out) as file:
        file.write(text)
    sys.stdout.write(text)
