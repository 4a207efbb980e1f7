"""Pictures of styles: what the rasteriser draws, what the head does, which moments are shown."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mynah_daemon.pictures.film_strip import MOMENTS, draw_strip, telling_frames
from mynah_daemon.pictures.head_asset import HEAD_FILE, load_head
from mynah_daemon.pictures.portrait import THUMBNAIL, shipped_painter
from mynah_daemon.pictures.rasteriser import View, fill, look, smooth_normals
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

VIEW = View(8, 8, centre=(0.0, 0.0, 0.0), distance=100.0, seen=8.0)
BLACK = np.zeros(3, np.float32)
SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def corners(z: float, half: float = 2.0) -> np.ndarray:
    flat = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    return np.concatenate([flat, np.full((4, 1), z)], axis=1).astype(np.float32)


def drawn(points: np.ndarray, triangles: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Colours of triangles [F, 3] as a picture."""
    seen = look(points, triangles, VIEW)
    return fill(seen, colours[seen.triangle].astype(np.float32), BLACK, VIEW)


def pose(**values: float) -> np.ndarray:
    """Coefficients [1, 55]; a name without its side is meant on both."""
    found = np.zeros((1, 55), np.float32)
    for name, value in values.items():
        sides = [c for c in ARKIT_CHANNELS if c in {name, f"{name}Left", f"{name}Right"}]
        found[0, [ARKIT_CHANNELS.index(side) for side in sides]] = value
    return found


def face(**values: float) -> np.ndarray:
    return shipped_painter().paint(pose(**values))[0].astype(int)


# --- the rasteriser -----------------------------------------------------------------------------


def test_a_square_covers_its_pixels_and_no_others() -> None:
    picture = drawn(corners(0.0), SQUARE, np.ones((2, 3)))
    expected = np.zeros((8, 8))
    expected[2:6, 2:6] = 1
    np.testing.assert_array_equal(picture[..., 0], expected)


def test_two_triangles_leave_no_gap_between_them() -> None:
    seen = look(corners(0.0, 2.3), SQUARE, VIEW)
    assert len(np.unique(seen.pixel)) == 10 * 10  # half pixels whose middle is inside
    np.testing.assert_allclose(seen.weights.sum(axis=0), 1, atol=1e-6)


def test_the_nearer_of_two_hides_the_other_whatever_their_order() -> None:
    points = np.concatenate([corners(-1.0), corners(1.0)])
    colours = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        triangles = np.concatenate([SQUARE, SQUARE + 4])[order]
        np.testing.assert_array_equal(drawn(points, triangles, colours[order])[4, 4], [0, 1, 0])


def test_what_faces_away_or_lies_outside_is_not_drawn() -> None:
    assert not drawn(corners(0.0), SQUARE[:, ::-1], np.ones((2, 3))).any()
    beside = corners(0.0) + np.array([20, 0, 0], np.float32)
    assert not drawn(beside, SQUARE, np.ones((2, 3))).any()


def test_normals_point_outwards() -> None:
    np.testing.assert_allclose(smooth_normals(corners(0.0), SQUARE), [[0, 0, 1]] * 4, atol=1e-6)


# --- the head -----------------------------------------------------------------------------------


def test_the_head_is_small_and_has_all_shapes() -> None:
    head = load_head()
    assert HEAD_FILE.stat().st_size < 250_000
    assert head.moves.shape == (len(ARKIT_BLENDSHAPES), len(head.positions), 3)
    assert head.triangles.max() == len(head.positions) - 1
    assert (np.abs(head.moves).max(axis=(1, 2)) > 0.002).all()  # each moves something by 2 mm
    assert 0.2 < np.ptp(head.positions[:, 1]) < 0.4  # metres
    jaw = head.moves[ARKIT_BLENDSHAPES.index("jawOpen")]
    assert jaw[:, 1].min() < -0.02  # down
    out = head.moves[ARKIT_BLENDSHAPES.index("tongueOut")]
    assert out[:, 2].max() > 0.03  # out of the face


