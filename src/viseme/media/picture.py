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

from viseme.media.aspect import shown_width
from viseme.media.decode import frame_aspect
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


def shown_size(frame: VideoFrame, path: Path) -> tuple[int, int]:
    """Width and height of a frame upright and with square pixels.

    Raises:
        MediaError: of `path`: too large for the memory.
    """
    check_size(frame.width, frame.height, path)
    width, height = shown_width(frame.width, frame_aspect(frame)), frame.height
    check_size(width, height, path)
    return (width, height) if orientation(frame)[0] % 2 == 0 else (height, width)


class Painter:
    """Turns frames into RGB arrays (H, W, 3) uint8, all of the size of the first.

    A frame of another shape keeps it, between black bars.

    Args:
        path: the file, for messages.
        max_height: scale down to this many rows, keeping the aspect; None leaves the size.
    """

    def __init__(self, path: Path, max_height: int | None = None) -> None:
        self._path, self._max_height = path, max_height
        self._size: tuple[int, int] | None = None
        self._reformatter = VideoReformatter()  # kept, as making one costs more than using it

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        shown = shown_size(frame, self._path)
        if self._size is None:
            self._size = _limited(shown, self._max_height)
        turns, mirrored = orientation(frame)
        upright = _inside(shown, self._size)
        width, height = upright if turns % 2 == 0 else upright[::-1]
        shrinks = width * height < frame.width * frame.height
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb24", interpolation="AREA" if shrinks else None
        ).to_ndarray()
        if mirrored:
            rgb = rgb[:, ::-1]
        picture: NDArray[np.uint8] = np.ascontiguousarray(np.rot90(rgb, -turns))
        return picture if upright == self._size else _framed(picture, self._size)


def _limited(size: tuple[int, int], max_height: int | None) -> tuple[int, int]:
    """The size (width, height), scaled down where it is higher than allowed."""
    width, height = size
    if max_height is None or height <= max_height:
        return size
    return max(1, round(width * max_height / height)), max_height


def _inside(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the shape of `size` in `room`; all of it where 1 % at most is left."""
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = (max(1, round(side * scale)) for side in size)
    is_full = room[0] - width <= room[0] / 100 and room[1] - height <= room[1] / 100
    return room if is_full else (width, height)


def _framed(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture in the middle of a black one of `size` (width, height)."""
    height, width = picture.shape[:2]
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    framed = np.zeros((size[1], size[0], 3), np.uint8)
    framed[top : top + height, left : left + width] = picture
    return framed


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
