"""What is drawn into a picture: where it must be, and where nothing may be."""

import numpy as np
import pytest
from PIL import Image

from viseme.text.transcript import Transcript, Word
from viseme.verbs.demo.overlay import ACCENT, Mouth, Overlay, draw_bar, draw_outline
from viseme.verbs.demo.still import Moment, moments_s, write_still

WORDS = [Word("bin", 1.0, 1.2, 0.9), Word("blue", 1.2, 1.5, 0.5), Word("now", 1.6, 2.0, 0.7)]
READ = Transcript("clip.mp4", "bin blue now", WORDS, 0.7, "video", "stub", 3.0)
UNREAD = Transcript("clip.mp4", "", [], 0.0, "video", "stub", 3.0)

SIZES = [(1, 1), (2, 7), (48, 64), (288, 360), (360, 288), (719, 1281), (2160, 3840)]


def grey(height: int = 288, width: int = 360) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def mouth(height: int = 288, width: int = 360) -> Mouth:
    """A slanting quadrangle about the middle of a picture, and an ROI that is half bright."""
    quad = np.array([(0.4, 0.45), (0.6, 0.5), (0.58, 0.72), (0.38, 0.67)]) * (width, height)
    roi = np.zeros((96, 96), np.uint8)
    roi[:, 48:] = 240
    return Mouth(quad, roi)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(-1)


def accented(picture: np.ndarray) -> np.ndarray:
    return (picture == ACCENT).all(-1)


def distance_to_edges(quad: np.ndarray, height: int, width: int) -> np.ndarray:
    """Distance (H, W) px of every pixel from the nearest edge of a quadrangle."""
    y, x = np.mgrid[:height, :width]
    points, distances = np.stack([x, y], -1), []
    for start, end in zip(quad, np.roll(quad, -1, 0), strict=True):
        along = ((points - start) @ (end - start) / ((end - start) @ (end - start))).clip(0, 1)
        distances.append(np.linalg.norm(points - start - along[..., None] * (end - start), axis=-1))
    return np.min(distances, axis=0)


def outlined(quad: np.ndarray, line_px: int) -> np.ndarray:
    canvas = Image.fromarray(grey())
    draw_outline(canvas, quad, line_px)
    return changed(grey(), np.asarray(canvas))


@pytest.mark.parametrize("line_px", [1, 2, 5])
def test_an_outline_is_all_along_the_edges_and_nowhere_else(line_px: int) -> None:
    quad = mouth().quad
    drawn, distance = outlined(quad, line_px), distance_to_edges(quad, 288, 360)
    assert drawn[distance < line_px / 2 - 0.25].all()
    assert not drawn[distance > line_px / 2 + 1.5].any()


def test_of_an_outline_that_leaves_the_picture_the_rest_is_drawn() -> None:
    quad = mouth().quad - np.array([150.0, 0.0])
    drawn, distance = outlined(quad, 3), distance_to_edges(quad, 288, 360)
    assert drawn[distance < 1].all()
    assert not drawn[distance > 3].any()
    assert drawn.any()
    assert not outlined(quad - np.array([500.0, 0.0]), 3).any()


def test_nothing_is_drawn_where_nothing_was_seen_or_said() -> None:
    assert not changed(grey(), Overlay(READ).draw(grey(), 0.2, None)).any()


def test_the_picture_itself_is_left_as_it_was() -> None:
    picture = grey()
    Overlay(READ).draw(picture, 1.3, mouth())
    assert not changed(grey(), picture).any()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_picture_of_any_size(height: int, width: int) -> None:
    picture = grey(height, width)
    drawn = Overlay(READ).draw(picture, 1.3, mouth(height, width))
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    assert changed(picture, drawn).any()


def test_larger_pictures_get_the_same_drawing_larger() -> None:
    small = changed(grey(), Overlay(READ).draw(grey(), 1.3, mouth()))
    large = grey(288 * 4, 360 * 4)
    large = changed(large, Overlay(READ).draw(large, 1.3, mouth(288 * 4, 360 * 4)))
    assert small.mean() == pytest.approx(large.mean(), rel=0.2)


def test_the_inset_shows_the_roi_in_the_corner() -> None:
    corner = Overlay(READ).draw(grey(), 0.2, mouth())[20:70, -80:-10].mean(-1)
    assert corner[:, :20].max() < 10
    assert corner[:, -20:].min() > 230


def test_the_word_that_is_said_stands_out() -> None:
    overlay = Overlay(READ)
    lower = slice(200, 288)
    places = []
    for time_s in (1.1, 1.3, 1.8):
        columns = np.flatnonzero(accented(overlay.draw(grey(), time_s, None)[lower]).any(0))
        places.append((columns[0], columns[-1]))
    assert places[0][1] < places[1][0]
    assert places[1][1] < places[2][0]
    assert not accented(overlay.draw(grey(), 1.55, None)).any(), "a pause"
    assert changed(grey(), overlay.draw(grey(), 1.55, None))[lower].any()


def test_words_are_known_by_their_times() -> None:
    at = [Overlay(READ).word_at(time_s) for time_s in (0.99, 1.0, 1.19, 1.2, 1.55, 2.0)]
    assert [word and word.text for word in at] == [None, "bin", "bin", "blue", None, None]


def test_long_lines_and_words_with_spaces_fit_the_picture() -> None:
    words = [Word("straightforwardly  so", i * 0.5, i * 0.5 + 0.4) for i in range(4)]
    text = " ".join(word.word for word in words)
    drawn = changed(grey(), Overlay(Transcript("x", text, words)).draw(grey(), 0.6, None))
    columns = np.flatnonzero(drawn.any(0))
    assert columns[0] > 2
    assert columns[-1] < 357


def test_a_video_that_could_not_be_read_says_so_all_along() -> None:
    first, last = (Overlay(UNREAD).draw(grey(), time_s, None) for time_s in (0.0, 2.9))
    assert changed(grey(), first)[200:].any()
    assert not changed(first, last).any()


def test_a_bar_is_as_long_as_its_share() -> None:
    lengths = []
    for share in (-1.0, 0.0, 0.3, 1.0, 2.0):
        canvas = Image.fromarray(grey())
        draw_bar(canvas, (10, 20, 109, 24), share)
        lengths.append(int(accented(np.asarray(canvas))[22].sum()))
    assert lengths == [0, 0, 30, 100, 100]


def test_moments_are_in_the_middle_of_words_or_spread_evenly() -> None:
    assert moments_s(READ) == pytest.approx([1.1, 1.35, 1.8])
    assert moments_s(UNREAD) == pytest.approx([0.5, 1.5, 2.5])


@pytest.mark.parametrize("transcript", [READ, UNREAD])
@pytest.mark.parametrize(("height", "width"), [(288, 360), (640, 360), (90, 960)])
def test_a_still_of_any_shape(tmp_path, transcript: Transcript, height: int, width: int) -> None:
    overlay = Overlay(transcript)
    moments = [
        Moment(grey(height, width), mouth(height, width), overlay.word_at(1.1)),
        Moment(grey(height, width), None, None),
    ]
    write_still(tmp_path / "still.png", moments, transcript)
    with Image.open(tmp_path / "still.png") as still:
        assert min(still.size) > 400
        assert accented(np.asarray(still)).any()
