"""From decoded frames to upright RGB arrays of one size."""

from collections.abc import Iterator, Mapping
from math import atan2, pi
from pathlib import Path
from typing import cast

import numpy as np
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as Drained
from av.filter import Graph
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from viseme.media.source import check_size


def orientation(frame: VideoFrame) -> tuple[int, bool]:
    """How to show a frame: clockwise quarter turns (0 to 3), before them a left-right flip or not.

    Read from the display matrix that phones write: x' = a x + c y, y' = b x + d y, y downwards.
    """
    try:
        matrix = np.frombuffer(bytes(cast(Mapping, frame.side_data)[Type.DISPLAYMATRIX]), "<i4")
    except KeyError:
        return 0, False
    a, b, c, d = (float(matrix[i]) for i in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return round(atan2(b, a) / (pi / 2)) % 4, mirrored


class Painter:
    """Turns frames into RGB arrays (H, W, 3) uint8, all of the size of the first.

    Args:
        path: the file, for messages.
        max_height: scale down to this many rows, keeping the aspect; None leaves the size.
    """

    def __init__(self, path: Path, max_height: int | None = None) -> None:
        self._path, self._max_height = path, max_height
        self._size: tuple[int, int] | None = None
        self._reformatter = VideoReformatter()  # kept, as making one costs more than using it

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        check_size(frame.width, frame.height, self._path)
        turns, mirrored = orientation(frame)
        upright = (frame.width, frame.height) if turns % 2 == 0 else (frame.height, frame.width)
        if self._size is None:
            self._size = self._fit(*upright)
        width, height = self._size if turns % 2 == 0 else self._size[::-1]
        shrinks = width * height < frame.width * frame.height
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb24", interpolation="AREA" if shrinks else None
        ).to_ndarray()
        if mirrored:
            rgb = rgb[:, ::-1]
        return np.ascontiguousarray(np.rot90(rgb, -turns))

    def _fit(self, width: int, height: int) -> tuple[int, int]:
        if self._max_height is None or height <= self._max_height:
            return width, height
        return max(1, round(width * self._max_height / height)), self._max_height


def deinterlaced(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """Pass frames on, rebuilding whole pictures from those that say they are two fields.

    Filter: bwdif, one picture per frame, flagged frames only. Side data and times are kept.
    """
    graph: Graph | None = None
    shape = None
    for frame in frames:
        if graph is not None and shape != (frame.width, frame.height, frame.format.name):
            yield from _drain(graph)
            graph = None
        if graph is None and not frame.interlaced_frame:
            yield frame
            continue
        if graph is None:
            graph, shape = _bwdif(frame), (frame.width, frame.height, frame.format.name)
        graph.push(frame)
        yield from _pull(graph)
    if graph is not None:
        yield from _drain(graph)


def _bwdif(frame: VideoFrame) -> Graph:
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base,
        ),
        graph.add("bwdif", "mode=send_frame:deint=interlaced"),
        graph.add("buffersink"),
    ).configure()
    return graph


def _drain(graph: Graph) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _pull(graph)


def _pull(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (NothingYet, Drained):
            return
