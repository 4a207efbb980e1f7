"""A draft first where a line takes long: shown as a take, gone without a trace when the line is
there or given up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from blender_addon.baking.actions import is_draft
from blender_addon.baking.takes import on_show, owners_of, takes_of
from blender_addon.library import Quality
from blender_addon.session import CANCELLED, session
from mynah_shared.client import paces
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of, f_curves, value
from tests.blender.test_jobs import begin, pump_until

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

JAW = 'key_blocks["jawOpen"].value'


@pytest.fixture
def slow_engine(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """An engine of which is known that it takes long, in a Blender with a window."""
    monkeypatch.setattr(session, "shows_drafts", True)
    monkeypatch.setattr(paces, "_USUAL_PACE", {Quality.normal: 10.0, Quality.best: 10.0})
    bpy.context.scene.mynah.add_style().style_name = "tired"
    bpy.context.scene.mynah.quality = "best"
    daemon.clip = clip_of(48, jawOpen=0.3)
    daemon.held = {Quality.best}
    yield daemon
    session.cancel()


def shown(face: bpy.types.Object) -> bpy.types.Action | None:
    return on_show(owners_of(face), "line")


def make(face: bpy.types.Object, audio: Path, jaw: float, daemon: FakeDaemon) -> None:
    """A take without a draft."""
    bpy.context.scene.mynah.quality = "normal"
    session.shows_drafts = False
    daemon.clip = clip_of(48, jawOpen=jaw)
    begin(face, audio)
    finish_line(daemon)
    daemon.held = {Quality.best}
    bpy.context.scene.mynah.quality = "best"
    session.shows_drafts = True


def begin_with_draft(face: bpy.types.Object, audio: Path, daemon: FakeDaemon) -> None:
    """Until the draft is on show, and the engine works on the line itself."""
    daemon.clip = clip_of(48, jawOpen=0.3)
    begin(face, audio)
    pump_until(lambda: session.job is None or session.job.draft is not None)
    assert session.job is not None


def finish_line(daemon: FakeDaemon, jaw: float | None = None) -> None:
    if jaw is not None:
        daemon.clip = clip_of(48, jawOpen=jaw)
    daemon.held.clear()
    pump_until(lambda: session.job is None)


def qualities(daemon: FakeDaemon) -> list[Quality]:
    return [item.requests[0].quality for item in daemon.seen if isinstance(item, m.Submit)]


def test_the_draft_is_shown_until_the_line_is_there(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    begin_with_draft(face, voice, slow_engine)
    draft = shown(face)
    assert draft is not None
    assert is_draft(draft)
    assert value(face, "jawOpen", 24) == pytest.approx(0.3, abs=0.02)
    finish_line(slow_engine, 0.7)
    assert session.outcome is not None
    assert session.outcome.report is not None
    assert qualities(slow_engine) == [Quality.draft, Quality.best]
    (take,) = takes_of(owners_of(face), "line")
    assert take == shown(face)
    assert not is_draft(take)
    assert take.name == "line Face #0"
    assert value(face, "jawOpen", 24) == pytest.approx(0.7, abs=0.02)
    assert len(bpy.data.actions) == 1


def test_the_line_takes_the_place_of_draft_and_earlier_take(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    make(face, voice, 0.9, slow_engine)
    begin_with_draft(face, voice, slow_engine)
    assert len(takes_of(owners_of(face), "line")) == 2
    finish_line(slow_engine, 0.7)
    (take,) = bpy.data.actions
    assert take.name == "line Face #0"
    assert not is_draft(take)


def test_a_draft_is_given_up_if_the_line_is_sooner(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    begin(face, voice)
    pump_until(lambda: session._completing is not None)
    assert session.job is not None
    deadline = time.monotonic() + 20.0
    while Quality.best not in qualities(slow_engine):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    slow_engine.held.clear()
    time.sleep(0.5)  # the line is there when the next piece of the draft would be keyed
    pump_until(lambda: session.job is None)
    (take,) = bpy.data.actions
    assert not is_draft(take)


def test_what_was_there_is_back_after_a_cancel(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    make(face, voice, 0.9, slow_engine)
    before = shown(face)
    assert before is not None
    begin_with_draft(face, voice, slow_engine)
    assert shown(face) != before
    session.cancel()
    assert session.outcome is not None
    assert session.outcome.message == CANCELLED
    assert shown(face) == before
    assert value(face, "jawOpen", 24) == pytest.approx(0.9, abs=0.02)
    assert list(bpy.data.actions) == [before]


def test_a_first_draft_leaves_nothing_after_a_cancel(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    begin_with_draft(face, voice, slow_engine)
    session.cancel()
    assert shown(face) is None
    assert not bpy.data.actions


def test_a_strip_that_was_moved_is_where_it_was_after_a_cancel(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon, tmp_path: Path
) -> None:
    make(face, voice, 0.9, slow_engine)
    other = tmp_path / "other.wav"
    other.write_bytes(make_tone(duration_s=2.0))
    bpy.context.scene.mynah.start_frame = 100
    make(face, other, 0.9, slow_engine)
    strip = face.data.shape_keys.animation_data.nla_tracks[0].strips[1]
    strip.frame_end += 30
    strip.frame_start += 30
    place = strip.frame_start
    begin_with_draft(face, other, slow_engine)
    session.cancel()
    strip = face.data.shape_keys.animation_data.nla_tracks[0].strips[1]
    assert strip.frame_start == place
    assert len(bpy.data.actions) == 2


def test_work_on_a_draft_is_not_lost(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    begin_with_draft(face, voice, slow_engine)
    draft = shown(face)
    assert draft is not None
    curve = f_curves(face.data.shape_keys)[JAW, 0]
    curve.keyframe_points.insert(13.0, 0.77)
    name = draft.name
    finish_line(slow_engine, 0.7)
    assert session.outcome is not None
    assert session.outcome.report is not None
    assert any("which you edited, was kept" in r for r in session.outcome.report.remarks)
    assert is_draft(bpy.data.actions[name])
    made = shown(face)
    assert made is not None
    assert not is_draft(made)


def test_an_undone_draft_is_no_matter(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon
) -> None:
    begin_with_draft(face, voice, slow_engine)
    draft = shown(face)
    assert draft is not None
    bpy.data.actions.remove(draft)  # as an undo does
    finish_line(slow_engine)
    made = shown(face)
    assert made is not None
    assert not is_draft(made)


def test_a_short_line_or_a_quick_engine_needs_no_draft(
    face: bpy.types.Object, voice: Path, slow_engine: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paces, "_USUAL_PACE", {Quality.normal: 0.9, Quality.best: 0.9})
    begin(face, voice)  # of 2 s
    finish_line(slow_engine)
    assert qualities(slow_engine) == [Quality.best]
