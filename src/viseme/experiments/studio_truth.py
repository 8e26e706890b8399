"""Whether what the studio says about its clips is so: landmarks, sync, face units, pictures.

Every corpus is one of the default presets at 128 px, cut down to takes of the test split, which
leaves each take as it is. The reader of face units is taught by single pictures of many takes of
the train split of `feed`, seen by one camera, and reads whole videos of people that it never met.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray

from viseme.data.manifest import Clip, read_manifest
from viseme.experiments.experiment import Arm, Claim, Experiment, Figures, Scale, Summary, Trial
from viseme.experiments.landmark_distance import INDEX, eye_distance_px, lip_gap
from viseme.experiments.lip_sync import CLOSED, closures, lag_frames, loudness
from viseme.experiments.plot import Plot
from viseme.experiments.stills import stills
from viseme.experiments.unit_reader import (
    Faces,
    faces_and_units,
    joined,
    r_squared,
    read_units,
    train_reader,
    with_mirrored,
)
from viseme.face.tracker import Face, FaceTracker, LandmarkTracker
from viseme.files import atomic_write
from viseme.media import read_audio, read_frames
from viseme.models.folder import pick_device
from viseme.studio.corpus import render_corpus
from viseme.studio.head import LANDMARKS
from viseme.studio.motion.visemes import VOWELS
from viseme.studio.performance import FPS
from viseme.studio.presets import PRESETS, Preset, Split
from viseme.studio.recipe import CorpusConfig, recipe
from viseme.studio.rendering import film
from viseme.studio.staging import stage
from viseme.studio.truth import Truth, load_truth, redraw
from viseme.studio.utterance import SAMPLE_RATE_HZ

SPOKEN = ("grid", "lrs", "multilingual")
"""Presets whose clips are speech."""

SHIFT_FRAMES = 5
"""By how much the control moves the sound."""

MESH_POINTS = list(LANDMARKS.values())
MOUTH = [index for name, index in INDEX.items() if name.startswith(("mouth", "lip"))]

_SAME_FACE = 0.5  # a face farther from the truth than this many eye distances is another thing
_MIN_DEVIATION = 0.05  # of a unit that is worth reading
_WELL_READ = 0.8
_NO_HOURS = 1e-4  # as many takes as the split has at least


@dataclass(frozen=True)
class Size:
    """What a scale means here.

    Attributes:
        takes: of each preset that are tracked and listened to.
        redrawn: takes of each preset that are drawn again.
        unit_takes: takes of the test split for the reader of units.
        taught_takes: takes of the train split that teach it, each of another person.
        every: of so many frames of these it sees one.
        epochs: of the reader, over the pictures and their mirror images.
    """

    takes: int
    redrawn: int
    unit_takes: int
    taught_takes: int
    every: int
    epochs: int


SIZES: dict[Scale, Size] = {
    "ci": Size(takes=12, redrawn=2, unit_takes=40, taught_takes=4800, every=24, epochs=10),
    "small": Size(takes=40, redrawn=5, unit_takes=40, taught_takes=12000, every=24, epochs=15),
}


def track(trial: Trial) -> Figures:
    """Find the faces of a preset in its videos, and compare the landmarks with the truth."""
    found: list[bool] = []
    errors: list[NDArray[np.floating]] = []
    tracker = LandmarkTracker()
    for clip, truth in _takes(trial, trial.arm.removeprefix("track-")):
        error = tracking_errors(tracker, read_frames(_video(clip), fps=None), truth.landmarks)
        seen = error.mean(1) < _SAME_FACE
        found += seen.tolist()
        errors.append(error[seen])
    error = np.concatenate(errors)
    return {
        "found": float(np.mean(found)),
        "mouth error": float(error[:, MOUTH].mean()),
        "face error": float(error.mean()),
        "frames": len(found),
    }


def tracking_errors(
    tracker: FaceTracker, frames: Iterator[NDArray[np.uint8]], landmarks: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Errors (T, P) of each landmark in eye distances, of the face that is nearest to the truth.

    Frames in which no face is found have infinite errors.
    """
    errors = np.full(landmarks.shape[:2], np.inf)
    units_px = eye_distance_px(landmarks)
    for number, faces in enumerate(tracker.track(frames)):
        if faces:
            each = [_distances_px(face, landmarks[number]) for face in faces]
            errors[number] = min(each, key=lambda one: float(one.mean())) / units_px[number]
    return errors


