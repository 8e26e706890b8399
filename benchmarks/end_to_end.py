"""From file to text: real-time factor by stage, peak memory by length, start-up times.

The floor of the real-time factor is decoding alone; every figure is seconds per second of video.
Long recordings are made by repeating the given clips. Writes one JSON with its provenance.
"""

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import av

from benchmarks._record import write_record
from viseme.data.example import VIDEO_FPS
from viseme.face.crop import mouth_blocks
from viseme.media import VideoWriter, probe, read_frames
from viseme.provenance import provenance
from viseme.systems import load
from viseme.verbs.transcribe import transcribe_files

REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    """Median wall time of several calls, after one that is not counted."""
    times = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def stages(clips: list[Path], model: str) -> dict[str, float]:
    """Real-time factors of decoding, of tracking and cropping, and of reading."""
    duration_s = sum(probe(clip).duration_s for clip in clips)
    recognizer = load(model, "cpu")

    def decode() -> None:
        for clip in clips:
            for _ in read_frames(clip, fps=VIDEO_FPS):
                pass

    def crop() -> None:
        for clip in clips:
            for _ in mouth_blocks(read_frames(clip, fps=VIDEO_FPS)):
                pass

    def read() -> None:
        for transcript in transcribe_files(clips, model=recognizer):
            assert transcript.error is None, transcript.error

    decoding, cropping, reading = seconds(decode), seconds(crop), seconds(read)
    return {
        "decode": decoding / duration_s,
        "track_and_crop": (cropping - decoding) / duration_s,
        "read": (reading - cropping) / duration_s,
        "file_to_text": reading / duration_s,
        "file_to_text_over_decode": reading / decoding,
    }


def lengthened(clips: list[Path], minutes: float, path: Path) -> None:
    """Write a recording of the given length that repeats the clips.

    At most a minute is encoded; after it the same packets are written again, later.
    """

    def frames() -> Iterator[Any]:
        return chain.from_iterable(read_frames(clip, fps=VIDEO_FPS) for clip in cycle(clips))

    once = path.with_stem("once")
    with VideoWriter(once, VIDEO_FPS) as writer:
        for frame in islice(frames(), round(min(minutes, 1) * 60 * VIDEO_FPS)):
            writer.write_frame(frame)
    with av.open(path, "w") as longer:
        for i in range(math.ceil(minutes)):
            with av.open(once) as source:
                stream = source.streams.video[0]
                if not longer.streams.video:
                    longer.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    # The packet that ends a file is empty and has no time.
                    if packet.pts is None or packet.dts is None:
                        continue
                    packet.pts += round(i * 60 / packet.time_base)
                    packet.dts += round(i * 60 / packet.time_base)
                    packet.stream = longer.streams.video[0]
                    longer.mux(packet)


def long_recording(clips: list[Path], minutes: float, model: str) -> dict[str, float]:
    """Peak memory and real-time factor of the command on a long recording."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        lengthened(clips, minutes, path)
        command = [sys.executable, "-m", "viseme", "transcribe", str(path), "--model", model]
        started = time.perf_counter()
        process = subprocess.Popen([*command, "--quiet"], stdout=subprocess.DEVNULL)
        peak_mib = watched_peak_mib(process)
        elapsed = time.perf_counter() - started
        if process.returncode:
            raise RuntimeError(f"{command} ended with {process.returncode}")
    return {
        "minutes": minutes,
        "peak_mib": peak_mib,
        "rtf": elapsed / (minutes * 60),
    }


def watched_peak_mib(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process and return its peak resident memory (Linux only).

    The kernel's own count for ended children would include this process before the child's exec.
    """
    status = Path(f"/proc/{process.pid}/status")
    peak_kib = 0
    while process.poll() is None:
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak_kib = int(line.split()[1])
        time.sleep(0.2)
    return peak_kib / 1024


def start_up() -> dict[str, float]:
    """Seconds of whole processes: a bare interpreter, the import, and the help of the command."""
    python = sys.executable
    commands = {
        "python": [python, "-c", "pass"],
        "import_viseme": [python, "-c", "import viseme"],
        "help": [python, "-m", "viseme", "--help"],
        "transcribe_help": [python, "-m", "viseme", "transcribe", "--help"],
    }
    return {
        name: seconds(lambda c=command: subprocess.run(c, check=True, capture_output=True))
        for name, command in commands.items()
    }


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", nargs="+", type=Path, required=True, help="talking clips")
    parser.add_argument("--model", default="grid-s1-vsr")
    parser.add_argument("--minutes", nargs="*", type=float, default=[1, 5])
    parser.add_argument("--out", type=Path, default=Path("results/end_to_end.json"))
    arguments = parser.parse_args()
    record = provenance(["python", "-m", "benchmarks", "end_to_end", *sys.argv[1:]])
    record["data"] = {"clips": [clip.name for clip in arguments.clips]}
    record["start_up_s"] = start_up()
    record["real_time_factor"] = stages(arguments.clips, arguments.model)
    record["long_recordings"] = [
        long_recording(arguments.clips, minutes, arguments.model) for minutes in arguments.minutes
    ]
    write_record(record, arguments.out)


if __name__ == "__main__":
    main()
