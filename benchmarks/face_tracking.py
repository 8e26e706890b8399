"""Frames per second of the face tracker, detection included, by picture size.

Pictures are decoded before the clock starts; the median of several runs counts.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks._record import write_record
from viseme.face.tracker import LandmarkTracker
from viseme.media import read_frames
from viseme.provenance import provenance

HEIGHTS = {"360x288": 288, "1280x720": 720, "1920x1080": 1080}
REPEATS = 3


def enlarged(frame: np.ndarray, height: int) -> np.ndarray:
    """The frame at another height, on a black canvas of the usual width."""
    if height == frame.shape[0]:
        return frame
    width = round(frame.shape[1] * height / frame.shape[0])
    picture = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR))
    canvas = np.zeros((height, height * 16 // 9, 3), np.uint8)
    left = (canvas.shape[1] - width) // 2
    canvas[:, left : left + width] = picture
    return canvas


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, help="a talking clip")
    parser.add_argument("--out", type=Path, default=Path("results/face_tracking.json"))
    arguments = parser.parse_args()
    record = provenance(["python", "-m", "benchmarks", "face_tracking", *sys.argv[1:]])
    record["data"] = {"clip": arguments.clip.name}
    record["sizes"] = {}
    tracker = LandmarkTracker()
    for name, height in HEIGHTS.items():
        frames = [enlarged(frame, height) for frame in read_frames(arguments.clip)]
        runs = []
        for _ in range(REPEATS + 1):
            started, cpu = time.perf_counter(), time.process_time()
            found = sum(bool(faces) for faces in tracker.track(frames))
            elapsed, used = time.perf_counter() - started, time.process_time() - cpu
            runs.append((len(frames) / elapsed, 1000 * used / len(frames), found / len(frames)))
        fps, cpu_ms, share = sorted(runs[1:])[REPEATS // 2]
        record["sizes"][name] = {
            "frames_per_s": fps,
            "cpu_ms_per_frame": cpu_ms,
            "faces_found_share": share,
        }
    write_record(record, arguments.out)


if __name__ == "__main__":
    main()
