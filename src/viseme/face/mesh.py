"""The 478 landmarks of a face whose whereabouts are roughly known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viseme.face.detect import Detection
from viseme.face.network import FaceNetwork
from viseme.face.warp import warp

INPUT_SIZE_PX = 256
NUM_LANDMARKS = 478
ROI_MARGIN = 1.5
"""Side of the square that the network sees, in sizes of the face."""

EYE_CORNERS = (33, 263)
"""Landmarks of the outer eye corners, at the image's left and right."""


@dataclass(frozen=True)
class FaceRoi:
    """The turned square around a face that the network looks at.

    Attributes:
        x, y: centre in px.
        side: in px.
        angle: of the eye line in radians, positive when it falls towards the image's right.
    """

    x: float
    y: float
    side: float
    angle: float

    @classmethod
    def of_detection(cls, detection: Detection) -> "FaceRoi":
        """Where to look for the landmarks of a detected face."""
        x, y = (detection.box[:2] + detection.box[2:]) / 2
        side = ROI_MARGIN * float((detection.box[2:] - detection.box[:2]).max())
        across = detection.keypoints[1] - detection.keypoints[0]
        return cls(float(x), float(y), side, float(np.arctan2(across[1], across[0])))

    @classmethod
    def of_landmarks(cls, landmarks: NDArray[np.floating]) -> "FaceRoi":
        """Where to look in the next frame for a face with these landmarks (478, 3) px."""
        points = landmarks[:, :2].astype(np.float64)
        left, right = EYE_CORNERS
        across = points[right] - points[left]
        angle = float(np.arctan2(across[1], across[0]))
        turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        upright = points @ turn.T
        low, high = upright.min(0), upright.max(0)
        x, y = (low + high) / 2 @ turn
        return cls(float(x), float(y), ROI_MARGIN * float((high - low).max()), angle)

    def to_image(self) -> NDArray[np.float64]:
        """Matrix (2, 3) from px of the network's input to px of the image."""
        scale = self.side / INPUT_SIZE_PX
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        half = INPUT_SIZE_PX / 2
        return np.array(
            [
                (cos, -sin, self.x - half * (cos - sin)),
                (sin, cos, self.y - half * (cos + sin)),
            ]
        )


class FaceMesh:
    """Finds the landmarks of one face; safe to call from several threads."""

    def __init__(self) -> None:
        self._network = FaceNetwork("face_landmarks_detector")

    def __call__(self, image: NDArray[np.uint8], roi: FaceRoi) -> tuple[NDArray[np.float32], float]:
        """Landmarks (478, 3) of the face in `roi` of an RGB picture, and how sure a face is there.

        x and y are px of the picture; z is depth on the same scale, smaller nearer the camera. The
        score is a probability (0 to 1).
        """
        to_image = roi.to_image()
        flat, presence, _ = self._network(warp(image, to_image, INPUT_SIZE_PX) / np.float32(255))
        points = flat.reshape(NUM_LANDMARKS, 3).astype(np.float64)
        plane = points[:, :2] @ to_image[:, :2].T + to_image[:, 2]
        depth = points[:, 2:] * (roi.side / INPUT_SIZE_PX)
        score = 1 / (1 + np.exp(-np.clip(presence.item(), -80, 80)))
        return np.concatenate([plane, depth], 1).astype(np.float32), float(score)
