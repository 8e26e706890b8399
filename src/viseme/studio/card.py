"""The page that goes with a rendered corpus: what it is, how it was made, whose work is in it."""

from collections.abc import Sequence
from pathlib import Path

from viseme.data.manifest import Clip
from viseme.files import atomic_write
from viseme.studio.recipe import CorpusConfig
from viseme.studio.statistics import Statistics

_CARD = """\
# studio-{preset}: {about}

**Nobody in these clips exists.** Faces, motion and voices are synthetic, made by `viseme studio`.
The corpus proves mechanisms; it never stands for real footage. Say so wherever a number comes from
it.

## Content

{table}

People, voices and sentences of a split are in no other. A take is one moment; {views}.

| file | content |
|---|---|
| `manifest.jsonl` | a row per clip: text, words with times, speaker, split; `extra`: how made |
| `video/` | H.264, {size} px, 25 fps, with the sound as AAC |
| `audio/` | FLAC, 16 kHz, one channel |
| `truth/` | per clip an npz: face units, head pose, landmarks, phones, all that renders it again |
| `contact_sheet.png` | frames of some clips |

`viseme prepare` takes this folder and makes it fit to train on.

## Made by

```
{command}
```

The same command gives the same corpus, whatever the number of workers.

## Licences

{licences}
"""


def write_card(
    path: str | Path,
    settings: CorpusConfig,
    hours: float,
    statistics: dict[str, Statistics],
    clips: Sequence[Clip],
) -> None:
    """Write the card of a finished corpus."""
    preset = settings.preset
    licences = dict.fromkeys(line for clip in clips for line in clip.extra["licences"])
    text = _CARD.format(
        preset=preset.name,
        about=preset.about,
        table=_table(statistics),
        views="three cameras see it" if preset.is_rig else "one camera sees it",
        size=f"{settings.size_px}x{settings.size_px}",
        command=_command(settings, hours),
        licences="\n".join(f"- {line}" for line in licences),
    )
    with atomic_write(path) as file:
        file.write(text)


def _table(statistics: dict[str, Statistics]) -> str:
    columns = ("takes", "clips", "hours", "people", "voices", "words", "vocabulary")
    rows = [["split", *columns], ["---"] * (1 + len(columns))]
    rows += [
        [name, *(f"{getattr(part, column):,}" for column in columns)]
        for name, part in statistics.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _command(settings: CorpusConfig, hours: float) -> str:
    return (
        f"viseme studio --preset {settings.preset.name} --hours {hours:g} --out FOLDER "
        f"--seed {settings.seed} --size {settings.size_px} --head {settings.head} "
        f"--difficulty {settings.preset.difficulty:g}"
    )
