"""How a person's drawn face is built: lengths in face units, from the shape weights."""

from dataclasses import dataclass

from viseme.studio.identity import Identity

UNIT_CM = 11.5
"""The face unit: half the height of the head. On the face, u goes to the image's right, v down and
w out of it, from the origin between the ears."""

NUM_AXES = 14


@dataclass(frozen=True)
class Proportions:
    """Lengths of a face in face units; each is moved by one shape axis, in this order.

    Attributes:
        width: half the width of the head.
        chin_v: where the chin ends.
        jaw: width of the jaw, as a share of the oval's.
        eye_u: how far the eyes are from the middle.
        eye_width: half the width of an eye.
        eye_height: its height, as a share of the average.
        nose_v: tip of the nose.
        nose_size: of the nose, as a share of the average.
        mouth_v: middle of the mouth.
        mouth_width: half the width of the mouth.
        lip_upper, lip_lower: thickness of the lips.
        brow_v: height of the brows.
        brow_size: thickness of the brows, as a share of the average.
    """

    width: float
    chin_v: float
    jaw: float
    eye_u: float
    eye_width: float
    eye_height: float
    nose_v: float
    nose_size: float
    mouth_v: float
    mouth_width: float
    lip_upper: float
    lip_lower: float
    brow_v: float
    brow_size: float


_AVERAGE = Proportions(
    width=0.69,
    chin_v=0.97,
    jaw=1.02,
    eye_u=0.275,
    eye_width=0.125,
    eye_height=1.0,
    nose_v=0.2,
    nose_size=1.0,
    mouth_v=0.51,
    mouth_width=0.25,
    lip_upper=0.068,
    lip_lower=0.088,
    brow_v=-0.31,
    brow_size=1.0,
)
_REACH = (
    *(0.035, 0.035, 0.06, 0.018, 0.010, 0.15, 0.02, 0.15),
    *(0.015, 0.02, 0.014, 0.016, 0.02, 0.25),
)
"""What a weight of 1 adds to each."""

_MALE = (0.01, 0.02, 0.06, 0, 0, -0.06, 0.01, 0.08, 0.005, 0.006, -0.008, -0.006, 0.015, 0.3)
"""What is added for a man and taken away for a woman, before the weights."""


def proportions(identity: Identity) -> Proportions:
    """The face of a person; weights that are not given count as 0."""
    weights = [*identity.shape[:NUM_AXES].tolist(), *[0.0] * NUM_AXES]
    sign = 0.5 if identity.sex == "male" else -0.5
    return Proportions(
        *(
            average + sign * male + reach * weight
            for average, male, reach, weight in zip(
                vars(_AVERAGE).values(), _MALE, _REACH, weights, strict=False
            )
        )
    )
