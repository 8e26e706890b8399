"""Light, background and what a recording does to the picture."""

from dataclasses import dataclass

from viseme.studio.identity import Colour


@dataclass(frozen=True)
class Occluder:
    """Something that hides part of the picture for a while.

    Attributes:
        kind: "hand" or "microphone".
        start_s, end_s: when.
        x, y: where its middle is, shares of the picture's side.
        size: of the picture's side.
    """

    kind: str
    start_s: float
    end_s: float
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Scene:
    """The room that a head stands in, and the faults of its recording.

    Attributes:
        light_yaw, light_pitch: direction of the main light, radians towards the person's left and
            up from the camera's axis at yaw 0.
        light: colour of the main light.
        ambient: share of the light that comes from everywhere.
        background: colour of the wall.
        background_detail: strength of the pattern on the wall, 0 to 1.
        exposure: brightness of the picture, 1 is right.
        blur_px: standard deviation of the blur, px.
        noise: standard deviation of the sensor's noise, white is 1.
        occluders: what gets in the way.
        seed: of the pattern and the noise.
    """

    light_yaw: float = -0.4
    light_pitch: float = 0.5
    light: Colour = (1.0, 1.0, 1.0)
    ambient: float = 0.45
    background: Colour = (0.2, 0.25, 0.3)
    background_detail: float = 0.3
    exposure: float = 1.0
    blur_px: float = 0.0
    noise: float = 0.0
    occluders: tuple[Occluder, ...] = ()
    seed: int = 0
