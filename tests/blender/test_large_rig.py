"""A film character: thirty meshes of three hundred shapes each, and four hundred bones."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

import blender_addon
from blender_addon import session as session_module
from blender_addon.doctor.examination import doctor
from blender_addon.library import connect_to
from blender_addon.order import collect
from blender_addon.rig_properties import rig_rows
from blender_addon.rigging import character as learning
from blender_addon.rigging.view import make_view
from blender_addon.session import push_undo, session
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.pace import limit_s
from tests.blender.rigs import make_armature

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

N_MESHES, N_SHAPES, N_BONES = 30, 300, 400


@pytest.fixture
def giant(addon: None) -> bpy.types.Object:
    """Chosen as the character; only the first mesh has shapes that ARKit knows by name."""
    bones = {f"def_{i:03}": ((0, 0, i / 100), (0, 0, i / 100 + 0.1), 0.0) for i in range(N_BONES)}
    rig = make_armature({**bones, "head": ((0, 0, 4), (0, 0, 5), 0.0)}, "Giant")
    for place in range(N_MESHES):
        mesh = bpy.data.meshes.new(f"Part {place}")
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
        part = bpy.data.objects.new(mesh.name, mesh)
        bpy.context.scene.collection.objects.link(part)
        part.parent = rig
        part.shape_key_add(name="Basis")
        known = ARKIT_BLENDSHAPES if place < 5 else ()
        rest = [f"fix_{place}_{i:03}_smile" for i in range(N_SHAPES - len(known))]
        for shape in (*known, *rest):
            part.shape_key_add(name=shape, from_mix=False).value = 0.0
    bpy.context.scene.mynah.character = rig
    return rig


class Blenders:
    """What Blender itself takes to evaluate the scene and note it for the undo history."""

    total_s = 0.0

    def push_undo(self, step: str) -> None:
        began = time.thread_time()
        push_undo(step)
        self.total_s += time.thread_time() - began


BLENDERS = Blenders()


@pytest.fixture(autouse=True)
def only_our_own_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Steps of the undo history are timed apart, and Python clears up another time."""
    monkeypatch.setattr(session_module, "push_undo", BLENDERS.push_undo)
    gc.disable()
    yield
    gc.enable()


def forget_names() -> None:
    """As if the rig was never seen."""
    learning._proposals.clear()
    learning.meant.cache_clear()
    make_view.cache_clear()
    rig_rows.forget()


def longest_s(begin: Callable[[], None], timeout_s: float = 40.0) -> float:
    """The most processor time that the main thread spends in one go, from `begin` until all is
    done."""
    began = time.thread_time()
    begin()
    longest = time.thread_time() - began
    deadline = time.monotonic() + timeout_s
    while session.is_busy:
        assert time.monotonic() < deadline, "it never ended"
        time.sleep(0.002)
        began, by_blender = time.thread_time(), BLENDERS.total_s
        session.pump()
        longest = max(longest, time.thread_time() - began - (BLENDERS.total_s - by_blender))
    return longest


def check_short(begin: Callable[[], None], forget: Callable[[], None] = forget_names) -> None:
    """The best of some tries counts: other programs share caches and the processor's pace."""
    tries: list[float] = []
    for _ in range(6):
        forget()
        tries.append(longest_s(begin))
        if tries[-1] < limit_s():
            return
    pytest.fail(f"the main thread was held for {[f'{s * 1000:.0f} ms' for s in tries]}")


def test_the_first_proposal_holds_nothing_up(giant: bpy.types.Object) -> None:
    def draw() -> None:
        assert rig_rows.view_for(giant) is None
        session.run(rig_rows.work_out())

    check_short(draw)
    view = rig_rows.view_for(giant)
    assert view is not None
    assert view.titles[0] == "ARKit 52: 52 of 300 shapes on Part 0"
    assert len(bpy.context.window_manager.mynah_rig.targets) == len(view.rows) >= 52


def test_a_line_on_an_unknown_rig_holds_nothing_up(
    giant: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    seeds: Iterator[int] = iter(range(10))

    def press() -> None:
        bpy.context.scene.mynah.seed = next(seeds)  # or the daemon would have the result already
        session.start(collect(bpy.context, giant), connect_to(""))

    check_short(press)
    assert session.outcome.report is not None
    assert session.outcome.report.n_exact == 5 * 52


def test_an_examination_of_an_unknown_rig_holds_nothing_up(giant: bpy.types.Object) -> None:
    check_short(lambda: doctor.check_scene())
    assert doctor.findings == ()


def test_a_rig_that_vanishes_meanwhile_does_no_harm(giant: bpy.types.Object) -> None:
    forget_names()
    assert rig_rows.view_for(giant) is None
    working = rig_rows.work_out()
    next(working)
    for part in (*giant.children, giant):
        bpy.data.objects.remove(part)
    for _ in working:
        time.sleep(0.002)
    assert rig_rows.view is None
    assert not bpy.context.window_manager.mynah_rig.targets


def test_another_file_meanwhile_does_no_harm(giant: bpy.types.Object, tmp_path: Path) -> None:
    path = str(tmp_path / "other.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    forget_names()
    assert rig_rows.view_for(giant) is None
    session.run(rig_rows.work_out())
    session.pump()
    bpy.ops.wm.open_mainfile(filepath=path)
    session.run_until_done()
    assert rig_rows.view is None
    again = bpy.data.objects["Giant"]
    assert rig_rows.view_for(again) is None
    session.run(rig_rows.work_out())
    session.run_until_done()
    assert rig_rows.view_for(again) is not None


def test_disabling_the_addon_meanwhile_is_quick(giant: bpy.types.Object) -> None:
    forget_names()
    assert rig_rows.view_for(giant) is None
    session.run(rig_rows.work_out())
    session.pump()
    began = time.monotonic()
    blender_addon.unregister()
    assert time.monotonic() - began < 2.0
    assert not session.is_busy
    blender_addon.register()
    bpy.context.scene.mynah.character = giant
    assert rig_rows.view_for(giant) is None
    session.run(rig_rows.work_out())
    session.run_until_done()
    assert rig_rows.view_for(giant) is not None
