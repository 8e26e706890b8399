"""Whose work is in a clip, and on what terms."""

from viseme.assets import ASSETS
from viseme.studio.voices import voice as find_voice

_ENGINES = {
    "espeak": "voice: espeak-ng, which is run and not part of this (GPL-3.0-or-later)",
    "kokoro": "voice: Kokoro-82M (Apache-2.0)",
}


def licences(head: str, voice: str) -> list[str]:
    """A line for every part of a clip that is the work of others.

    Args:
        head: name of the head.
        voice: id of the voice that speaks, "" for none; laughter is synthesised here.
    """
    parts = [f"head: {ASSETS['head_mesh'].licence}"] if head == "mesh" else []
    return parts + ([_ENGINES[find_voice(voice).engine]] if voice else [])
