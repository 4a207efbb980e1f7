"""The dialogue without a window: exit codes, words, files; as processes of their own, as on a farm.

bpy from the package index brings no `blender` program, so that the function behind `--command` runs
in a process of Python with bpy.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from blender_addon.command import generate_all, run_command
from mynah_shared.client.connection_file import read_connection_file, write_connection_file
from mynah_shared.errors import BadInputError
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import make_face

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(120)]

FARM = """
import sys
import bpy
import blender_addon
from blender_addon.command import run_command
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
blender_addon.register()
code = run_command(sys.argv[2:])
blender_addon.unregister()
sys.exit(code)
"""

OWN_SCRIPT = """
import sys
import bpy
import blender_addon
from blender_addon.command import generate_all
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
blender_addon.register()
tally = generate_all(characters=["Anna"], say=print)
assert not tally.failed
bpy.ops.wm.save_mainfile()
blender_addon.unregister()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def scene_file(tmp_path: Path) -> Path:
    """Eight lines of two characters, saved; the sheet lies beside."""
    (tmp_path / "voice.wav").write_bytes(make_tone(duration_s=1.0))
    rows = [f"{i:02},{('Anna', 'Ben')[i % 2]},voice.wav,{1 + 30 * i},{i}" for i in range(8)]
    text = "\n".join(["line,character,audio,start,seed", *rows])
    (tmp_path / "lines.csv").write_text(text, "utf-8")
    make_face("Anna")
    make_face("Ben")
    path = tmp_path / "scene.blend"
    bpy.ops.mynah.lines_from_sheet(filepath=str(tmp_path / "lines.csv"))
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def farm(repository: Path) -> Start:
    """Starts the command in a process of its own."""

    def start(*words: str | Path) -> subprocess.Popen[str]:
        paths = os.pathsep.join(map(str, (repository, repository / "shared")))
        return subprocess.Popen(
            [sys.executable, "-c", FARM, *map(str, words)],
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def actions_in(path: Path) -> list[str]:
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return sorted(action["mynah_line"] for action in bpy.data.actions)


def test_a_farm_makes_a_saved_scene(
    scene_file: Path, daemon: FakeDaemon, farm: Start, tmp_path: Path
) -> None:
    output = tmp_path / "done.blend"
    told, faults = (process := farm(scene_file, "generate-all", "--output", output)).communicate()
    assert (process.returncode, faults) == (0, ""), told
    assert "[8/8]" in told
    assert "8 of 8 lines made." in told
    assert actions_in(output) == [f"{i:02}" for i in range(8)]
    assert actions_in(scene_file) == []

    told, _ = (process := farm(output, "generate-all", "--save")).communicate()
    assert process.returncode == 0
    assert "0 of 8 lines made, 8 had not changed." in told
    assert daemon.count(m.Submit) == 8


def test_a_farms_own_script(scene_file: Path, daemon: FakeDaemon, repository: Path) -> None:
    """As `blender -b scene.blend --python farm.py` runs it."""
    paths = os.pathsep.join(map(str, (repository, repository / "shared")))
    run = subprocess.run(
        [sys.executable, "-c", OWN_SCRIPT, str(scene_file)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "[4/4]" in run.stdout
    assert actions_in(scene_file) == ["00", "02", "04", "06"]


def test_after_a_crash_nothing_is_computed_again(
    scene_file: Path, daemon: FakeDaemon, farm: Start
) -> None:
    daemon.step_s = 0.1
    process = farm(scene_file, "generate-all", "--save")
    assert process.stdout is not None
    for row in process.stdout:
        if row.startswith("[3/8]"):
            break
    process.kill()
    process.communicate()
    assert actions_in(scene_file) == []
    # a daemon that was started anew knows of nothing, either
    daemon._jobs.clear()
    daemon.seen.clear()
    daemon.step_s = 0.01
    told, _ = (process := farm(scene_file, "generate-all", "--save")).communicate()
    assert process.returncode == 0
    assert "8 of 8 lines made, " in told
    assert "of them from what was computed before" in told
    assert daemon.count(m.Submit) <= 6
    assert len(actions_in(scene_file)) == 8


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")
def test_a_farm_that_ends_the_job_gets_an_answer(
    scene_file: Path, daemon: FakeDaemon, farm: Start
) -> None:
    daemon.step_s = 0.1
    process = farm(scene_file, "generate-all", "--save")
    assert process.stdout is not None
    for row in process.stdout:
        if row.startswith("[1/8]"):
            break
    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "Cancelled; the file was not saved." in told
    assert actions_in(scene_file) == []


def test_lines_that_fail_are_told_and_the_others_saved(
    scene_file: Path, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.context.scene.mynah_dialogue.lines[3].audio_path = "/nowhere/gone.wav"
    assert run_command(["generate-all", "--save"]) == 2
    told = capsys.readouterr()
    assert "7 of 8 lines made, 1 failed." in told.out
    assert "'03': There is no file 'gone.wav' at /nowhere; choose another." in told.err
    assert len(actions_in(scene_file)) == 7


def test_without_an_engine(scene_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["generate-all", "--save"]) == 3
    assert "'00': " in capsys.readouterr().err


def test_only_some_characters(scene_file: Path, daemon: FakeDaemon) -> None:
    assert generate_all(characters=["Anna"]).made == 4
    assert generate_all().made == 4
    assert generate_all(forced=True).made == 8


def test_a_sheet_fills_an_empty_scene(
    scene_file: Path, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.mynah.remove_line(which="ALL")
    sheet = str(scene_file.with_name("lines.csv"))
    assert run_command(["generate-all", "--sheet", sheet, "--characters", "Ben", "--save"]) == 0
    assert "lines.csv: 8 new lines." in capsys.readouterr().out
    assert len(actions_in(scene_file)) == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["generate-all"], "Say --save or --output FILE"),
        (["generate-all", "--save", "--characters", "Zoe"], "No line is spoken by Zoe; there are"),
        (["generate-all", "--save", "--scene", "Night"], "There is no scene 'Night'"),
        (["generate-all", "--save", "--sheet", "/nowhere.csv"], "can't be read"),
        (["generate-all", "--fast"], "unrecognized arguments: --fast"),
        (["dance"], "invalid choice: 'dance'"),
    ],
)
def test_what_cannot_be_done_is_said(
    scene_file: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert run_command(words) == 2
    assert sentence in capsys.readouterr().err


def test_a_scene_without_lines() -> None:
    with pytest.raises(BadInputError, match="The scene 'Scene' has no lines"):
        generate_all()


def test_help_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["generate-all", "--help"]) == 0
    assert "--characters A,B" in capsys.readouterr().out


def test_the_engine_may_be_found_later(scene_file: Path, daemon: FakeDaemon) -> None:
    """A daemon that ends and comes back while lines are made loses none of them."""
    tally = generate_all(characters=["Anna"])
    info = read_connection_file()
    assert info is not None
    daemon.close()
    with FakeDaemon() as second:
        write_connection_file(second.info)
        tally = generate_all()
        assert (tally.made, tally.unchanged, tally.failed) == (4, 4, [])