def _distances_px(face: Face, landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    # The truth counts px from the picture's edge, the tracker from the middle of the first pixel.
    return np.linalg.norm(face.landmarks[MESH_POINTS, :2] - (landmarks - 0.5), axis=-1)


def sync(trial: Trial) -> Figures:
    """Hear each video's own sound, and compare it with the lips of the truth."""
    delay = SHIFT_FRAMES if trial.arm == "sync-shifted" else 0
    lags, labials, vowels = [], [], []
    for preset in SPOKEN:
        for clip, truth in _takes(trial, preset):
            gap = lip_gap(truth.landmarks)
            sound = read_audio(_video(clip), sample_rate_hz=SAMPLE_RATE_HZ)
            sound = np.pad(sound, (delay * SAMPLE_RATE_HZ // FPS, 0))
            lags.append(lag_frames(gap, loudness(sound, len(gap))))
            labials += closures(gap, truth.story.phones, ["bilabial"])
            vowels += closures(gap, truth.story.phones, VOWELS)
    figures = {
        "lag": float(median(lags)),
        "within a frame": float(np.mean([abs(lag) <= 1 for lag in lags])),
    }
    if delay:
        return figures
    return figures | {
        "p b m closed": float(np.mean(labials)),
        "vowels closed": float(np.mean(vowels)),
    }


def read_faces(trial: Trial) -> Figures:
    """Teach a small network the units on some people, read them on others."""
    size, device = SIZES[trial.scale], torch.device(pick_device(trial.device))
    faces, units = _pictures(trial, size)
    if trial.arm == "units-shuffled":
        units = np.random.default_rng(trial.seed).permutation(units)
    faces, units = with_mirrored((faces, units))
    reader = train_reader(faces, units, size.epochs, trial.seed, device)
    faces, units = _video_faces(trial, size)
    pooled, by_unit = r_squared(units, read_units(reader, faces, device), _MIN_DEVIATION)
    return {
        "R2": pooled,
        f"units above {_WELL_READ}": float((by_unit > _WELL_READ).mean()),
        "units": len(by_unit),
    }


def _pictures(trial: Trial, size: Size) -> Faces:
    """Faces to learn from; drawn once for both arms of a seed."""
    with trial.common(f"pictures-{trial.seed}") as folder:
        kept = folder / "pictures.npz"
        if not kept.exists():
            people = Split("train", 1.0, 1, num_people=size.taught_takes)
            preset = replace(PRESETS["feed"], is_rig=False, splits=(people,))
            settings = CorpusConfig(preset, trial.seed)
            faces, units = stills(settings, size.taught_takes, size.every)
            with atomic_write(kept, "wb") as file:
                np.savez(file, faces=faces, units=units)
    with np.load(kept) as pictures:
        return pictures["faces"], pictures["units"]


def _video_faces(trial: Trial, size: Size) -> Faces:
    """Faces to be read, of whole videos of the test split."""
    (test,) = (split for split in PRESETS["feed"].splits if split.name == "test")
    splits = (replace(test, min_clips=size.unit_takes),)
    preset = replace(PRESETS["feed"], is_rig=False, splits=splits)
    return joined(
        faces_and_units(read_frames(_video(clip), fps=None), truth.landmarks, truth.performance)
        for clip, truth in _clips(_render(trial, preset, "units", _NO_HOURS), "test")
    )


def draw_again(trial: Trial) -> Figures:
    """Draw clips again from their truth; compare with another rendering, and with the video."""
    exact: list[bool] = []
    psnr_db: list[float] = []
    for name in PRESETS:
        settings = CorpusConfig(_test_takes(name, trial.scale), trial.seed)
        takes = list(_takes(trial, name))
        for number in range(SIZES[trial.scale].redrawn):
            take = recipe(settings, "test", number)
            staging, cameras = stage(settings, take)
            views = {camera.name: camera for camera in cameras}
            for clip, truth in takes:
                if clip.extra["take"] == take.id:
                    drawn = redraw(truth)
                    rendered = film(staging, views[clip.extra["camera"]], truth.story.head).frames
                    exact.append(np.array_equal(drawn, rendered))
                    psnr_db.append(_psnr_db(drawn, read_frames(_video(clip), fps=None)))
    return {"exact": float(np.mean(exact)), "PSNR dB": float(np.mean(psnr_db))}


def _psnr_db(drawn: NDArray[np.uint8], decoded: Iterator[NDArray[np.uint8]]) -> float:
    """Of a clip's decoded frames against those (T, H, W, 3) that were encoded; 99 if equal."""
    error = np.stack(list(decoded)).astype(np.float64) - drawn
    return float(10 * np.log10(255**2 / max((error**2).mean(), 1e-5)))


def _takes(trial: Trial, name: str) -> Iterator[tuple[Clip, Truth]]:
    """The clips of a preset that this scale looks at, rendered once for all arms of a seed."""
    return _clips(_render(trial, _test_takes(name, trial.scale), name, _NO_HOURS), "test")


def _test_takes(name: str, scale: Scale) -> Preset:
    """A preset with takes of the test split alone; each take is as in the whole preset."""
    preset = PRESETS[name]
    (test,) = (split for split in preset.splits if split.name == "test")
    return replace(preset, splits=(replace(test, min_clips=SIZES[scale].takes),))


def _render(trial: Trial, preset: Preset, name: str, hours: float) -> Path:
    with trial.common(f"{name}-{trial.seed}") as folder:
        return render_corpus(preset, hours, folder / "rendered", seed=trial.seed).out


def _clips(corpus: Path, split: str) -> Iterator[tuple[Clip, Truth]]:
    """The clips of a split with their truth."""
    for clip in read_manifest(corpus / "manifest.jsonl"):
        if clip.split == split:
            yield clip, load_truth(corpus / clip.extra["truth"])


def _video(clip: Clip) -> Path:
    assert clip.video is not None  # the studio writes a picture for every clip
    return clip.video


def _finds(name: str) -> Claim:
    return Claim(
        f"a face is found in at least 99 % of the frames of {name}, its mouth within 0.05 eye "
        "distances of the truth",
        lambda s: (
            s.mean(f"track-{name}", "found") >= 0.99
            and s.mean(f"track-{name}", "mouth error") <= 0.05
        ),
    )


def _is_found_shifted(summary: Summary) -> bool:
    arm = "sync-shifted"
    return summary.mean(arm, "lag") == SHIFT_FRAMES and summary.mean(arm, "within a frame") < 0.1


EXPERIMENT = Experiment(
    name="studio-truth",
    title="What the studio says about its clips is so",
    arms=(
        *(
            Arm(f"track-{name}", f"faces of `{name}`, found in the videos", track)
            for name in PRESETS
        ),
        Arm("sync", "lips of the truth against the sound of the videos", sync),
        Arm(
            "sync-shifted",
            f"the same, the sound {SHIFT_FRAMES} frames late",
            sync,
            control=True,
        ),
        Arm("units", "units of eyes and mouth, read off videos of unseen people", read_faces),
        Arm(
            "units-shuffled",
            "the same, taught with the units of other frames",
            read_faces,
            control=True,
        ),
        Arm("redraw", "clips drawn again from their truth", draw_again),
    ),
    claims=(
        *(_finds(name) for name in PRESETS),
        Claim(
            "lips and sound are in sync within one frame, in the median and in 95 % of the clips",
            lambda s: abs(s.mean("sync", "lag")) <= 1 and s.mean("sync", "within a frame") >= 0.95,
        ),
        Claim(
            f"the lips close in 99 % of p, b and m (nearer than {CLOSED:g} eye distances), in less "
            "than 20 % of the vowels",
            lambda s: (
                s.mean("sync", "p b m closed") >= 0.99 and s.mean("sync", "vowels closed") < 0.2
            ),
        ),
        Claim(f"sound that is {SHIFT_FRAMES} frames late is found to be", _is_found_shifted),
        Claim("units are read with R2 > 0.8", lambda s: s.mean("units", "R2") > 0.8),
        Claim(
            "taught with the units of other frames the reader knows nothing: R2 < 0.1",
            lambda s: s.mean("units-shuffled", "R2") < 0.1,
        ),
        Claim(
            "drawn again from its truth a clip is the same, bit for bit, and the video is near it: "
            "PSNR > 35 dB",
            lambda s: s.mean("redraw", "exact") == 1 and s.mean("redraw", "PSNR dB") > 35,
        ),
    ),
    seeds={"ci": (1,), "small": (1, 2, 3)},
    plot=Plot("mouth error"),
    data="Rendered people of the studio: the default presets at 128 px, test split. Errors in "
    "distances between the outer eye corners; R2 pooled over those units of eyes and mouth that "
    f"vary (standard deviation of {_MIN_DEVIATION:g} or more), weighted by their variance.",
)
