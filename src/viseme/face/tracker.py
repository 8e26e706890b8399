"""Faces followed through a video: the interface, and the default tracker."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from viseme.face.align import REGIONS
from viseme.face.detect import SAME_FACE_IOU, FaceDetector, iou
from viseme.face.mesh import EYE_CORNERS, FaceMesh, FaceRoi

Image = NDArray[np.uint8]

MIN_PRESENCE = 0.5
GROUP_FRAMES = 4
"""Frames that share the place where a face is looked for, so that they can run in parallel."""

MAX_MOVE = 0.02
"""A frame is not looked at if no point of `align.REGIONS` moves further than this, in distances of
the eyes, between the frames beside it: its face is their mean. docs/face.md has what that costs."""

DETECT_EVERY_FRAMES = 24
ENLARGE_EVERY_FRAMES = 12
SEARCH_FRAMES = 12
"""How long a lost face is looked for in every frame rather than in every group."""

REMEMBER_FRAMES = 50
"""How long a face that comes back to where it was lost keeps its number."""

_WATCHED = sorted(set().union(*REGIONS))


@dataclass(frozen=True)
class Face:
    """One face in one frame.

    Attributes:
        track_id: number of the face, the same through the video.
        landmarks: (478, 3) float32, x and y in px of the frame, z on the same scale.
        box: x0, y0, x1, y1 in px, the extent of the landmarks.
        score: probability (0 to 1) that a face is there.
    """

    track_id: int
    landmarks: NDArray[np.float32]
    box: tuple[float, float, float, float]
    score: float


class FaceTracker(Protocol):
    """What finds faces for the rest of viseme; pass your own to use another one.

    Landmarks must follow the 478-point mesh as far as `align.REGIONS` and the lips read it.
    """

    def track(self, frames: Iterable[Image]) -> Iterator[list[Face]]:
        """The faces of every RGB frame (H, W, 3), one list per frame, frames read one by one."""
        ...


class LandmarkTracker:
    """The default tracker: detect, then follow each face by its landmarks.

    Where a face is looked for in a group of frames follows from its landmarks in the frame before
    the group; a group ends early at a frame that loses a face. Every other frame is looked at, the
    ones between them only where the face moves. The result does not depend on the number of
    threads.

    Args:
        threads: how many frames are worked on at the same time.
    """

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads
        self._detector = FaceDetector()
        self._mesh = FaceMesh()

    def track(self, frames: Iterable[Image]) -> Iterator[list[Face]]:
        """The faces of every RGB frame (H, W, 3), one list per frame.

        Reads about three groups of frames ahead of what it yields.
        """
        source = iter(frames)
        working: deque[Future[list[list[Face]]]] = deque()
        with ThreadPoolExecutor(self._threads) as pool, ThreadPoolExecutor(1) as ahead:
            run = _Run(self._detector, self._mesh, pool)
            # Frames are decoded, and what is found is used, in this thread while others look.
            while group := list(islice(source, GROUP_FRAMES)):
                working.append(ahead.submit(run.advance, group))
                if len(working) > 1:
                    yield from working.popleft().result()
            for last in working:
                yield from last.result()


@dataclass(frozen=True)
class _Lost:
    """A face that is no longer seen, and the number of the first frame without it."""

    face: Face
    frame: int


class _Run:
    """State of following the faces of one video."""

    def __init__(self, detector: FaceDetector, mesh: FaceMesh, pool: ThreadPoolExecutor) -> None:
        self._detector, self._mesh, self._pool = detector, mesh, pool
        self._live: list[Face] = []  # as last seen, oldest first
        self._lost: list[_Lost] = []
        self._frame = 0
        self._detect_at = self._enlarge_at = 0
        self._next_id = 0

    def advance(self, frames: list[Image]) -> list[list[Face]]:
        """The faces of the next frames."""
        done: list[list[Face]] = []
        while len(done) < len(frames):
            done += self._step(frames[len(done) :])
        return done

    def _step(self, frames: list[Image]) -> list[list[Face]]:
        """The faces of the first of `frames`, up to and with the first one that loses a face."""
        begun: set[int] = set()
        if self._searching() or not self._live or self._frame >= self._detect_at:
            begun = self._detect(frames[0])
        if self._searching():
            frames = frames[:1]
        tracks = self._follow(frames, begun)
        count = min([len(frames), *(len(track) + 1 for track in tracks)])
        faces = [[track[i] for track in tracks if i < len(track)] for i in range(count)]
        self._frame += count
        for last, track in zip(self._live, tracks, strict=True):
            if len(track) < count:
                self._lost.append(_Lost(track[-1] if track else last, self._frame - 1))
        self._live = _distinct(faces[-1])
        self._lost = [x for x in self._lost if self._frame - x.frame <= REMEMBER_FRAMES]
        return faces

    def _searching(self) -> bool:
        return any(self._frame - lost.frame <= SEARCH_FRAMES for lost in self._lost)

    def _detect(self, image: Image) -> set[int]:
        """Start to follow the faces of this frame that are not followed yet; their numbers."""
        begun = set()
        enlarge = not self._live and self._frame >= self._enlarge_at
        if enlarge:
            self._enlarge_at = self._frame + ENLARGE_EVERY_FRAMES
        self._detect_at = self._frame + DETECT_EVERY_FRAMES
        for detection in self._detector(image, enlarge=enlarge):
            if _match(detection.box, self._live) is None:
                face = self._look(image, FaceRoi.of_detection(detection))
                if face.score > MIN_PRESENCE and _match(face.box, self._live) is None:
                    self._live.append(self._numbered(face))
                    begun.add(self._live[-1].track_id)
        self._live.sort(key=lambda face: face.track_id)
        return begun

    def _numbered(self, face: Face) -> Face:
        """The face with the number it had when it was lost here, else a new one."""
        place = _match(face.box, [lost.face for lost in self._lost])
        if place is not None:
            return replace(face, track_id=self._lost.pop(place).face.track_id)
        self._next_id += 1
        return replace(face, track_id=self._next_id - 1)

    def _follow(self, frames: list[Image], begun: set[int]) -> list[list[Face]]:
        """Each live face in the frames, up to where it is lost; `begun` were not seen before."""
        tracks = []
        for last, looks in zip(self._live, self._looks(frames, begun), strict=True):
            track: list[Face] = []
            for image, look in zip(frames, looks, strict=True):
                face = look.result()
                if face.score <= MIN_PRESENCE and track:  # it may have left the shared place
                    face = self._look(image, FaceRoi.of_landmarks(track[-1].landmarks))
                if face.score <= MIN_PRESENCE:
                    break
                track.append(replace(face, track_id=last.track_id))
            tracks.append(track)
        return tracks

    def _looks(self, frames: list[Image], begun: set[int]) -> list[list[Future[Face]]]:
        """Each live face in each of the frames, in the making."""
        rois = [FaceRoi.of_landmarks(last.landmarks) for last in self._live]
        last_frame = len(frames) - 1
        first = [i for i in range(len(frames)) if i % 2 or i == last_frame]
        rows = [{i: self._pool.submit(self._look, frames[i], roi) for i in first} for roi in rois]
        for last, roi, row in zip(self._live, rois, rows, strict=True):
            for i in range(0, last_frame, 2):
                before = row[i - 1].result() if i else last
                after = row[i + 1].result()
                if (i or last.track_id not in begun) and _is_still(before, after):
                    row[i] = self._pool.submit(_mean, before, after)
                else:
                    row[i] = self._pool.submit(self._look, frames[i], roi)
        return [[row[i] for i in range(len(frames))] for row in rows]

    def _look(self, image: Image, roi: FaceRoi) -> Face:
        """The face in `roi`, not yet numbered."""
        return _unnumbered(*self._mesh(image, roi))


def _unnumbered(landmarks: NDArray[np.float32], score: float) -> Face:
    x0, y0 = landmarks[:, :2].min(0).tolist()
    x1, y1 = landmarks[:, :2].max(0).tolist()
    return Face(-1, landmarks, (x0, y0, x1, y1), score)


def _mean(before: Face, after: Face) -> Face:
    """The face halfway between two frames."""
    landmarks = (before.landmarks + after.landmarks) / np.float32(2)
    return _unnumbered(landmarks, min(before.score, after.score))


def _is_still(before: Face, after: Face) -> bool:
    """Whether a face that is seen in two frames hardly moves from one to the other."""
    if min(before.score, after.score) <= MIN_PRESENCE:
        return False
    moved = after.landmarks[_WATCHED, :2] - before.landmarks[_WATCHED, :2]
    left, right = before.landmarks[list(EYE_CORNERS), :2]
    return bool(np.linalg.norm(moved, axis=1).max() <= MAX_MOVE * np.linalg.norm(right - left))


def _match(box: Sequence[float] | NDArray[np.floating], faces: list[Face]) -> int | None:
    """Index of the face whose box overlaps most, if any overlaps enough to be the same face."""
    if not faces:
        return None
    overlap = iou(np.asarray(box), np.array([face.box for face in faces]))
    best = int(overlap.argmax())
    return best if overlap[best] > SAME_FACE_IOU else None


def _distinct(faces: list[Face]) -> list[Face]:
    """The faces without those that have slid onto an older one."""
    kept: list[Face] = []
    for face in faces:
        if _match(face.box, kept) is None:
            kept.append(face)
    return kept
