"""`viseme models`: what comes with the package."""

import json
from pathlib import Path

from viseme.cli.console import result, say, table


def command() -> None:
    """List the bundled models."""
    from viseme.models import bundled

    folders = bundled()
    if not folders:
        say("no models are bundled; `viseme train` makes one")
        return
    rows: list[tuple[str, ...]] = [("NAME", "SYSTEM", "KIND", "STREAMS", "SIZE", "WHAT IT IS")]
    rows += [_row(name, folder) for name, folder in folders.items()]
    result(table(rows))


def _row(name: str, folder: Path) -> tuple[str, ...]:
    record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return (
        name,
        record["system"],
        record["kind"],
        record["config"].get("modality", "-"),
        f"{size / 1e6:.1f} MB",
        summary((folder / "README.md").read_text(encoding="utf-8")),
    )


def summary(card: str) -> str:
    """The first sentence of a model card, below its title."""
    paragraphs = (part for part in card.split("\n\n") if part.strip())
    first = next((part for part in paragraphs if not part.lstrip().startswith("#")), "")
    return " ".join(first.split()).partition(". ")[0].rstrip(".")
