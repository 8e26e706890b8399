"""A few pictures each from many takes: as much work as whole clips, but more people and faces."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from viseme.experiments.unit_reader import Faces, faces_and_units, joined
from viseme.media import read_frames, write_video
from viseme.studio.performance import FPS, Performance
from viseme.studio.recipe import CorpusConfig, recipe
from viseme.studio.rendering import film
from viseme.studio.staging import stage
from viseme.studio.take import CRF
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
    return faces_and_units(through_video(clip.frames), clip.landmarks, part)


def through_video(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) as a video of the corpus shows them, less what is small on a face."""
    if not len(frames):
        return frames
    with TemporaryDirectory() as folder:
        video = Path(folder) / "stills.mp4"
        write_video(video, frames, FPS, crf=CRF)
        return np.stack(list(read_frames(video, fps=None)))
