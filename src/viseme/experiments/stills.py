"""A few pictures each from many takes: as much work as whole clips, but more people and faces."""

import os
from dataclasses import dataclass, replace

from viseme.experiments.unit_reader import Faces, faces_and_units, joined
from viseme.studio.performance import Performance
from viseme.studio.recipe import CorpusConfig, recipe
from viseme.studio.rendering import film
from viseme.studio.staging import stage
from viseme.workers import work_through


@dataclass(frozen=True)
class _Take:
    """A take of the train split, of whose frames one in so many is wanted."""

    settings: CorpusConfig
    number: int
    every: int


def stills(settings: CorpusConfig, num_takes: int, every: int) -> Faces:
    """Faces and units of a few frames of each of the first takes of the train split.

    Args:
        settings: of the corpus; the first camera and the settings' head are taken.
        num_takes: how many.
        every: of so many frames of a take one is drawn; takes begin at different ones.
    """
    takes = [_Take(settings, number, every) for number in range(num_takes)]
    drawn = {take.number: faces for take, faces in work_through(_draw, takes, os.cpu_count() or 1)}
    return joined(drawn[number] for number in range(num_takes))


def _draw(take: _Take) -> Faces:
    staging, cameras = stage(take.settings, recipe(take.settings, "train", take.number))
    seen = slice(take.number % take.every, None, take.every)
    whole = staging.performance
    part = Performance(whole.units[seen], whole.rotation[seen], whole.translation[seen])
    clip = film(replace(staging, performance=part), cameras[0], take.settings.head)
    return faces_and_units(clip.frames, clip.landmarks, part)