def test_every_surface_faces_outwards() -> None:
    """Seen from the front, nothing may show its inside: brows and ears did once."""
    head = load_head()
    whole = View(90, 120, centre=(0.0, 0.03, 0.0), distance=5.0, seen=0.34)
    front = look(head.positions, head.triangles, whole)
    both = np.concatenate([head.triangles, head.triangles[:, ::-1]])
    all_sides = look(head.positions, both, whole)
    inside = (all_sides.triangle >= len(head.triangles)).mean()
    assert inside < 0.005
    assert abs(len(front.pixel) - len(all_sides.pixel)) < 0.005 * len(front.pixel)


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ("jawOpen", slice(90, 160), slice(15, 113)),
        ("mouthSmile", slice(90, 125), slice(30, 98)),
        ("browDown", slice(25, 60), slice(10, 118)),
        ("browInnerUp", slice(20, 60), slice(30, 98)),
        ("eyeBlink", slice(45, 75), slice(15, 113)),
        ("eyeWide", slice(40, 75), slice(15, 113)),
    ],
)
def test_an_expression_shows_where_it_belongs(shape: str, rows: slice, columns: slice) -> None:
    change = np.abs(face(**{shape: 1.0}) - face()).sum(axis=-1)
    assert (change[rows, columns] > 60).sum() > 40  # readable in a thumbnail
    outside = change.copy()
    outside[rows, columns] = 0
    assert outside.sum() < 0.35 * change.sum()


def test_the_head_turns_as_the_channels_say() -> None:
    def middle_of_eyes(**values: float) -> tuple[float, float]:
        picture = face(**values)
        teal = picture[..., 2] - picture[..., 0] > 25
        teal &= picture[..., 1] < 190  # irises, not the backdrop
        rows, columns = np.nonzero(teal)
        return float(rows.mean()), float(columns.mean())

    row, column = middle_of_eyes()
    assert abs(column - THUMBNAIL.width / 2) < 3
    assert middle_of_eyes(headYaw=0.3)[1] > column + 8  # its own left is on the viewer's right
    assert middle_of_eyes(headPitch=0.2)[0] > row + 5
    assert middle_of_eyes(headRoll=0.2)[1] < column - 5


def test_a_larger_view_shows_the_same_face() -> None:
    large = replace(THUMBNAIL, width=2 * THUMBNAIL.width, height=2 * THUMBNAIL.height)
    picture = shipped_painter().paint(pose(), large)[0]
    assert picture.shape == (320, 256, 3)
    halved = picture.reshape(160, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - face()).mean() < 6


# --- film strips --------------------------------------------------------------------------------


def performance(n_frames: int = 300) -> MotionClip:
    """A mouth that opens, shuts and smiles by turns, with a blink in every second."""
    times = np.arange(n_frames) / 25
    values = np.zeros((n_frames, 55))
    values[:, ARKIT_CHANNELS.index("jawOpen")] = 0.5 * np.sin(2 * np.pi * times).clip(0)
    for side in ("Left", "Right"):
        smile = ARKIT_CHANNELS.index(f"mouthSmile{side}")
        values[:, smile] = 0.6 * np.sin(2 * np.pi * times / 3).clip(0)
        values[:, ARKIT_CHANNELS.index(f"eyeBlink{side}")] = (times % 1) < 0.3
    return MotionClip(25.0, ARKIT_CHANNELS, values)


def test_moments_are_spread_with_open_eyes_and_show_what_the_mouth_does() -> None:
    clip = performance()
    frames = telling_frames(clip)
    assert len(frames) == MOMENTS
    for i, frame in enumerate(frames):
        assert 50 * i <= frame < 50 * (i + 1)
    shown = MotionClip(clip.fps, clip.channels, clip.values[frames])
    assert not shown.column("eyeBlinkLeft").any()
    assert (shown.column("jawOpen") > 0.4).sum() >= 2
    assert (shown.column("jawOpen") < 0.01).sum() >= 2
    assert shown.column("mouthSmileLeft").max() > 0.5


@pytest.mark.parametrize("n_frames", [1, 4, 6])
def test_a_short_clip_shows_what_there_is(n_frames: int) -> None:
    assert telling_frames(performance(n_frames)) == list(range(n_frames))


def test_a_strip_is_a_small_picture_and_always_the_same() -> None:
    png = draw_strip(performance())
    assert png == draw_strip(performance())
    assert len(png) < 40_000
    with Image.open(io.BytesIO(png)) as strip:
        assert strip.format == "PNG"
        assert strip.size == (MOMENTS * THUMBNAIL.width, THUMBNAIL.height)
        assert len(np.unique(np.asarray(strip.convert("RGB")).reshape(-1, 3), axis=0)) > 32


def test_a_clip_of_a_few_channels_can_be_drawn() -> None:
    clip = MotionClip(30.0, ("jawOpen",), np.linspace(0, 1, 120)[:, None])
    assert draw_strip(clip).startswith(b"\x89PNG")
