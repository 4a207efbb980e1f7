"""A range of a take made anew: outside nothing moves, inside the artist's keys can stay."""

from __future__ import annotations

import io
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.session import session
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of, f_curves, is_edited, make_face, make_rig

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

N_FRAMES = 100
JAW = 'key_blocks["jawOpen"].value'
BROW = 'key_blocks["browInnerUp"].value'
FIELDS = (
    "co handle_left handle_right handle_left_type handle_right_type interpolation easing back "
    "amplitude period type select_control_point"
).split()


def performance(seed: int) -> MotionClip:
    """Shapes and a head that move at rates of their own, from another phase for each seed."""
    rng = np.random.default_rng(seed)
    rate, phase = rng.uniform(0.1, 0.4, len(ARKIT_CHANNELS)), rng.uniform(0, 6, len(ARKIT_CHANNELS))
    values = 0.4 - 0.4 * np.cos(np.arange(N_FRAMES)[:, None] * rate + phase)
    values[:, 52:] = (values[:, 52:] - 0.4) / 2
    return MotionClip(24.0, ARKIT_CHANNELS, values)


class Engine:
    """Stands for the model: holds the take and the keys as the engine promises."""

    def __init__(self, daemon: FakeDaemon) -> None:
        self._daemon = daemon
        self.requests: list[m.SynthesizeRequest] = []
        daemon.replies[m.Submit] = self._submit

    @property
    def request(self) -> m.SynthesizeRequest:
        return self.requests[-1]

    def take(self) -> MotionClip:
        with np.load(io.BytesIO(self._daemon.blobs[self.request.take_sha256])) as content:
            channels = tuple(map(str, content["channels"]))
            return MotionClip(float(content["fps"]), channels, content["values"])

    def _submit(self, message: m.Submit) -> list[m.Message]:
        (request,) = message.requests
        self.requests.append(request)
        made = performance(request.seed)
        values = made.values.copy()
        if request.take_sha256:
            take, times_s = self.take(), np.arange(N_FRAMES) / 24
            within = np.minimum(times_s - request.redo_start_s, request.redo_end_s - times_s)
            free = np.clip(within / 0.2, 0, 1)
            free = (free * free * (3 - 2 * free))[:, None]
            known = np.isin(made.channels, take.channels)
            kept = free * values + (1 - free) * take.select(made.channels).values
            values = np.where(known, kept, values).astype(np.float32)
        for key in request.keys:
            values[round(key.time_s * 24), made.channels.index(key.channel)] = key.value
        self._daemon.clip = MotionClip(24.0, made.channels, values)
        return list(self._daemon._answer(message))


@pytest.fixture
def engine(daemon: FakeDaemon) -> Engine:
    return Engine(daemon)


@pytest.fixture
def take(face: bpy.types.Object, voice: Path, engine: Engine) -> bpy.types.Action:
    """A baked take of 100 frames from frame 1."""
    bpy.ops.mynah.generate()
    return face.data.shape_keys.animation_data.action


def all_curves(face: bpy.types.Object) -> dict[tuple[str, int], bpy.types.FCurve]:
    return f_curves(face.data.shape_keys) | f_curves(face)


def keys_outside(curve: bpy.types.FCurve, first: float, last: float) -> list[tuple[object, ...]]:
    """All there is to know of the keys outside, but for the two handles that point inside."""
    points = list(curve.keyframe_points)
    found = []
    for i, point in enumerate(points):
        if first <= point.co.x <= last:
            continue
        fields = [_plain(getattr(point, name)) for name in FIELDS]
        is_before = point.co.x < first and (i + 1 == len(points) or points[i + 1].co.x >= first)
        is_after = point.co.x > last and (i == 0 or points[i - 1].co.x <= last)
        if is_before:
            fields[FIELDS.index("handle_right")] = None
        if is_after:
            fields[FIELDS.index("handle_left")] = None
        found.append(tuple(fields))
    return found


