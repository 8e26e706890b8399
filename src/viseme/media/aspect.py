"""The shape of a stored pixel: old and broadcast formats store pictures narrower than shown."""

from fractions import Fraction

from av.video.stream import VideoStream

SQUARE = Fraction(1)

MAX_ASPECT = 4
"""Formats in use reach from 0.6 to 2.9; what is stretched or squeezed more than this is damage."""


class PixelAspect:
    """Width of a stored pixel by its height, as of the picture decoded last.

    The container's word goes before the codec's, as in players. Where it only repeats the codec's,
    the codec's is followed, which broadcasts change from one programme to the next.

    Args:
        stream: of a container that was just opened.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        coded = stream.codec_context.sample_aspect_ratio
        self._follows_codec = _plausible(stream.sample_aspect_ratio) == _plausible(coded)

    def __call__(self) -> Fraction:
        said = self._stream.codec_context if self._follows_codec else self._stream
        return _plausible(said.sample_aspect_ratio)


def _plausible(aspect: Fraction | None) -> Fraction:
    """The aspect as declared; square where there is none, or none that can be."""
    if aspect is None or not Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT:
        return SQUARE
    return aspect


def shown_width(width: int, aspect: Fraction) -> int:
    """Columns of a picture of stored `width` px where its pixels are square; its rows stay."""
    return max(1, round(width * aspect))
