"""One take of a corpus: its files and its rows of the manifest.

What was written is recorded in one small file that appears last and at once. Whoever is interrupted
before that does the take again; whoever comes after it takes the record as it is.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from viseme.data.manifest import Clip, clip_from_row, row_from_clip
from viseme.files import atomic_write
from viseme.media import write_audio, write_video
from viseme.studio.licences import licences
from viseme.studio.performance import FPS
from viseme.studio.recipe import CorpusConfig, Recipe, key
from viseme.studio.rendering import RenderedClip, film
from viseme.studio.staging import stage
from viseme.studio.truth import save_truth
from viseme.studio.utterance import SAMPLE_RATE_HZ
from viseme.text.normalise import normalise

FOLDERS = ("video", "audio", "truth")
PROGRESS = ".progress"
CRF = 18
"""Of H.264: what is lost is not seen."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to make one take.

    Attributes:
        settings: of the corpus.
        recipe: of the take.
        out: folder of the corpus.
    """

    settings: CorpusConfig
    recipe: Recipe
    out: Path

    @property
    def record(self) -> Path:
        """Where it is remembered that the take is done."""
        return self.out / PROGRESS / f"{self.recipe.id}.json"


@dataclass(frozen=True)
class Take:
    """A finished take.

    Attributes:
        id: of the take.
        split: its part of the corpus.
        duration_s: length of its pictures.
        clips: a row of the manifest for each camera.
    """

    id: str
    split: str
    duration_s: float
    clips: tuple[Clip, ...]


def make_take(job: Job) -> Take:
    """Render a take and write its files, the record last.

    Raises:
        VisemeError: a file cannot be written, or a package or an asset is missing.
    """
    recipe = job.recipe
    staging, cameras = stage(job.settings, recipe)
    duration_s = len(staging.performance) / FPS
    clips = [_write(job, film(staging, camera, job.settings.head)) for camera in cameras]
    record = {
        "key": key(job.settings, recipe),
        "duration_s": duration_s,
        "rows": [row_from_clip(clip, job.out) for clip in clips],
    }
    with atomic_write(job.record) as file:
        json.dump(record, file, ensure_ascii=False)
    return Take(recipe.id, recipe.split, duration_s, tuple(clips))


def recorded(job: Job) -> Take | None:
    """The take as an earlier run left it, None if there is none or other settings made it."""
    try:
        record = json.loads(job.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if record["key"] != key(job.settings, job.recipe):
        return None
    clips = tuple(clip_from_row(row, job.out) for row in record["rows"])
    if not all(file.is_file() for clip in clips for file in files(clip, job.out)):
        return None
    return Take(job.recipe.id, job.recipe.split, record["duration_s"], clips)


def files(clip: Clip, out: Path) -> list[Path]:
    """The files of a clip: picture, ground truth, and sound if it has any."""
    named = [clip.video, clip.audio, out / clip.extra["truth"]]
    return [file for file in named if file is not None]


def _write(job: Job, clip: RenderedClip) -> Clip:
    """Write the files of one camera; its row."""
    recipe, said = job.recipe, clip.utterance
    name = f"{recipe.id}-{clip.camera.name}" if job.settings.preset.is_rig else recipe.id
    video, truth = job.out / "video" / f"{name}.mp4", job.out / "truth" / f"{name}.npz"
    audio = job.out / "audio" / f"{name}.flac" if said.voice else None
    sound = said.audio if said.voice else None
    write_video(video, clip.frames, FPS, sound, SAMPLE_RATE_HZ, crf=CRF)
    if audio is not None:
        write_audio(audio, said.audio, SAMPLE_RATE_HZ)
    save_truth(truth, clip)
    return Clip(
        id=name,
        video=video,
        audio=audio,
        text=normalise(said.text, said.language) or None,
        language=said.language,
        speaker=clip.identity.id,
        split=recipe.split,
        corpus=f"studio-{job.settings.preset.name}",
        synthetic=True,
        label_source="studio",
        words=list(said.words),
        extra={
            "take": recipe.id,
            "kind": recipe.kind,
            "camera": clip.camera.name,
            "head": clip.head,
            "voice": said.voice or None,
            "emotion": clip.manner.emotion,
            "num_frames": len(clip.frames),
            "num_phones": sum(bool(phone.symbol) for phone in said.phones),
            "truth": f"truth/{name}.npz",
            "recipe": key(job.settings, recipe)[:16],
            "licences": licences(clip.head, said.voice if said.words else ""),
        },
    )
