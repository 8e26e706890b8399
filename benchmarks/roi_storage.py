"""Ways to store mouth ROIs: size, speed and loss on crops of a prepared corpus.

    python benchmarks/roi_storage.py runs/grid/mouth

Prints the table of docs/data.md. Times are CPU time of this process and its threads, per clip.
"""

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viseme.data.roi_storage import read_rois
from viseme.media import read_frames, write_video

Rois = NDArray[np.uint8]


@dataclass(frozen=True)
class Candidate:
    """One way to store ROIs (T, 96, 96) in a file."""

    name: str
    suffix: str
    write: Callable[[Path, Rois], None]
    read: Callable[[Path], Rois]


def video(name: str, suffix: str, **settings: object) -> Candidate:
    """A video made by `viseme.media`."""
    return Candidate(
        name,
        suffix,
        lambda path, rois: write_video(path, rois, 25, **settings),  # type: ignore[arg-type]
        lambda path: np.stack([frame[..., 0] for frame in read_frames(path, fps=None)]),
    )


def write_npz(path: Path, rois: Rois) -> None:
    """All pixels, deflated."""
    np.savez_compressed(path, rois=rois)


def read_npz(path: Path) -> Rois:
    """Back from `write_npz`."""
    return np.load(io.BytesIO(path.read_bytes()))["rois"]


CANDIDATES = (
    video("H.264 lossless", ".mp4", lossless=True),
    video("FFV1", ".mkv", codec="ffv1"),
    Candidate("npz", ".npz", write_npz, read_npz),
    video("H.264 crf 12", ".mp4", crf=12),
    video("H.264 crf 18", ".mp4", crf=18),
)


def measure(candidate: Candidate, clips: Sequence[Rois], folder: Path) -> str:
    """A row of the table."""
    size = write_s = read_s = squared_error = 0.0
    worst = 0
    for rois in clips:
        path = folder / f"clip{candidate.suffix}"
        start_s = time.process_time()
        candidate.write(path, rois)
        written_s = time.process_time()
        back = candidate.read(path)
        read_s += time.process_time() - written_s
        write_s += written_s - start_s
        size += path.stat().st_size
        difference = back.astype(np.int32) - rois
        worst = max(worst, int(np.abs(difference).max()))
        squared_error += float(np.mean(difference**2)) / len(clips)
    psnr = "exact" if worst == 0 else f"{10 * np.log10(255**2 / squared_error):.1f} dB"
    num, frames = len(clips), sum(len(rois) for rois in clips)
    return (
        f"| {candidate.name} | {size / num / 1000:.1f} | {size / frames * 90_000 / 1e6:.0f} "
        f"| {write_s / num * 1000:.0f} | {read_s / num * 1000:.0f} | {psnr} | {worst} |\n"
    )


def main() -> None:
    """Measure all candidates on a sample of clips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="mouth/ of a prepared corpus")
    parser.add_argument("--clips", type=int, default=40, help="how many, chosen at random")
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.rglob("*.mp4"))
    chosen = np.random.default_rng(0).permutation(len(paths))[: arguments.clips]
    clips = [read_rois(paths[index]) for index in chosen]
    lengths = [len(rois) for rois in clips]
    sys.stdout.write(
        f"{len(clips)} clips, {np.mean(lengths):.1f} frames on average\n\n"
        "| stored as | kB/clip | MB/hour | write ms | read ms | PSNR | worst error |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for candidate in CANDIDATES:
            sys.stdout.write(measure(candidate, clips, Path(folder)))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