def _plain(value: object) -> object:
    return tuple(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def motion(curve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    return np.array([curve.evaluate(float(frame)) for frame in frames])


def test_outside_of_the_range_nothing_moves(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    first, last = 30, 61
    curves = all_curves(face)
    outside = np.concatenate([np.arange(1, first + 0.01, 0.25), np.arange(last, 100.1, 0.25)])
    keys = {name: keys_outside(curve, first, last) for name, curve in curves.items()}
    before = {name: motion(curve, outside) for name, curve in curves.items()}
    assert bpy.ops.mynah.redo_range(first=first, last=last, seed=5) == {"FINISHED"}

    assert engine.request.seed == 5
    assert engine.request.redo_start_s == pytest.approx(29 / 24)
    assert engine.request.redo_end_s == pytest.approx(60 / 24)
    curves = all_curves(face)
    assert len(curves) == 55
    for name, curve in curves.items():
        assert keys_outside(curve, first, last) == keys[name]
        assert np.abs(motion(curve, outside) - before[name]).max() < 2e-5
    made = performance(5)
    for shape in ARKIT_BLENDSHAPES:
        curve = curves[f'key_blocks["{shape}"].value', 0]
        assert [p.co.x for p in curve.keyframe_points if p.co.x in (first, last)] == [first, last]
        rows = np.arange(first + 6, last - 6)  # near its ends the range leads into the take
        assert np.abs(motion(curve, rows) - made.column(shape)[rows - 1]).max() <= BOUND


BOUND = 0.011


def test_the_take_is_sent_as_it_is_now(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    curve = all_curves(face)[BROW, 0]
    curve.keyframe_points[3].co.y = 0.95
    curve.update()
    shown = motion(curve, np.arange(1, 101))
    bpy.ops.mynah.redo_range(first=60, last=80, seed=5)
    sent = engine.take()
    assert sent.channels == ARKIT_CHANNELS
    assert sent.n_frames == N_FRAMES
    np.testing.assert_allclose(sent.column("browInnerUp"), np.clip(shown, 0, 1), atol=1e-6)
    others = [name for name in ARKIT_CHANNELS if name != "browInnerUp"]
    first = performance(0).select(others).values
    assert np.abs(sent.select(others).values - first).max() <= 0.02


@pytest.mark.parametrize("kind", ["BEZIER", "LINEAR", "CONSTANT"])
@pytest.mark.parametrize("handle", ["AUTO_CLAMPED", "VECTOR", "FREE"])
def test_artists_curves_run_on_outside_as_they_did(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine, kind: str, handle: str
) -> None:
    curve = all_curves(face)[JAW, 0]
    rng = np.random.default_rng(1)
    room = np.diff([point.co.x for point in curve.keyframe_points], prepend=-9, append=120) / 2
    for i, point in enumerate(curve.keyframe_points):
        point.interpolation = kind
        point.handle_left_type = point.handle_right_type = handle
        if handle == "FREE":
            point.handle_left = (point.co.x - rng.uniform(0.1, 1) * room[i], rng.random())
            point.handle_right = (point.co.x + rng.uniform(0.1, 1) * room[i + 1], rng.random())
    curve.update()
    outside = np.concatenate([np.arange(1, 40, 0.25), np.arange(70, 100, 0.25)])
    before = motion(curve, outside)
    bpy.ops.mynah.redo_range(first=40, last=70, seed=5, keeps_keys=False)
    assert np.abs(motion(all_curves(face)[JAW, 0], outside) - before).max() < 1e-4


def test_my_keys_are_kept_and_sent(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    curve = all_curves(face)[BROW, 0]
    mine = curve.keyframe_points.insert(45, 0.9)
    mine.handle_left_type = mine.handle_right_type = "AUTO_CLAMPED"
    curve.keyframe_points.insert(90, 0.1)  # outside
    turn = all_curves(face)["delta_rotation_euler", 2]
    turn.keyframe_points.insert(50, 0.4)
    bpy.ops.mynah.redo_range(first=30, last=60, seed=5)
    keys = {(key.channel, round(key.time_s * 24)): key.value for key in engine.request.keys}
    assert set(keys) == {
        ("browInnerUp", 44),
        ("headPitch", 49),
        ("headYaw", 49),
        ("headRoll", 49),
    }
    assert keys["browInnerUp", 44] == pytest.approx(0.9, abs=1e-5)
    assert keys["headYaw", 49] == pytest.approx(0.4, abs=0.02)
    kept = {point.co.x: point for point in all_curves(face)[BROW, 0].keyframe_points}
    assert kept[45].co.y == pytest.approx(0.9)
    assert kept[45].handle_left_type == "AUTO_CLAMPED"
    assert all_curves(face)["delta_rotation_euler", 2].evaluate(50) == pytest.approx(0.4, abs=1e-5)
    bpy.ops.mynah.redo_range(first=30, last=60, seed=6)
    assert len(engine.request.keys) == 4, "they are still mine"
    bpy.ops.mynah.redo_range(first=30, last=60, seed=7, keeps_keys=False)
    assert engine.request.keys == ()
    assert all_curves(face)[BROW, 0].evaluate(45) != pytest.approx(0.9, abs=0.05)
    assert all_curves(face)[BROW, 0].evaluate(90) == pytest.approx(0.1, abs=1e-5)


def test_a_redone_take_counts_as_edited(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    bpy.ops.mynah.redo_range(first=30, last=60, seed=5)
    assert is_edited(take)
    assert bpy.context.scene.mynah.seed == 0
    bpy.context.scene.mynah.lips = 0.9
    bpy.ops.mynah.generate()
    assert [action.name for action in bpy.data.actions] == ["line Face #0", "line Face #0.001"]


def test_the_preview_range_is_meant_if_none_is_given(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    scene = bpy.context.scene
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 20, 44
    bpy.ops.mynah.redo_range()
    assert engine.request.seed == 1  # one that no take has
    assert engine.request.redo_start_s == pytest.approx(19 / 24)
    scene.use_preview_range = False
    bpy.ops.mynah.redo_range()
    assert engine.request.redo_start_s == 0
    assert engine.request.redo_end_s > N_FRAMES / 24
    assert all_curves(face)[JAW, 0].range()[:] == (1, 100)


def test_it_is_one_undo_step(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    bpy.ops.ed.undo_push(message="before")
    frames = np.arange(1, 101)
    before = motion(all_curves(face)[JAW, 0], frames)
    bpy.ops.mynah.redo_range(first=30, last=60, seed=5)
    after = motion(all_curves(face)[JAW, 0], frames)
    assert np.abs(after - before).max() > 0.1
    bpy.ops.ed.undo()
    face = bpy.data.objects["Face"]
    assert (motion(all_curves(face)[JAW, 0], frames) == before).all()
    bpy.ops.ed.redo()
    assert (motion(all_curves(bpy.data.objects["Face"])[JAW, 0], frames) == after).all()


def test_a_moved_strip_is_redone_where_it_is(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    key = face.data.shape_keys
    key.animation_data.action = None
    strip = key.animation_data.nla_tracks.new().strips.new("line", 201, take)
    strip.action_slot = take.slots[0]
    bpy.ops.mynah.redo_range(first=230, last=260, seed=5)
    assert engine.request.redo_start_s == pytest.approx(29 / 24)
    assert engine.request.redo_end_s == pytest.approx(59 / 24)


def test_a_rig_that_merges_shapes_meets_the_take(voice: Path, engine: Engine) -> None:
    shapes = ["jawOpen", "mouthSmile", "eyeBlink", "browInnerUp_L", "browInnerUp_R"]
    face = bpy.context.scene.mynah.character = make_face(shapes=shapes)
    make_rig_parent(face)
    bpy.ops.mynah.generate()
    curves = f_curves(face.data.shape_keys)
    left = curves['key_blocks["browInnerUp_L"].value', 0]
    for point in left.keyframe_points:  # the two halves can't be told by one channel any more
        point.co.y = point.co.y / 2
    left.update()
    outside = np.concatenate([np.arange(1, 30, 0.25), np.arange(61, 100, 0.25)])
    before = {name: motion(curve, outside) for name, curve in curves.items()}
    bpy.ops.mynah.redo_range(first=30, last=60, seed=5, keeps_keys=False)
    for name, curve in f_curves(face.data.shape_keys).items():
        assert np.abs(motion(curve, outside) - before[name]).max() < 1e-4
        steps = np.diff(motion(curve, np.arange(25, 66, 0.5)))
        assert np.abs(steps).max() < 0.2, name


def make_rig_parent(face: bpy.types.Object) -> None:
    face.parent = make_rig()


def test_what_can_not_be_redone_is_a_sentence(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    def refusal(**changes: object) -> str:
        with pytest.raises(RuntimeError) as refused:
            bpy.ops.mynah.redo_range(**({"first": 30, "last": 60} | changes))
        return str(refused.value)

    assert "The frames 300 to 400 hold less than three frames" in refusal(first=300, last=400)
    assert "The frames 60 to 30 hold less than three frames" in refusal(first=60, last=30)
    bpy.context.scene.render.fps = 30
    assert "was made for 24 frames per second and the scene now has 30" in refusal()
    bpy.context.scene.render.fps = 24
    del take["mynah_baked"]
    assert "so your keys can't be told from its own" in refusal()
    assert bpy.ops.mynah.redo_range(first=30, last=60, keeps_keys=False) == {"FINISHED"}
    del take["mynah_rows"]
    assert "did not note where the line lies in it" in refusal()
    bpy.context.scene.mynah.audio_path = str(
        Path(bpy.context.scene.mynah.audio_path).parent / "b.wav"
    )
    assert "The line has no take on this character yet; generate it first." in refusal()


def test_a_take_deleted_meanwhile_is_a_sentence(
    face: bpy.types.Object, take: bpy.types.Action, engine: Engine
) -> None:
    from blender_addon.library import connect_to
    from blender_addon.order import collect, redo_range

    order = redo_range(collect(bpy.context, face), face, 30, 60, keeps_keys=True)
    session.start(order, connect_to(""))
    while not session.job.ticket:
        session.pump()
    bpy.data.actions.remove(take)
    session.run_until_done()
    assert "The take 'line Face #0' was deleted while its range was made" in session.outcome.message
    assert session.outcome.is_error


def test_the_line_has_another_length_now(
    face: bpy.types.Object, take: bpy.types.Action, daemon: FakeDaemon
) -> None:
    del daemon.replies[m.Submit]
    daemon.clip = clip_of(40)
    with pytest.raises(RuntimeError, match="has 40 frames now, but the take 'line Face #0' 100"):
        bpy.ops.mynah.redo_range(first=30, last=60)
