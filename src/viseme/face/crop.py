"""From frames to mouth ROIs, in blocks, in memory that does not grow with the video."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from viseme.errors import NoFaceError
from viseme.face.align import FaceWindow
from viseme.face.mouth_track import CONTEXT_FRAMES, MouthTrack, Observation, mouth_track
from viseme.face.select import Selection, check_selection, choose, counted, loudness
from viseme.face.tracker import Face, FaceTracker, LandmarkTracker

Image = NDArray[np.uint8]

BLOCK_FRAMES = 750
_CHUNK_FRAMES = 4
"""Frames cut at a time; about this many and CONTEXT_FRAMES are held in memory."""


@dataclass(frozen=True)
class MouthBlock:
    """The mouth of the selected face in consecutive frames.

    Attributes:
        start_frame: number of the first frame in the video.
        rois: (T, 96, 96) uint8 grey mouth ROIs, black where the face is not visible.
        visible: (T,) True where the face was seen or bridged over a short gap.
        scores: (T,) float32 probability that a face is there, 0 where it was not seen.
        boxes: (T, 4) float32 px, x0, y0, x1, y1 of the face; not a number where not visible.
        quads: (T, 4, 2) float32 px, corners of the mouth ROI in the frame, clockwise from its top
            left; not a number where not visible.
        num_faces: how many faces were followed in the block.
        track_id: number of the selected face, -1 if there is none.
        cuts: (T, size, size, 3) uint8 RGB of each further window.
    """

    start_frame: int
    rois: NDArray[np.uint8]
    visible: NDArray[np.bool_]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    quads: NDArray[np.float32]
    num_faces: int
    track_id: int
    cuts: tuple[NDArray[np.uint8], ...] = ()

    def __len__(self) -> int:
        return len(self.rois)


def mouth_blocks(
    frames: Iterable[Image],
    *,
    fps: float = 25.0,
    tracker: FaceTracker | None = None,
    select: Selection = "largest",
    audio: NDArray[np.floating] | None = None,
    block_frames: int = BLOCK_FRAMES,
    windows: Sequence[FaceWindow] = (),
) -> Iterator[MouthBlock]:
    """Mouth ROIs of a video of any length, block by block, every frame in exactly one block.

    The face is selected anew in every block; apart from that, the cuts between blocks leave no
    trace: smoothing and bridging of gaps look across them.

    Args:
        frames: RGB frames (H, W, 3), all of one size, read one by one.
        fps: frames per second; relates frames to sound.
        tracker: what finds the faces; None for the default one.
        select: which of several faces.
        audio: the sound from the first frame on, mono (S,) at 16 kHz; helps "speaking".
        block_frames: length of the blocks, except for the last one.
        windows: to cut out of the same frames besides the mouth.

    Raises:
        NoFaceError: after the last frame, if the selected face was in none.
        ConfigError: `select` is not a way to select.
        AssetError: the networks of the default tracker cannot be had.
    """
    check_selection(select)
    most_faces, found, stop = 0, False, 0
    for piece in _pieces(frames, tracker or LandmarkTracker(), block_frames, windows):
        stop, tracks = piece.stop, counted(piece.tracks)
        envelope = loudness(audio, piece.start, stop, fps) if audio is not None else None
        track_id = choose(tracks, select, envelope)
        most_faces, found = max(most_faces, len(tracks)), found or track_id is not None
        yield _block(piece, tracks, track_id)
    if not found:
        raise _no_face(stop, fps, select, most_faces)


def mouth_rois(
    frames: Iterable[Image],
    *,
    fps: float = 25.0,
    tracker: FaceTracker | None = None,
    select: Selection = "largest",
    audio: NDArray[np.floating] | None = None,
    windows: Sequence[FaceWindow] = (),
) -> MouthBlock:
    """Mouth ROIs of a whole short clip as one block; see `mouth_blocks`."""
    blocks = mouth_blocks(
        frames,
        fps=fps,
        tracker=tracker,
        select=select,
        audio=audio,
        block_frames=sys.maxsize,
        windows=windows,
    )
    (block,) = blocks  # to the end, where a missing face is told
    return block


@dataclass(frozen=True)
class _Piece:
    """All tracks, by number, of the frames from `start` to `stop`."""

    start: int
    stop: int
    tracks: dict[int, MouthTrack]
    windows: Sequence[FaceWindow]

    def blank(self) -> MouthTrack:
        """A track that is nowhere visible, as long as the piece."""
        return MouthTrack.blank(self.stop - self.start, self.windows)


def _block(piece: _Piece, tracks: dict[int, MouthTrack], track_id: int | None) -> MouthBlock:
    track = piece.blank() if track_id is None else tracks[track_id]
    return MouthBlock(
        piece.start,
        track.rois,
        track.visible,
        track.scores,
        track.boxes,
        track.quads,
        num_faces=len(tracks),
        track_id=-1 if track_id is None else track_id,
        cuts=track.cuts,
    )


def _join(pieces: list[_Piece]) -> _Piece:
    """One piece from pieces that follow each other."""
    numbers = sorted(set().union(*(piece.tracks for piece in pieces)))
    blanks = [piece.blank() for piece in pieces]
    tracks = {
        number: MouthTrack.join(
            [p.tracks.get(number, blank) for p, blank in zip(pieces, blanks, strict=True)]
        )
        for number in numbers
    }
    return _Piece(pieces[0].start, pieces[-1].stop, tracks, pieces[0].windows)


def _pieces(
    frames: Iterable[Image],
    tracker: FaceTracker,
    block_frames: int,
    windows: Sequence[FaceWindow],
) -> Iterator[_Piece]:
    """The tracks of one block after the other."""
    pending: list[_Piece] = []
    for chunk in _chunks(frames, tracker, block_frames, windows):
        pending.append(chunk)
        if chunk.stop % block_frames == 0:
            yield _join(pending)
            pending = []
    if pending:
        yield _join(pending)


def _chunks(
    frames: Iterable[Image],
    tracker: FaceTracker,
    block_frames: int,
    windows: Sequence[FaceWindow],
) -> Iterator[_Piece]:
    """The tracks of a few frames at a time; none reaches over the end of a block."""
    window = _Window(windows)

    def stop() -> int:
        block_end = (window.start // block_frames + 1) * block_frames
        return min(window.start + _CHUNK_FRAMES, block_end)

    for faces in tracker.track(window.passing(frames)):
        window.see(faces)
        if window.end == stop() + CONTEXT_FRAMES:
            yield window.cut(stop())
    while window.start < window.end:
        yield window.cut(min(stop(), window.end))


class _Window:
    """The frames that are not cut yet, and the faces in and around them.

    Attributes:
        start: number of the first frame that is not cut yet.
        end: number of frames whose faces are known.
    """

    def __init__(self, windows: Sequence[FaceWindow]) -> None:
        self.start = self.end = 0
        self._windows = windows
        self._images: deque[Image] = deque()  # from `start` on
        self._seen: deque[dict[int, Observation]] = deque()  # up to CONTEXT_FRAMES before `start`

    def passing(self, frames: Iterable[Image]) -> Iterator[Image]:
        """The frames, each kept until it is cut."""
        for image in frames:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
                raise ValueError(f"frames must be uint8 (H, W, 3), not {image.dtype} {image.shape}")
            self._images.append(image)
            yield image

    def see(self, faces: Iterable[Face]) -> None:
        """Take note of the faces of the next frame."""
        self._seen.append({face.track_id: Observation.of(face) for face in faces})
        self.end += 1

    def cut(self, stop: int) -> _Piece:
        """Cut the frames up to `stop` and let go of them."""
        origin = self.end - len(self._seen)
        around = list(islice(self._seen, stop + CONTEXT_FRAMES - origin))
        images = [self._images.popleft() for _ in range(stop - self.start)]
        tracks = {
            number: mouth_track(
                images, [seen.get(number) for seen in around], self.start - origin, self._windows
            )
            for number in sorted(set().union(*around))
        }
        tracks = {number: track for number, track in tracks.items() if track.visible.any()}
        piece = _Piece(self.start, stop, tracks, self._windows)
        self.start = stop
        for _ in range(stop - CONTEXT_FRAMES - origin):
            self._seen.popleft()
        return piece


def _no_face(num_frames: int, fps: float, select: Selection, most_faces: int) -> NoFaceError:
    if most_faces:
        return NoFaceError(
            f"no face number {select}: at most {most_faces} were seen at a time",
            todo="Faces are counted from the left, from 0.",
        )
    return NoFaceError(
        f"no face in any of {num_frames} frames ({num_frames / fps:.1f} s), looked for in the "
        "whole picture and in enlarged parts of it",
        todo="The face must be upright, turned to the camera and some 40 px wide.",
    )
