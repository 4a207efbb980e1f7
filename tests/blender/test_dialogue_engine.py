"""The scene's dialogue with the real engine: the same lines as `mynah batch` makes of its sheet."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.baking import takes
from blender_addon.baking.actions import curves_in
from blender_addon.session import session
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from tests.blender.characters import make_face

ENGINE = os.environ.get("MYNAH_ENGINE")

pytestmark = [
    pytest.mark.bpy,
    pytest.mark.timeout(200),
    pytest.mark.skipif(ENGINE is None, reason="MYNAH_ENGINE names no Python with the engine"),
]


@pytest.fixture(autouse=True)
def engine(addon: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine can be found, and no daemon of it is left behind."""
    assert ENGINE is not None
    monkeypatch.setenv("MYNAH_ENGINE", ENGINE)
    yield
    info = read_connection_file()
    if info is not None:
        with Client(info, "tests", "1") as client:
            client.shutdown()


def test_a_scene_equals_what_the_command_line_makes_of_its_sheet(
    repository: Path, tmp_path: Path
) -> None:
    voice = repository / "demo_scene" / "line.flac"
    faces = {name: make_face(name) for name in ("Anna", "Ben")}
    strips = bpy.context.scene.sequence_editor_create().strips
    strips.new_sound("Anna 1", str(voice), 1, 10).select = True
    bpy.ops.mynah.lines_from_strips()
    sheet = tmp_path / "lines.csv"
    sheet.write_text(
        "line,character,audio,start,from_s,to_s,style,seed\n"
        f"b1,Ben,{voice},200,0.5,2.5,angry,3\n"
        f"b2,Ben,{voice},300,,1.5,tired@0.5,4\n",
        "utf-8",
    )
    bpy.ops.mynah.lines_from_sheet(filepath=str(sheet))
    assert bpy.ops.mynah.generate_lines() == {"FINISHED"}
    assert session.outcome.message == "3 of 3 lines made."

    exported, out = tmp_path / "exported.csv", tmp_path / "out"
    bpy.ops.mynah.export_sheet(filepath=str(exported))
    command = ["batch", str(exported), "-o", str(out), "--format", "npz", "--fps", "24"]
    subprocess.run([ENGINE, "-m", "mynah_daemon", *command], check=True, timeout=120)

    for line in bpy.context.scene.mynah_dialogue.lines:
        with np.load(out / line.speaker / f"{line.name}.npz", allow_pickle=False) as clip:
            values, channels = clip["values"], clip["channels"].tolist()
        key = faces[line.speaker].data.shape_keys
        take = takes.on_show(takes.owners_of(faces[line.speaker]), line.name)
        assert take is not None
        slot = next(slot for slot in take.slots if slot.target_id_type == "KEY")
        curves = curves_in(take, slot)
        assert len(curves) == len(key.key_blocks) - 1
        for curve in curves:
            got = [curve.evaluate(take["mynah_start"] + row) for row in range(len(values))]
            truth = values[:, channels.index(curve.data_path.split('"')[1])]
            assert np.abs(np.array(got) - truth).max() <= 0.0101

    assert bpy.ops.mynah.generate_lines() == {"FINISHED"}
    assert session.outcome.message == "0 of 3 lines made, 3 had not changed."
